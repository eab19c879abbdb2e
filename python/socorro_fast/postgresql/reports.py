"""The columns of a report, and what goes into them of a processed crash."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from socorro_fast.errors import InvalidCrash, shown

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["text", "integer", "boolean", "timestamp"]


class ReportColumn(NamedTuple):
    """A column of the table `reports`.

    Attributes:
        key: The key in the processed crash.
        column: The name of the column.
        kind: What it holds.
        limit: Of text: how many characters; the rest is cut off.
    """

    key: str
    column: str
    kind: Kind = "text"
    limit: int | None = None


def _same(name: str, kind: Kind = "text", limit: int | None = None) -> ReportColumn:
    return ReportColumn(name, name, kind, limit)


REPORT_COLUMNS = (
    _same("addons_checked", "boolean"),
    _same("address", limit=20),
    _same("app_notes", limit=1024),
    _same("build", limit=30),
    _same("client_crash_date", "timestamp"),
    ReportColumn("completeddatetime", "completed_datetime", "timestamp"),
    _same("cpu_info", limit=100),
    _same("cpu_name", limit=100),
    _same("date_processed", "timestamp"),
    _same("distributor", limit=20),
    _same("distributor_version", limit=20),
    _same("email", limit=100),
    _same("exploitability"),
    _same("flash_version"),
    _same("hangid"),
    _same("install_age", "integer"),
    _same("last_crash", "integer"),
    _same("os_name", limit=100),
    _same("os_version", limit=100),
    _same("processor_notes"),
    _same("process_type"),
    _same("product", limit=30),
    _same("productid"),
    _same("reason", limit=255),
    _same("release_channel"),
    _same("signature", limit=255),
    ReportColumn("startedDateTime", "started_datetime", "timestamp"),
    _same("success", "boolean"),
    _same("topmost_filenames"),
    _same("truncated", "boolean"),
    _same("uptime", "integer"),
    _same("user_comments", limit=1024),
    _same("user_id", limit=50),
    _same("url", limit=255),
    _same("version", limit=16),
)
"""What is kept of a processed crash as columns, as in the original; the crash ID comes on top."""


def column_value(column: ReportColumn, crash: dict[str, Any]) -> Any:
    """Return what of a processed crash goes into a column; None if it has nothing for it.

    Raises:
        InvalidCrash: What it has does not fit; the key is named.
    """
    value = crash.get(column.key)
    if value is None:
        return None
    try:
        return _CONVERTERS[column.kind](value, column.limit)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        wanted = f"must be fit for a column of type {column.kind}"
        raise InvalidCrash(f"field {column.key!r} {wanted}, not {shown(value)}: {error}") from error


_AS_UTC = "{}::timestamptz AT TIME ZONE 'UTC'"


def column_sql(column: ReportColumn) -> str:
    """Return what to select of a column: times as UTC, whatever the server's zone is."""
    return _AS_UTC.format(column.column) if column.kind == "timestamp" else column.column


def column_read(column: ReportColumn, value: Any) -> Any:
    """Return the value of a column from what `column_sql` gave."""
    if column.kind == "timestamp" and value is not None:
        return value.replace(tzinfo=dt.UTC)
    return value


def _text(value: Any, limit: int | None) -> str:
    text = value if isinstance(value, str) else _as_text(value)
    text = text[:limit]
    if "\0" in text:
        raise ValueError("it has a null character")
    text.encode()
    return text


def _as_text(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, default=str)


def _integer(value: Any, _limit: int | None) -> int | None:
    if value == "":
        return None
    number = int(float(value) if isinstance(value, str) and "." in value else value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("it does not fit 64 bits")
    return number


def _boolean(value: Any, _limit: int | None) -> bool | None:
    if value == "":
        return None
    truth = _BOOLEANS.get(str(value).lower())
    if truth is None:
        raise ValueError("it is neither true nor false")
    return truth


_BOOLEANS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


def _timestamp(value: Any, _limit: int | None) -> dt.datetime | None:
    if value == "":
        return None
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    elif isinstance(value, str):
        moment = dt.datetime.fromisoformat(value)
    elif isinstance(value, bool):
        raise TypeError("a truth value is no date")
    else:
        moment = dt.datetime.fromtimestamp(value, dt.UTC)
    # As UTC, or refused: what UTC puts outside the years 1 to 9999 could not be read back.
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


_CONVERTERS: dict[Kind, Callable[[Any, int | None], Any]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
}
