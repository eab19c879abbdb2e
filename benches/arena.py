"""One operation on one file system: the contestants' trees, and the rounds between them."""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import random
import shutil
import time
from typing import TYPE_CHECKING, Any

from benches.contestants import make
from benches.operations import Operation, Work
from socorro_fast.bench import workload

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benches.floor import Floor

SLOT = "12/34_5"
PER_SLOT = 400
WARM_UP_ROUNDS = 2

Times = dict[str, list[int]]
"""Contestant -> nanoseconds of each round."""


class Arena:
    """Where the contestants do one operation in turns, each in a tree of its own.

    The floor makes and clears away what is not measured: that is quickest, and the same for all.

    Args:
        directory: An empty directory on the file system to be measured.
        floor: Running.
        operation: What to measure.
        contestants: Some of "classic", "ours" and "floor".
    """

    def __init__(
        self, directory: Path, floor: Floor, operation: Operation, contestants: Sequence[str]
    ) -> None:
        self.directory = directory
        self.floor = floor
        self.operation = operation
        self.contestants = [who for who in contestants if who != "floor" or operation.floor]
        distinct = operation.distinct or operation.count
        self._own_ids = workload.crash_ids(distinct, workload.RADIXES)
        self.ids = self._own_ids * (operation.count // distinct)
        self._raw = workload.raw_crash()
        self._dump = workload.dump(operation.dump_size)
        self._processed = workload.processed_crash(self.ids[0])
        self._inputs = directory / "inputs"
        self._write_inputs()
        self._storages: dict[str, Any] = {}

    def measure(self, rounds: int) -> Times:
        """Return the times of `rounds` rounds; the order in each is drawn anew."""
        for who in self.contestants:
            self._set_up(who)
        times: Times = {who: [] for who in self.contestants}
        for number in range(WARM_UP_ROUNDS + rounds):
            order = random.sample(self.contestants, len(self.contestants))
            for who in order:
                elapsed = self._round(who)
                if number >= WARM_UP_ROUNDS:
                    times[who].append(elapsed)
        return times

    def sizes(self) -> dict[str, int]:
        """Return the size of a processed crash, in bytes, as each Python contestant saves it."""
        sizes = {}
        for who in self._storages:
            self.storage(who).save_processed(self._processed)
            (path,) = (self.directory / who).rglob("*.jsonz")
            sizes[who] = path.stat().st_size
        return sizes

    def storage(self, who: str) -> Any:
        """Return the open storage of a Python contestant."""
        if who not in self._storages:
            self._storages[who] = make(who, self.directory / who)
        return self._storages[who]

    def close(self) -> None:
        """Close the storages, let the floor forget its directories, and remove the trees."""
        for storage in self._storages.values():
            storage.close()
        self.floor.set("root", "/")
        for path in self.directory.iterdir():
            shutil.rmtree(path, ignore_errors=True)

    def _set_up(self, who: str) -> None:
        (self.directory / who).mkdir()
        self._enter(who)
        # A crash in each shared directory that stays, so that no removal empties one.
        self.floor.set("ids", self._id_file("keepers", workload.crash_ids(workload.RADIXES)))
        self.floor.set("slot", "")
        self.floor.run("warm")
        self.floor.run("save")
        self._aim(SLOT, self._id_file("own", self._own_ids))
        self._steps(self.operation.once)

    def _round(self, who: str) -> int:
        self._enter(who)
        self._steps(self.operation.before)
        elapsed = self._timed(who)
        self._steps(self.operation.after)
        return elapsed

    def _timed(self, who: str) -> int:
        if who == "floor":
            return self.floor.run(self.operation.floor or "")
        dumps = {"upload_file_minidump": self._dump}
        work = Work(self.storage(who), self.ids, self._raw, dumps, self._processed)
        timed = self.operation.classic if who == "classic" else self.operation.ours
        gc.collect()
        with _no_gc():
            start = time.perf_counter_ns()
            timed(work)
            elapsed = time.perf_counter_ns() - start
        if "queue" in self.operation.before:
            self._storages.pop(who).close()
        return elapsed

    def _enter(self, who: str) -> None:
        self.floor.set("root", self.directory / who)
        for what in ("json", "dump"):
            self.floor.set(what, self._inputs / what)
        self._aim(SLOT, self._inputs / "ids")
        if self.operation.floor == "save-processed":
            self.floor.set("json", self._inputs / "jsonz")

    def _aim(self, slot: str, ids: Path) -> None:
        self.floor.set("slot", slot)
        self.floor.set("ids", ids)
        self.floor.run("warm")

    def _steps(self, steps: Sequence[str]) -> None:
        for step in steps:
            if step == "queue":
                self._queue()
            elif step == "save-processed":
                self.floor.set("json", self._inputs / "jsonz")
                self.floor.run(step)
            else:
                self.floor.run(step)

    def _queue(self) -> None:
        for number, first in enumerate(range(0, len(self.ids), PER_SLOT)):
            minute, part = divmod(number, 15)
            chunk = self._id_file(f"chunk{number}", self.ids[first : first + PER_SLOT])
            self._aim(f"{minute // 60:02}/{minute % 60:02}_{part}", chunk)
            self.floor.run("save")
        self.floor.set("ids", self._inputs / "ids")

    def _write_inputs(self) -> None:
        self._inputs.mkdir()
        raw = json.dumps(self._raw).encode()
        (self._inputs / "json").write_bytes(raw if self.operation.dump_size else b"{}")
        (self._inputs / "dump").write_bytes(self._dump)
        text = json.dumps(self._processed).encode()
        (self._inputs / "jsonz").write_bytes(gzip.compress(text, 9))
        self._id_file("ids", self.ids)

    def _id_file(self, name: str, ids: Sequence[str]) -> Path:
        path = self._inputs / name
        if not path.exists():
            path.write_text("\n".join(ids))
        return path


@contextlib.contextmanager
def _no_gc() -> Any:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
