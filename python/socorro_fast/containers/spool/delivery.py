"""Crashes on their way from a spool to the storage behind it."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from socorro_fast.containers.failures import MISTAKES
from socorro_fast.containers.spool.lane import Lane, Spooled, dumps_of, removed
from socorro_fast.errors import (
    CorruptCrash,
    CrashIDNotFound,
    OperationNotSupported,
    PolyCrashStorageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.containers.spool.locks import CrashLocks
    from socorro_fast.containers.spool.room import Room

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A crash that was taken off the queue of a lane and read."""

    crash_id: str
    found: Spooled
    dumps: Mapping[str, bytes] | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What it takes to bring crashes of a spool to the storage behind it.

    Attributes:
        raw: The lane of raw crashes.
        processed: That of processed ones.
        target: The storage behind.
        locks: Those of the crashes.
        room: What counts them.
    """

    raw: Lane
    processed: Lane
    target: CrashStorageBase
    locks: CrashLocks
    room: Room

    def read(self, lane: Lane, crash_id: str) -> Parcel | None:
        """Return a crash that was taken off the queue, None if it was removed meanwhile.

        Raises:
            CorruptCrash: It is damaged.
        """
        found = lane.find_waiting(crash_id)
        if found is None:
            return None
        try:
            return Parcel(crash_id, found, dumps_of(found, crash_id))
        except CrashIDNotFound:
            return None

    def save(self, lane: Lane, parcels: Sequence[Parcel]) -> list[Exception | None]:
        """Save crashes in the storage behind; return for each what went wrong, or None."""
        if lane is self.processed:
            return [_outcome(self.target.save_processed, each.found.crash) for each in parcels]
        plain = [each for each in parcels if each.found.mark.queue]
        outcomes = dict(zip((each.crash_id for each in plain), self._save_new(plain), strict=True))
        return [
            outcomes[each.crash_id] if each.found.mark.queue else _outcome(self._save_old, each)
            for each in parcels
        ]

    def _save_new(self, parcels: Sequence[Parcel]) -> list[Exception | None]:
        items = [(each.found.crash, each.dumps, each.crash_id) for each in parcels]
        if len(items) > 1:
            try:
                return [*self.target.save_many(items)]
            except Exception as error:  # noqa: BLE001 - each gets a try and an outcome of its own
                logger.warning("a batch failed as a whole, going on one by one: %s", error)
        return [_outcome(self.target.save_raw_crash, *item) for item in items]

    def _save_old(self, parcel: Parcel) -> None:
        """Save a raw crash that is not to be queued: with its processed crash, then it is not."""
        crash_id, raw_crash = parcel.crash_id, parcel.found.crash
        processed = self._processed(crash_id)
        if processed is None:
            self.target.save_raw_crash(raw_crash, parcel.dumps, crash_id)
        else:
            self.target.save_raw_and_processed(raw_crash, parcel.dumps, processed, crash_id)

    def _processed(self, crash_id: str) -> dict[str, Any] | None:
        found = self.processed.find_waiting(crash_id)
        if found:
            return found.crash
        try:
            return self.target.get_unredacted_processed(crash_id)
        except (CrashIDNotFound, OperationNotSupported):
            return None

    def settle(self, lane: Lane, parcel: Parcel) -> None:
        """Take a crash that the storage behind has out of the spool, unless it was saved again."""
        crash_id = parcel.crash_id
        with self.locks.removing(crash_id):
            now = lane.find_waiting(crash_id)
            if now is None:
                self._remove_behind(lane, crash_id)
            elif now.mark.version == parcel.found.mark.version:
                removed(lane.waiting, crash_id)
                self.room.gone(lane, crash_id)
        lane.waiting.ack_crash(crash_id)

    def _remove_behind(self, lane: Lane, crash_id: str) -> None:
        """Undo a save: the crash was removed while it was on its way."""
        try:
            if lane is self.processed and _has_raw(self.target, crash_id):
                return  # saved again since, and the processed crash is removed with it or stays
            self.target.remove(crash_id)
        except (CrashIDNotFound, OperationNotSupported):
            return

    def refuse(self, lane: Lane, parcel: Parcel, error: Exception) -> None:
        """Put a crash that the storage behind will never take beside the queue."""
        mark = replace(parcel.found.mark, reason=f"{type(error).__name__}: {error}")
        logger.error("%s is refused, and kept in the spool: %s", parcel.crash_id, error)
        lane.refuse(mark, parcel.found.crash, parcel.dumps, parcel.crash_id)
        self.settle(lane, parcel)

    def requeue(self, lane: Lane, crash_id: str) -> None:
        """Queue a crash that waits and is in no queue: its saver died before it was queued."""
        with self.locks.removing(crash_id):
            found = lane.find_waiting(crash_id)
            if found is not None:
                dumps = dumps_of(found, crash_id)
                lane.waiting.save_raw_crash(found.mark.onto(found.crash), dumps, crash_id)

    def prune(self, lane: Lane) -> None:
        """Remove what is left of earlier days of which nothing waits."""
        with self.locks.all():
            lane.prune_empty_days(dt.datetime.now(dt.UTC).date())

    def retry_refused(self, lane: Lane, crash_id: str) -> None:
        """Queue a crash again that was refused, unless it was saved again since."""
        with self.locks.removing(crash_id):
            storage = lane.refused_if_any()
            found = lane.find(crash_id)
            if storage is None or found is None:
                return
            if found.where is storage:
                mark = replace(found.mark, reason="")
                dumps = dumps_of(found, crash_id)
                lane.waiting.save_raw_crash(mark.onto(found.crash), dumps, crash_id)
                self.room.add(lane, crash_id, mark)
            removed(storage, crash_id)


def is_refusal(error: Exception) -> bool:
    """Whether a storage will never take that crash, however often it is tried."""
    if isinstance(error, PolyCrashStorageError):
        return all(is_refusal(each) for each in error.exceptions)
    return isinstance(error, MISTAKES)


def is_damage(error: Exception) -> bool:
    """Whether a crash cannot be read from the spool."""
    return isinstance(error, CorruptCrash)


def _outcome(call: Callable[..., object], *args: Any) -> Exception | None:
    try:
        call(*args)
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return error
    return None


def _has_raw(storage: CrashStorageBase, crash_id: str) -> bool:
    try:
        storage.get_raw_crash(crash_id)
    except (CrashIDNotFound, OperationNotSupported):
        return False
    return True
