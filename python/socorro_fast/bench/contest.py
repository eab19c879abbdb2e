"""Contestants doing one task in turns, each in a directory of its own."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import shutil
import threading
import time
from typing import TYPE_CHECKING

from socorro_fast.bench import workload
from socorro_fast.bench.tasks import Crashes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from socorro_fast.bench.stores import Contestant, Store
    from socorro_fast.bench.tasks import Task

WARM_UP_ROUNDS = 2

Times = dict[str, list[int]]
"""Contestant -> nanoseconds of each round."""


class Contest:
    """One task, done in turns; the order in each round is drawn anew.

    Every round saves crashes that were not there before into the same stores: nothing is made where
    something was just deleted, which some file systems take very long for.

    Args:
        directory: An empty directory where to measure.
        task: What to measure.
        contestants: Who takes part; those who lack what the task needs do not.
        durable: Whether saves are to survive the loss of power.
    """

    def __init__(
        self, directory: Path, task: Task, contestants: Sequence[Contestant], *, durable: bool
    ) -> None:
        self.task = task
        self.contestants = {
            each.name: each
            for each in contestants
            if task.needs not in each.lacks and (each.synced or not durable)
        }
        self._directory = directory
        self._durable = durable
        self._stores: dict[str, Store] = {}
        self._crashes = Crashes.make(workload.crash_ids(task.count), task.sizes)
        self._next = 0
        self._kept: dict[str, Crashes] = {}
        self._prepared: set[str] = set()

    def measure(self, rounds: int) -> Times:
        """Return the times of each contestant in each round."""
        times: Times = {name: [] for name in self.contestants}
        warm_up = 1 if self.task.is_long else WARM_UP_ROUNDS
        try:
            for number in range(-warm_up if self.task.count < 50_000 else 0, rounds):
                crashes = self._fresh()
                for name in random.sample([*times], len(times)):
                    elapsed = self._round(name, crashes)
                    if number >= 0:
                        times[name].append(elapsed)
        finally:
            self._close()
        return times

    def _fresh(self) -> Crashes:
        ids = workload.crash_ids(self.task.count, self._next)
        self._next += self.task.count
        self._crashes.ids = ids
        return self._crashes.part(0, 1)

    def _round(self, name: str, crashes: Crashes) -> int:
        if self.task.processes:
            return self._in_processes(name, crashes)
        store = self._store(name)
        if self.task.keeps:
            crashes = self._kept.setdefault(name, crashes)
        if not self.task.keeps or name not in self._prepared:
            for step in self.task.before:
                step(store, crashes)
            self._prepared.add(name)
        with _no_gc():
            return _in_threads(self.task, store, crashes)

    def _store(self, name: str) -> Store:
        if name not in self._stores:
            self._stores[name] = self.contestants[name].open(self._directory / name, self._durable)
        return self._stores[name]

    def _in_processes(self, name: str, crashes: Crashes) -> int:
        count = self.task.processes
        children = [self._child(name, crashes.part(number, count)) for number in range(count)]
        for ready, _go, _pid in children:
            os.read(ready, 1)
        start = time.perf_counter_ns()
        for _ready, go, _pid in children:
            os.write(go, b"g")
        answers = [os.read(ready, 1) for ready, _go, _pid in children]
        elapsed = time.perf_counter_ns() - start
        for ready, go, pid in children:
            os.close(ready)
            os.close(go)
            os.waitpid(pid, 0)
        if answers != [b"d"] * count:
            raise AssertionError(f"a process of {name} failed at {self.task.name}")
        return elapsed

    def _child(self, name: str, crashes: Crashes) -> tuple[int, int, int]:
        ready, say = os.pipe()
        wait, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            os.close(go)
            try:
                store = self.contestants[name].open(self._directory / name, self._durable)
                os.write(say, b"r")
                os.read(wait, 1)
                self.task.run(store, crashes)
                os.write(say, b"d")
                store.close()
            finally:
                os._exit(0)
        os.close(say)
        os.close(wait)
        return ready, go, pid

    def _close(self) -> None:
        for store in self._stores.values():
            store.close()
        for name in self.contestants:
            shutil.rmtree(self._directory / name, ignore_errors=True)


def _in_threads(task: Task, store: Store, crashes: Crashes) -> int:
    if task.threads == 1:
        start = time.perf_counter_ns()
        task.run(store, crashes)
        return time.perf_counter_ns() - start
    barrier = threading.Barrier(task.threads + 1)
    failed: list[BaseException] = []

    def work(part: Crashes) -> None:
        barrier.wait()
        try:
            task.run(store, part)
        except Exception as error:  # noqa: BLE001 - raised in the thread that measures
            failed.append(error)

    parts = [crashes.part(number, task.threads) for number in range(task.threads)]
    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter_ns()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter_ns() - start
    if failed:
        raise failed[0]
    return elapsed


@contextlib.contextmanager
def _no_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
