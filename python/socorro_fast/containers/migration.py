"""Old crashes in one storage, new ones in another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast.containers.options import ContainerOptions, Member
from socorro_fast.containers.routing import RoutingContainer
from socorro_fast.crash_id import date_of

if TYPE_CHECKING:
    from socorro_fast.base import CrashStorageBase


def _yymmdd(value: object) -> object:
    # A number is not for pydantic to read: it takes seconds since 1970.
    is_number = isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal())
    if not is_number:
        return value
    try:
        digits = value if isinstance(value, str) and len(value) == len("yymmdd") else ""
        return dt.datetime.strptime(f"20{digits}", "%Y%m%d").date()  # noqa: DTZ007 - a date only
    except ValueError:
        raise ValueError("yymmdd is text of six digits") from None


class MigrationOptions(ContainerOptions):
    """Options of `MigrationCrashStorage`."""

    primary: Member = Field(description="the new storage")
    fallback: Member = Field(description="the old storage")
    date_threshold: Annotated[dt.date, BeforeValidator(_yymmdd)] = Field(
        default=dt.date(2015, 4, 1),
        description="the first date, as in crash IDs, of the new storage: a date, YYYY-MM-DD, or "
        "yymmdd as the original's",
    )


class MigrationCrashStorage(RoutingContainer):
    """Asks exactly one storage about a crash, by the date in its ID.

    Crashes of `date_threshold` and later belong to the primary, older ones to the fallback: for
    saves, reads and removals. The queues of both are drained, the fallback's first; a crash that is
    queued where it does not belong is handed out all the same. Options: `MigrationOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = MigrationOptions
    options: MigrationOptions
    member_options: ClassVar[tuple[str, ...]] = ("primary", "fallback")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.primary = self.options.primary
        self.fallback = self.options.fallback

    def _queues(self) -> dict[str, CrashStorageBase]:
        return {"fallback": self.options.fallback, "primary": self.options.primary}

    def _home(self, crash_id: str) -> CrashStorageBase:
        is_new = date_of(crash_id) >= self.options.date_threshold
        return self.primary if is_new else self.fallback
