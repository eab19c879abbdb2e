"""What Antenna hands over, and what it wants back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from socorro_fast import errors
from socorro_fast.checks import check_raw_crash
from socorro_fast.compat.foreign import also, foreign
from socorro_fast.errors import InvalidCrash


@also("antenna.ext.crashstorage_base", "CrashIDNotFound")
class CrashIDNotFound(errors.CrashIDNotFound):
    """The storage has no such thing. Antenna's own, too, where Antenna can be imported."""


@dataclass
class CrashReport:
    """A crash as Antenna has it: what `load_crash` returns where Antenna cannot be imported."""

    raw_crash: dict[str, Any]
    dumps: dict[str, bytes]
    crash_id: str


def new_report(raw_crash: dict[str, Any], dumps: dict[str, bytes], crash_id: str) -> Any:
    """Return a crash as Antenna's own class has it, where that is there."""
    made = foreign("antenna.crashmover", "CrashReport") or CrashReport
    return made(raw_crash=raw_crash, dumps=dumps, crash_id=crash_id)


def parts_of(crash_report: Any) -> tuple[dict[str, Any], Any, str]:
    """Return the raw crash, the dumps and the ID of a crash from Antenna.

    Raises:
        InvalidCrash: It lacks one, or its raw crash is no dict.
    """
    try:
        raw_crash, dumps = crash_report.raw_crash, crash_report.dumps
        return check_raw_crash(raw_crash), dumps, crash_report.crash_id
    except AttributeError as error:
        raise InvalidCrash(f"not a crash report: {error}") from error
