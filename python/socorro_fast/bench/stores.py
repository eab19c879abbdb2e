"""What is measured: storages of ours and others, behind one small interface."""

from __future__ import annotations

import importlib.util
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from socorro_fast.base import CrashStorageBase


class Store(ABC):
    """A place for crashes. Any thread may call; what a place does not have is not measured."""

    @abstractmethod
    def save(self, crash_id: str, raw_crash: dict[str, Any], dumps: Mapping[str, bytes]) -> None:
        """Save a raw crash and its dumps, and queue it where there is a queue."""

    @abstractmethod
    def get_raw(self, crash_id: str) -> dict[str, Any]:
        """Return the raw crash."""

    @abstractmethod
    def get_dumps(self, crash_id: str) -> Mapping[str, bytes]:
        """Return the dumps."""

    @abstractmethod
    def save_processed(self, crash_id: str, processed_crash: dict[str, Any]) -> None:
        """Save the processed crash."""

    @abstractmethod
    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return the processed crash."""

    @abstractmethod
    def remove(self, crash_id: str) -> None:
        """Remove everything of a crash."""

    def drain(self) -> int:
        """Take every crash off the queue and acknowledge it; return how many."""
        raise NotImplementedError

    def prune(self, day: dt.date) -> None:
        """Remove everything of a day."""
        raise NotImplementedError

    @abstractmethod
    def close(self) -> None:
        """Close it."""


class OurStore(Store):
    """A storage of ours, or one with the same methods."""

    def __init__(self, storage: CrashStorageBase) -> None:
        self.storage = storage
        self.get_raw = storage.get_raw_crash  # type: ignore[method-assign] # nothing in between
        self.get_dumps = storage.get_raw_dumps  # type: ignore[method-assign]
        self.get_processed = storage.get_unredacted_processed  # type: ignore[method-assign]
        self.remove = storage.remove  # type: ignore[method-assign]

    def save(self, crash_id: str, raw_crash: dict[str, Any], dumps: Mapping[str, bytes]) -> None:
        """Save a raw crash and its dumps, and queue it."""
        self.storage.save_raw_crash(raw_crash, dumps, crash_id)

    def get_raw(self, crash_id: str) -> dict[str, Any]:
        """Return the raw crash."""
        return self.storage.get_raw_crash(crash_id)

    def get_dumps(self, crash_id: str) -> Mapping[str, bytes]:
        """Return the dumps."""
        return self.storage.get_raw_dumps(crash_id)

    def save_processed(self, crash_id: str, processed_crash: dict[str, Any]) -> None:
        """Save the processed crash."""
        self.storage.save_processed(processed_crash | {"uuid": crash_id})

    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return the processed crash."""
        return self.storage.get_unredacted_processed(crash_id)

    def remove(self, crash_id: str) -> None:
        """Remove everything of a crash."""
        self.storage.remove(crash_id)

    def drain(self) -> int:
        """Take every crash off the queue and acknowledge it; return how many."""
        acknowledge = getattr(self.storage, "ack_many", None)
        taken = 0
        if acknowledge is None:
            for crash_id in self.storage.new_crashes():
                self.storage.ack_crash(crash_id)
                taken += 1
            return taken
        batch: list[str] = []
        for crash_id in self.storage.new_crashes():
            batch.append(crash_id)
            if len(batch) == 1_000:
                acknowledge(batch)
                taken += len(batch)
                batch.clear()
        acknowledge(batch)
        return taken + len(batch)

    def prune(self, day: dt.date) -> None:
        """Remove everything of a day."""
        prune = getattr(self.storage, "prune", None)
        if prune is None:
            raise NotImplementedError
        prune(day)

    def close(self) -> None:
        """Close it."""
        self.storage.close()


class TreeStore(OurStore):
    """A radix tree of ours, or one like it."""

    def prune(self, day: dt.date) -> None:
        """Remove the directory of a day with everything in it."""
        shutil.rmtree(f"{self.storage.options.fs_root}/{day:%Y%m%d}")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Contestant:
    """How a store is opened.

    Attributes:
        name: In tables and plots.
        open: Called with a directory and whether saves are to survive the loss of power.
        module: What must be installed, if anything.
        lacks: Operations that it does not have: "drain", "prune".
        tuning: How it is set up, where that is not its default.
        synced: Whether there is a mode in which saves survive the loss of power.
    """

    name: str
    open: Callable[[Path, bool], Store]
    module: str | None = None
    lacks: frozenset[str] = field(default_factory=frozenset)
    tuning: str = ""
    synced: bool = True

    def why_not(self) -> str | None:
        """Return why it cannot be measured here, None if it can."""
        if self.module is None or importlib.util.find_spec(self.module):
            return None
        return f"{self.module} is not installed"


def _ours(
    class_name: str, store: type[OurStore] = OurStore, **options: Any
) -> Callable[[Path, bool], Store]:
    def open_one(directory: Path, durable: bool) -> Store:  # noqa: FBT001 - as Contestant.open
        import socorro_fast  # noqa: PLC0415 - the command line lists contestants without it

        durability = "disk" if durable else "os"
        storage_class = getattr(socorro_fast, class_name)
        return store(storage_class(fs_root=directory, durability=durability, **options))

    return open_one


RADIX = Contestant(
    "radix",
    _ours("FSDatedRadixTreeStorage", TreeStore),
    tuning="FSDatedRadixTreeStorage; durable: files and directories synced",
)
SEGMENTS = Contestant(
    "segments", _ours("FSSegmentStorage"), tuning="FSSegmentStorage; durable: syncs are shared"
)
SEGMENTS_ZSTD = Contestant(
    "segments-zstd",
    _ours("FSSegmentStorage", compression="zstd:1"),
    tuning='FSSegmentStorage with compression="zstd:1"',
)
OURS = (SEGMENTS, RADIX)
