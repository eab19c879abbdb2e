"""The spool as a storage."""

from __future__ import annotations

import logging
import os
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.checks import (
    check_crash_id,
    check_raw_crash,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.codec import get_codec
from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.spool.delivery import Delivery
from socorro_fast.containers.spool.lane import Lane
from socorro_fast.containers.spool.locks import CrashLocks
from socorro_fast.containers.spool.mark import Mark
from socorro_fast.containers.spool.mover import Mover
from socorro_fast.containers.spool.options import FSSpoolOptions
from socorro_fast.containers.spool.reading import SpoolReading
from socorro_fast.containers.spool.room import Room
from socorro_fast.dumps import normalise_dumps
from socorro_fast.errors import CrashStorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.containers.options import ContainerOptions
    from socorro_fast.dumps import Dump

logger = logging.getLogger(__name__)
_CODEC = get_codec("orjson")


class FSSpoolStorage(SpoolReading, ContainerBase):
    """Saves to a spool on a local disk; a thread, or `drain`, moves crashes to the storage behind.

    A save returns when the spool has the crash. It is taken out when the storage behind has saved
    it, so that nothing is lost when a process dies: at worst, a crash is saved there twice. While
    that storage is away, the spool grows to its limits; then saves wait, and fail with
    `StorageUnavailable` after `save_timeout`. What it refuses as a mistake of the caller's is kept
    beside the queue: see `refused`.

    Reads ask the spool and then the storage behind, removals take from both. `new_crashes` moves
    what waits and hands out what the storage behind has queued. Any number of processes may share
    a spool. Options: `FSSpoolOptions`.

    Raises:
        ConfigurationError: An option is wrong.
        StorageUnavailable: From saves: the spool is full.
    """

    Options: ClassVar[type[ContainerOptions]] = FSSpoolOptions
    options: FSSpoolOptions
    member_options: ClassVar[tuple[str, ...]] = ("storage",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        given = self.options
        self.storage = given.storage
        self._dump_field = _dump_field(given.storage)
        self._raw, self._processed = (
            Lane(
                given.fs_root / name,
                layout=given.layout,
                durability=given.durability,
                dump_field=self._dump_field,
            )
            for name in ("raw", "processed")
        )
        self._locks = CrashLocks(given.fs_root / "locks")
        self._room = Room(
            (self._raw, self._processed),
            max_crashes=given.max_crashes,
            max_bytes=given.max_bytes,
            patience=given.save_timeout,
        )
        self._delivery = Delivery(
            self._raw, self._processed, given.storage, self._locks, self._room
        )
        self._mover = Mover(
            self._delivery,
            batch=(given.batch_crashes, given.batch_bytes),
            interval=given.drain_interval,
            backoff_delays=given.backoff_delays,
            quit_check=self.quit_check,
        )
        if given.background:
            weakref.finalize(self, self._mover.stop)
            self._mover.start()

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps in the spool; the storage behind will queue it."""
        self._save_raw(raw_crash, dumps, crash_id, queue=True)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash in the spool."""
        crash_id = processed_crash_id(processed_crash)
        self._spool(self._processed, processed_crash, [], crash_id)

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both in the spool; the storage behind will not queue the crash."""
        check_same_crash(processed_crash, crash_id)
        _CODEC.dumps(check_raw_crash(raw_crash))
        normalise_dumps(dumps, self._dump_field)
        # One that waits to be queued must be queued, whatever is saved over it.
        found = self._raw.find_waiting(crash_id)
        # A raw crash that was moved without its processed crash would be queued.
        self.save_processed(processed_crash)
        self._save_raw(raw_crash, dumps, crash_id, queue=bool(found and found.mark.queue))

    def _save_raw(self, raw_crash: object, dumps: object, crash_id: str, *, queue: bool) -> None:
        self._check_open()
        checked = normalise_dumps(dumps, self._dump_field)
        crash = check_raw_crash(raw_crash)
        self._spool(self._raw, crash, checked, crash_id, queue=queue)

    def _spool(
        self,
        lane: Lane,
        crash: dict[str, Any],
        dumps: list[tuple[str, Dump]] | None,
        crash_id: str,
        *,
        queue: bool = True,
    ) -> None:
        self._check_open()
        check_crash_id(crash_id)
        size = len(_CODEC.dumps(crash)) + sum(_size(dump) for _name, dump in dumps or ())
        mark = Mark(size=size, queue=queue, keep_dumps=dumps is None)
        with self._room.reserved(crash_id, size), self._locks.sharing(crash_id):
            given = None if dumps is None else dict(dumps)
            lane.waiting.save_raw_crash(mark.onto(crash), given, crash_id)
            self._room.add(lane, crash_id, mark)
        if self.options.background:
            self._mover.wake()

    def drain(self) -> int:
        """Move what waits in the spool to the storage behind; return how many crashes were moved.

        Raises:
            CrashStorageError: The storage behind did not take a crash, which still waits; what it
                refuses for good raises nothing, see `refused`.
        """
        self._check_open()
        return self._mover.drain()

    def stats(self) -> dict[str, Any]:
        """Return how the spool is: lists it, and so sees what other processes did.

        Returns:
            `queued`, `bytes` and `oldest_age` (seconds, None if nothing waits) of what waits;
            `refused`, how many crashes the storage behind refused; `damaged`, how many cannot be
            read, and `moved`, how many were moved, both of this process; `last_error`, why the last
            pass left something, or None.
        """
        self._check_open()
        self._room.look()
        queued, size, oldest = self._room.totals()
        error = self._mover.last_error
        return {
            "queued": queued,
            "bytes": size,
            "oldest_age": None if oldest is None else max(0.0, time.time() - oldest),
            "refused": sum(1 for _ in self.refused()),
            "damaged": len(self._mover.damaged),
            "moved": self._mover.moved,
            "last_error": None if error is None else f"{type(error).__name__}: {error}",
        }

    def refused(self) -> Iterator[tuple[str, str]]:
        """Yield the ID of each crash that the storage behind refused, and why."""
        self._check_open()
        for lane in (self._raw, self._processed):
            for crash_id, mark in lane.all_refused():
                yield crash_id, mark.reason

    def retry_refused(self) -> int:
        """Queue in the spool again what was refused; return how many crashes that are."""
        self._check_open()
        retried = 0
        for lane in (self._raw, self._processed):
            for crash_id, _mark in list(lane.all_refused()):
                self._delivery.retry_refused(lane, crash_id)
                retried += 1
        return retried

    def remove(self, crash_id: str) -> None:
        """Remove a crash from the spool and from the storage behind.

        Raises:
            CrashIDNotFound: Neither has it.
            CrashStorageError: One of them failed; the other has removed it.
        """
        self._check_open()
        check_crash_id(crash_id)
        was_there = [self._remove_waiting(lane, crash_id) for lane in (self._raw, self._processed)]
        try:
            super().remove(crash_id)
        except LookupError:
            if not any(was_there):
                raise

    def _remove_waiting(self, lane: Lane, crash_id: str) -> bool:
        with self._locks.removing(crash_id):
            was_there = lane.remove(crash_id)
            self._room.gone(lane, crash_id)
        return was_there

    def _new_crashes(self) -> Iterator[str]:
        try:
            self._mover.drain()
        except CrashStorageError as error:
            logger.warning("what waits in %s stays there: %s", self.options.fs_root, error)
        yield from super()._new_crashes()

    def close(self) -> None:
        """End the thread, and close the spool and the storage behind; what waits stays."""
        if self._closed:
            return
        self._mover.stop()
        for lane in (self._raw, self._processed):
            lane.close()
        super().close()


def _size(dump: Dump) -> int:
    if not isinstance(dump, str):
        return len(dump)
    try:
        return os.stat(dump).st_size  # noqa: PTH116 - a path may have bytes that are no text
    except OSError:
        return 0  # the save will say why


def _dump_field(storage: CrashStorageBase) -> str:
    while storage.members:
        storage = storage.members[0]
    return storage.options.dump_field
