"""The program that `benches.syscalls` runs under strace: one operation, between two marks.

Usage: python -m benches.traced CONTESTANT CLASS OPERATION COUNT FS_ROOT
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.contestants import MODULES
from socorro_fast.bench import workload

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "/socorro-fast-mark"
WARM = 64


class Clock:
    """Stands still until it is told to move on by a slot."""

    def __init__(self) -> None:
        self.now = dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def next_slot(self) -> None:
        self.now += dt.timedelta(seconds=4)


class Traced:
    """One contestant with a tree, and the operations to be traced.

    Args:
        who: "classic" or "ours".
        class_name: A dated storage.
        fs_root: Where the tree is made.
        count: How often an operation is done between the marks.
    """

    def __init__(self, who: str, class_name: str, fs_root: str, count: int) -> None:
        module = __import__(MODULES[who], fromlist=[class_name])
        self.clock = Clock()
        self.storage = getattr(module, class_name)(fs_root=fs_root, now=self.clock)
        self.raw = workload.raw_crash()
        self.dumps = {"upload_file_minidump": workload.dump(workload.DUMP_64K)}
        # Shared directories are made and held open before the first mark.
        self.warm_ids = workload.crash_ids(WARM)
        self.ids = workload.crash_ids(count, WARM)
        self._save(self.warm_ids)
        for crash_id in self.warm_ids:
            self.storage.get_raw_crash(crash_id)

    def run(self, operation: str) -> None:
        work = getattr(self, operation.replace("-", "_"))()
        self._mark()
        work()
        self._mark()

    def save(self) -> Callable[[], object]:
        return lambda: self._save(self.ids)

    def raw_crash(self) -> Callable[[], object]:
        return self._on_saved(self.storage.get_raw_crash)

    def dumps_listed(self) -> Callable[[], object]:
        return self._on_saved(self.storage.get_raw_dumps)

    def dumps_named(self) -> Callable[[], object]:
        return self._on_saved(self.storage.get_raw_dump)

    def save_processed(self) -> Callable[[], object]:
        self._save(self.ids)
        return lambda: self._save_processed(self.ids)

    def processed(self) -> Callable[[], object]:
        self._save_processed(self.ids)
        return lambda: self._each(self.storage.get_unredacted_processed, self.ids)

    def drain(self) -> Callable[[], object]:
        return self._drain(25)

    def drain_100(self) -> Callable[[], object]:
        return self._drain(100)

    def remove_queued(self) -> Callable[[], object]:
        return self._on_saved(self.storage.remove)

    def remove_drained(self) -> Callable[[], object]:
        self._save(self.ids)
        self.clock.next_slot()
        self._take_all()
        return lambda: self._each(self.storage.remove, self.ids)

    def _drain(self, per_slot: int) -> Callable[[], object]:
        self.clock.next_slot()
        self._take_all()
        for first in range(0, len(self.ids), per_slot):
            self._save(self.ids[first : first + per_slot])
            self.clock.next_slot()
        self.clock.now += dt.timedelta(hours=1)
        return self._take_all

    def _take_all(self) -> None:
        for crash_id in self.storage.new_crashes():
            self.storage.ack_crash(crash_id)

    def _on_saved(self, call: Callable[[str], object]) -> Callable[[], object]:
        self._save(self.ids)
        return lambda: self._each(call, self.ids)

    def _save(self, crash_ids: list[str]) -> None:
        for crash_id in crash_ids:
            self.storage.save_raw_crash(self.raw, self.dumps, crash_id)

    def _save_processed(self, crash_ids: list[str]) -> None:
        crash: dict[str, Any] = workload.processed_crash("")
        for crash_id in crash_ids:
            crash["uuid"] = crash_id
            self.storage.save_processed(crash)

    def _each(self, call: Callable[[str], object], crash_ids: list[str]) -> None:
        for crash_id in crash_ids:
            call(crash_id)

    def _mark(self) -> None:
        Path(MARK).exists()


if __name__ == "__main__":
    who, class_name, operation, count, fs_root = sys.argv[1:]
    Traced(who, class_name, fs_root, int(count)).run(operation)
    os._exit(0)
