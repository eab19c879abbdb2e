"""The original as a contestant, as it was and with the syncs that it never made."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from benches import classic
from socorro_fast.bench.stores import Contestant, OurStore, Store

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


class Synced:
    """The original with four syncs a crash, which make it durable: two files, two directories."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def save_raw_crash(self, raw_crash: Any, dumps: Any, crash_id: str) -> None:
        self._storage.save_raw_crash(raw_crash, dumps, crash_id)
        parent = self._storage._parent(crash_id)
        slot = self._storage._slot_path(crash_id, self._storage._slot(self._storage.now()))
        files = [f"{parent}/{crash_id}.json", f"{parent}/{crash_id}.dump"][: 1 + bool(dumps)]
        for path in (*files, parent, slot):
            _sync(path)


class ClassicStore(OurStore):
    """The original."""

    def __init__(self, storage: Any, fs_root: Path) -> None:
        super().__init__(storage)
        self._root = fs_root

    def save_processed(self, crash_id: str, processed_crash: dict[str, Any]) -> None:
        self.storage.save_processed(classic.DotDict(processed_crash | {"uuid": crash_id}))

    def prune(self, day: dt.date) -> None:
        shutil.rmtree(self._root / f"{day:%Y%m%d}")


def _sync(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # a slot that went by meanwhile
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(directory: Path, durable: bool) -> Store:
    directory.mkdir(parents=True, exist_ok=True)
    storage: Any = classic.FSDatedRadixTreeStorage(fs_root=str(directory))
    return ClassicStore(Synced(storage) if durable else storage, directory)


CLASSIC = Contestant(
    "classic", _open, tuning="the original's algorithm; durable: two files, two directories synced"
)
