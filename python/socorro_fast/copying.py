"""Copying crashes from one storage to another, whatever the two are."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from socorro_fast.checks import check_crash_id, check_day, check_same_crash
from socorro_fast.codec import get_codec
from socorro_fast.crash_id import date_of
from socorro_fast.errors import (
    ConfigurationError,
    CrashStorageError,
    OperationNotSupported,
)
from socorro_fast.stored_crash import (
    StoredCrash,
    StoredJson,
    find_crash,
    read_crash,
    same_dumps,
    same_json,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from socorro_fast.base import CrashStorageBase

logger = logging.getLogger(__name__)

_KEPT_FAILURES = 1_000


@runtime_checkable
class TakesJson(Protocol):
    """A storage that keeps JSON byte for byte, and can save a raw crash without queueing it."""

    def save_json(
        self,
        crash_id: str,
        raw_crash: bytes | None,
        dumps: Mapping[str, Any] | None,
        processed_crash: bytes | None,
        *,
        queue: bool,
    ) -> None:
        """Save what is not None; `queue` says whether the raw crash is queued."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one crash.

    Attributes:
        crash_id: Its ID.
        outcome: "copied", "unchanged" (the destination had all of it), or "failed".
        error: Why it failed.
    """

    crash_id: str
    outcome: Literal["copied", "unchanged", "failed"]
    error: Exception | None = None


@dataclass(slots=True)
class CopyReport:
    """What became of all crashes.

    Attributes:
        copied: How many were saved, whole or in part.
        unchanged: How many the destination had already.
        failed: How many were not copied.
        failures: The first thousand of those; the log has all.
    """

    copied: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: list[Copied] = field(default_factory=list)

    def add(self, copied: Copied) -> None:
        """Count one crash."""
        setattr(self, copied.outcome, getattr(self, copied.outcome) + 1)
        if copied.outcome == "failed":
            logger.warning("%s was not copied: %s", copied.crash_id, copied.error)
            if len(self.failures) < _KEPT_FAILURES:
                self.failures.append(copied)


def copy(
    source: CrashStorageBase,
    destination: CrashStorageBase,
    *,
    crash_ids: Iterable[str] | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    queue: bool = False,
    replace: bool = False,
    report: Callable[[Copied], object] | None = None,
) -> CopyReport:
    """Copy crashes, all or some of them: raw, dumps and processed. Nothing is removed anywhere.

    One failure does not stop the rest. A second copy finds everything unchanged, and completes what
    the first one could not. Where both storages can hand JSON on, it stays the same byte for byte;
    elsewhere it is equal as data. One crash at a time is in memory.

    Args:
        source: What to read.
        destination: What to save to.
        crash_ids: Copy these; one without a raw crash is found in this way only. Default: all that
            `source` lists.
        since: Leave out what has an earlier date in its ID.
        until: Leave out what has a later date in its ID.
        queue: Whether the raw crashes that are saved are queued in the destination.
        replace: Whether a crash replaces another one that the destination has under its ID; if not,
            it fails.
        report: Called with the outcome of each crash; what it raises ends the copy.

    Raises:
        OperationNotSupported: `source` cannot list its crashes.
        CrashStorageError: It failed at that; what was reported is copied.
    """
    result = CopyReport()
    crashes = copy_each(
        source,
        destination,
        crash_ids=crash_ids,
        since=since,
        until=until,
        queue=queue,
        replace=replace,
    )
    for copied in crashes:
        result.add(copied)
        if report is not None:
            report(copied)
    return result


def copy_each(
    source: CrashStorageBase,
    destination: CrashStorageBase,
    *,
    crash_ids: Iterable[str] | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    queue: bool = False,
    replace: bool = False,
) -> Iterator[Copied]:
    """Copy a crash each time that the next one is asked for, as `copy`, and yield its outcome."""
    if source is destination:
        raise ConfigurationError("source and destination of a copy are the same storage")
    one = _Copying(source, destination, queue=queue, replace=replace)
    since, until = check_day(since), check_day(until)
    listed = _listed(source, since, until) if crash_ids is None else crash_ids
    return (one.copy(crash_id) for crash_id in listed if _is_between(crash_id, since, until))


def _listed(
    source: CrashStorageBase, since: dt.date | None, until: dt.date | None
) -> Iterator[str]:
    return source.list_crashes(since if since == until else None)


def _is_between(crash_id: object, since: dt.date | None, until: dt.date | None) -> bool:
    if since is until is None:
        return True
    try:
        date = date_of(check_crash_id(crash_id))
    except CrashStorageError:
        return True  # it has no date, and the copy will say so
    return (since is None or since <= date) and (until is None or date <= until)


@dataclass(frozen=True, slots=True)
class _Copying:
    source: CrashStorageBase
    destination: CrashStorageBase
    queue: bool
    replace: bool

    def copy(self, crash_id: str) -> Copied:
        self.source.quit_check()
        self.destination.quit_check()
        try:
            check_crash_id(crash_id)
            there = read_crash(self.source, crash_id)
            wanted = self._missing(crash_id, there, find_crash(self.destination, crash_id))
            if wanted is None:
                return Copied(crash_id, "unchanged")
            self._save(crash_id, wanted, there)
        except Exception as error:  # noqa: BLE001 - reported; one failure does not stop the rest
            return Copied(crash_id, "failed", _without_frames(error))
        return Copied(crash_id, "copied")

    def _missing(self, crash_id: str, there: StoredCrash, here: StoredCrash) -> StoredCrash | None:
        """Return what is to be saved, None if it is nothing."""
        raw, dumps, processed = there.raw, there.dumps, there.processed
        if raw and here.raw and same_json(raw, here.raw) and same_dumps(dumps, here.dumps):
            raw, dumps = None, None
        elif raw and here.raw:
            self._check_replacing("raw crash", crash_id)
        if processed and here.processed and same_json(processed, here.processed):
            processed = None
        elif processed and here.processed:
            self._check_replacing("processed crash", crash_id)
        return StoredCrash(raw, dumps, processed) if raw or processed else None

    def _check_replacing(self, kind: str, crash_id: str) -> None:
        if not self.replace:
            raise CrashStorageError(
                f"{kind} {crash_id} differs in source and destination; "
                "replace=True takes the source's"
            )

    def _save(self, crash_id: str, wanted: StoredCrash, there: StoredCrash) -> None:
        destination = self.destination
        raw, processed = wanted.raw, wanted.processed
        if isinstance(destination, TakesJson):
            data = [_data(each) for each in (raw, processed)]
            destination.save_json(crash_id, data[0], wanted.dumps, data[1], queue=self.queue)
            return
        if there.processed:
            check_same_crash(there.processed.value, crash_id)
        if raw and not self.queue and there.processed:
            both = (raw.value, wanted.dumps, there.processed.value, crash_id)
            destination.save_raw_and_processed(*both)
            return
        if raw:
            self._check_queueing(crash_id)
            destination.save_raw_crash(raw.value, wanted.dumps, crash_id)
        if processed:
            destination.save_processed(processed.value)

    def _check_queueing(self, crash_id: str) -> None:
        if not self.queue and "new_crashes" in self.destination.capabilities:
            raise OperationNotSupported(
                f"{type(self.destination).__name__} cannot save {crash_id}, which has no processed "
                "crash, without queueing it; queue=True queues it"
            )


def _data(found: StoredJson | None) -> bytes | None:
    if found is None:
        return None
    return get_codec("orjson").dumps(found.value) if found.data is None else found.data


def _without_frames(error: Exception) -> Exception:
    """Return an error that can be kept: the frames of a traceback hold the crash."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error
