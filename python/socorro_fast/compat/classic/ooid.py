"""Crash IDs under the names of the original, which called them ooids.

Where `socorro_fast.crash_id` raises, reading gives None here, as it did.
"""

from __future__ import annotations

import datetime as dt
import re

from socorro_fast.crash_id import crash_id_from_uuid, date_and_depth, is_valid, new_crash_id
from socorro_fast.errors import InvalidCrashID, shown

# The names are the original's.
defaultDepth = 2  # noqa: N816
oldHardDepth = 4  # noqa: N816

CRASH_ID_RE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{6}[0-9]{6}\Z")
"""The shape of a crash ID. `is_crash_id_valid` looks at the date and the depth as well."""


def create_new_ooid(timestamp: dt.date | None = None, depth: int | None = None) -> str:
    """Make a crash ID.

    Args:
        timestamp: The day that it names; default: today in UTC.
        depth: 1 to 4; default: 2.

    Raises:
        InvalidCrashID: An argument is out of its range.
    """
    return new_crash_id(timestamp, depth or defaultDepth)


def uuid_to_ooid(uuid: str, timestamp: dt.date | None = None, depth: int | None = None) -> str:
    """Make the crash ID that shares its first 29 characters with a UUID.

    Raises:
        InvalidCrashID: `uuid` is none, or another argument is out of its range.
    """
    return crash_id_from_uuid(uuid, timestamp, depth or defaultDepth)


def date_and_depth_from_ooid(ooid: object) -> tuple[dt.datetime | None, int | None]:
    """Return the day of a crash ID, as its midnight in UTC, and its depth; twice None for no ID."""
    try:
        day, depth = date_and_depth(ooid, oldHardDepth)  # type: ignore[arg-type] # it says so itself
    except InvalidCrashID:
        return None, None
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC), depth


def depth_from_ooid(ooid: object) -> int | None:
    """Return the depth of a crash ID, where 0 means 4; None for no ID."""
    return date_and_depth_from_ooid(ooid)[1]


def date_from_ooid(ooid: object) -> dt.datetime | None:
    """Return the day of a crash ID, as its midnight in UTC; None for no ID."""
    return date_and_depth_from_ooid(ooid)[0]


def is_crash_id_valid(crash_id: object) -> bool:
    """Return whether something is a crash ID."""
    return is_valid(crash_id)


def uuid_to_date(uuid: str, century: str = "20") -> dt.date:
    """Return the day that a crash ID names.

    Raises:
        InvalidCrashID: Its last six digits are no day; a `ValueError`.
    """
    try:
        return dt.datetime.strptime(f"{century}{uuid[-6:]}", "%Y%m%d").date()  # noqa: DTZ007 - a date only
    except (TypeError, ValueError):
        raise InvalidCrashID(f"{shown(uuid)} does not end with a day, yymmdd") from None


createNewOoid = create_new_ooid  # noqa: N816
uuidToOoid = uuid_to_ooid  # noqa: N816
dateAndDepthFromOoid = date_and_depth_from_ooid  # noqa: N816
depthFromOoid = depth_from_ooid  # noqa: N816
dateFromOoid = date_from_ooid  # noqa: N816
