"""How long one durable save takes while others save and read, beside a bare loop of syncs."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socorro_fast.bench import workload
from socorro_fast.bench.spread import Spread
from socorro_fast.bench.tasks import KB, MB, Crashes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from socorro_fast.bench.stores import Contestant, Store

BARE = "fdatasync"
SAVERS = 4
SAVES = 60
_SIZES = (64 * KB, 64 * KB, 64 * KB, 64 * KB, 64 * KB, 64 * KB, 64 * KB, 256 * KB)


@dataclass
class Latencies:
    """Nanoseconds of saves, by round."""

    rounds: list[list[int]] = field(default_factory=list)

    def percentiles(self) -> dict[str, float]:
        """Return p50, p99 and the maximum of all rounds together, in milliseconds."""
        everything = sorted(each for taken in self.rounds for each in taken)
        return {
            "p50": statistics.median(everything) / 1e6,
            "p99": _p99(everything) / 1e6,
            "max": everything[-1] / 1e6,
        }

    def p99_over(self, bare: Latencies) -> Spread:
        """Return how many times the p99 of `bare` the p99 is, by round."""
        ours = [_p99(sorted(taken)) for taken in self.rounds]
        return Spread.of(ours, [_p99(sorted(taken)) for taken in bare.rounds])


def measure(
    directory: Path, contestants: Sequence[Contestant], rounds: int
) -> dict[str, Latencies]:
    """Return the latencies of durable saves, and under `BARE` those of the loop.

    Four threads save dumps of 64 KB, every eighth 256 KB, while one reads raw crashes. The loop is
    one thread that writes 64 KB over what is on the disk already, and syncs it.
    """
    stores = {each.name: each.open(directory / each.name, True) for each in contestants}  # noqa: FBT003
    found = {name: Latencies() for name in (BARE, *stores)}
    try:
        for number in range(-1, rounds):
            for name in random.sample([*found], len(found)):
                taken = _loop(directory) if name == BARE else _mixed(stores[name], number)
                if number >= 0:
                    found[name].rounds.append(taken)
    finally:
        for store in stores.values():
            store.close()
    return found


def _mixed(store: Store, number: int) -> list[int]:
    count = SAVERS * SAVES
    # One more to be read: of what is being saved, some storages show halves.
    *ids, there = workload.crash_ids(count + 1, (number + 1) * (count + 1))
    crashes = Crashes.make(ids, _SIZES)
    store.save(there, crashes.raw, crashes.dumps(0))
    latencies: list[int] = []
    done = threading.Event()
    savers = [
        threading.Thread(target=_save, args=(store, crashes.part(part, SAVERS), latencies))
        for part in range(SAVERS)
    ]
    reader = threading.Thread(target=_read, args=(store, there, done))
    for thread in (reader, *savers):
        thread.start()
    for thread in savers:
        thread.join()
    done.set()
    reader.join()
    if len(latencies) != len(ids):
        raise AssertionError(f"{len(latencies)} of {len(ids)} saves came back")
    return latencies


def _save(store: Store, crashes: Crashes, latencies: list[int]) -> None:
    for number, crash_id in enumerate(crashes.ids):
        start = time.perf_counter_ns()
        store.save(crash_id, crashes.raw, crashes.dumps(number))
        latencies.append(time.perf_counter_ns() - start)


def _read(store: Store, crash_id: str, done: threading.Event) -> None:
    while not done.wait(0.001):
        store.get_raw(crash_id)


def _loop(directory: Path) -> list[int]:
    data = workload.dump(64 * KB)
    descriptor = os.open(directory / "loop", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if os.fstat(descriptor).st_size == 0:
            os.write(descriptor, bytes(16 * MB))
            os.fsync(descriptor)
        return [_sync(descriptor, data, number) for number in range(SAVES * 2)]
    finally:
        os.close(descriptor)


def _sync(descriptor: int, data: bytes, number: int) -> int:
    start = time.perf_counter_ns()
    os.pwrite(descriptor, data, number * len(data))
    os.fdatasync(descriptor)
    return time.perf_counter_ns() - start


def _p99(ordered: Sequence[int]) -> float:
    return ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
