"""One kind of crashes in a spool: those that wait, and those that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from socorro_fast.containers.spool.mark import Mark
from socorro_fast.errors import CrashIDNotFound
from socorro_fast.fork_safe import ForkSafeLock
from socorro_fast.fs.dated import FSDatedRadixTreeStorage
from socorro_fast.fs.radix import FSRadixTreeStorage
from socorro_fast.fs.segment import FSSegmentStorage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.dumps import MemoryDumpsMapping

Layout = Literal["segments", "radix"]
Durability = Literal["os", "disk"]

_QUEUES: dict[Layout, type[CrashStorageBase]] = {
    "segments": FSSegmentStorage,
    "radix": FSDatedRadixTreeStorage,
}


@dataclass(frozen=True, slots=True)
class Spooled:
    """A crash in the spool, as its caller gave it, and the storage that has it."""

    mark: Mark
    crash: dict[str, Any]
    where: CrashStorageBase


class Lane:
    """Crashes that wait in a queue, and those that the storage behind refused, beside it.

    Processed crashes have a lane of their own, as if they were raw ones: a queue has no others.
    The storages are opened when they are first needed, or are there.

    Args:
        directory: Where the storages are.
        layout: What those that wait are kept in.
        durability: "os" or "disk".
        dump_field: The name of the main dump.
    """

    def __init__(
        self, directory: Path, *, layout: Layout, durability: Durability, dump_field: str
    ) -> None:
        self.name = directory.name
        self._classes: dict[str, type[CrashStorageBase]] = {
            "waiting": _QUEUES[layout],
            "refused": FSRadixTreeStorage,
        }
        self._directory = directory
        self._options: dict[str, Any] = {"durability": durability, "dump_field": dump_field}
        self._opened: dict[str, CrashStorageBase] = {}
        self._lock = ForkSafeLock()

    @property
    def waiting(self) -> CrashStorageBase:
        """The storage with a queue in which crashes wait."""
        return self._open("waiting")

    @property
    def refused(self) -> CrashStorageBase:
        """The storage with what was refused."""
        return self._open("refused")

    def waiting_if_any(self) -> CrashStorageBase | None:
        """Return the storage in which crashes wait, None if nobody ever saved one."""
        return self._if_any("waiting")

    def refused_if_any(self) -> CrashStorageBase | None:
        """Return the storage with what was refused, None if nothing ever was."""
        return self._if_any("refused")

    def find(self, crash_id: str) -> Spooled | None:
        """Return a crash that waits or was refused.

        Raises:
            CorruptCrash: It is damaged.
            StorageIOError: It cannot be read.
        """
        for storage in (self.waiting_if_any(), self.refused_if_any()):
            if found := _found(storage, crash_id):
                return found
        return None

    def find_waiting(self, crash_id: str) -> Spooled | None:
        """Return a crash that waits."""
        return _found(self.waiting_if_any(), crash_id)

    def refuse(self, mark: Mark, crash: dict[str, Any], dumps: Any, crash_id: str) -> None:
        """Keep a crash that was refused, beside the queue."""
        self.refused.save_raw_crash(mark.onto(crash), dumps, crash_id)

    def remove(self, crash_id: str) -> bool:
        """Remove a crash, whether it waits or was refused; return whether it was there."""
        storages = (self.waiting_if_any(), self.refused_if_any())
        return sum(removed(storage, crash_id) for storage in storages if storage) > 0

    def all_refused(self) -> Iterator[tuple[str, Mark]]:
        """Yield the IDs of what was refused, with their marks."""
        storage = self.refused_if_any()
        for crash_id in storage.list_crashes() if storage else ():
            if found := _found(storage, crash_id):
                yield crash_id, found.mark

    def prune_empty_days(self, before: dt.date) -> None:
        """Remove what is left of days before `before` of which nothing waits.

        Nobody must save meanwhile.
        """
        storage = self.waiting_if_any()
        if not isinstance(storage, FSSegmentStorage):
            return  # a radix tree removes what it empties
        for day in storage.days():
            if day < before and next(storage.list_crashes(day), None) is None:
                storage.prune(day)

    def close(self) -> None:
        """Close the storages."""
        for storage in self._opened.values():
            storage.close()

    def _if_any(self, what: str) -> CrashStorageBase | None:
        if what not in self._opened and not (self._directory / what).is_dir():
            return None
        return self._open(what)

    def _open(self, what: str) -> CrashStorageBase:
        with self._lock:
            if what not in self._opened:
                options = {**self._options, "fs_root": self._directory / what}
                self._opened[what] = self._classes[what](**options)
            return self._opened[what]


def dumps_of(found: Spooled, crash_id: str) -> MemoryDumpsMapping | None:
    """Return the dumps of a spooled crash; None where the storage behind is to keep its own."""
    dumps = found.where.get_raw_dumps(crash_id)
    return None if found.mark.keep_dumps and not dumps else dumps


def removed(storage: CrashStorageBase, crash_id: str) -> bool:
    """Remove a crash, and return whether it was there."""
    try:
        storage.remove(crash_id)
    except CrashIDNotFound:
        return False
    return True


def _found(storage: CrashStorageBase | None, crash_id: str) -> Spooled | None:
    if storage is None:
        return None
    try:
        mark, crash = Mark.off(storage.get_raw_crash(crash_id))
    except CrashIDNotFound:
        return None
    return Spooled(mark, crash, storage)
