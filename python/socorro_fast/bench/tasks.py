"""What is measured: each task's untimed and timed parts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socorro_fast.bench import workload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socorro_fast.bench.stores import Store

KB, MB = 1024, 1024 * 1024
_MIXED = (16 * KB, 64 * KB, 64 * KB, 128 * KB, 16 * KB, 256 * KB, 64 * KB, 1 * MB)
_DAY = dt.datetime.strptime(workload.DAY, "%y%m%d").date()  # noqa: DTZ007 - a date only


class Crashes:
    """The crashes of a round: their IDs and what they are made of.

    Args:
        ids: Crash IDs.
        sizes: Bytes of the dumps, in turns; 0 is no dump.
        dumps: Dumps by size, which takes a while to make.
    """

    def __init__(
        self, ids: Sequence[str], sizes: Sequence[int], dumps: dict[int, dict[str, bytes]]
    ) -> None:
        self.ids = ids
        self.sizes = sizes
        self._dumps = dumps
        self.raw = workload.raw_crash()
        self.processed = workload.processed_crash(ids[0])

    @classmethod
    def make(cls, ids: Sequence[str], sizes: Sequence[int]) -> Crashes:
        """Return crashes with dumps that do not compress."""
        name = "upload_file_minidump"
        dumps = {size: {name: workload.dump(size)} if size else {} for size in sizes}
        return cls(ids, sizes, dumps)

    def part(self, number: int, of: int) -> Crashes:
        """Return every `of`-th crash, beginning with `number`."""
        return Crashes(self.ids[number::of], self.sizes, self._dumps)

    def dumps(self, number: int) -> dict[str, bytes]:
        """Return the dumps of one of them."""
        return self._dumps[self.sizes[number % len(self.sizes)]]


def save(store: Store, crashes: Crashes) -> None:
    """Save every crash."""
    raw, dumps = crashes.raw, crashes.dumps
    for number, crash_id in enumerate(crashes.ids):
        store.save(crash_id, raw, dumps(number))


def save_processed(store: Store, crashes: Crashes) -> None:
    """Save a processed crash for each."""
    for crash_id in crashes.ids:
        store.save_processed(crash_id, crashes.processed)


def get_raw(store: Store, crashes: Crashes) -> None:
    """Get every raw crash."""
    for crash_id in crashes.ids:
        store.get_raw(crash_id)


def get_dumps(store: Store, crashes: Crashes) -> None:
    """Get the dumps of every crash."""
    for crash_id in crashes.ids:
        store.get_dumps(crash_id)


def get_processed(store: Store, crashes: Crashes) -> None:
    """Get every processed crash."""
    for crash_id in crashes.ids:
        store.get_processed(crash_id)


def drain(store: Store, crashes: Crashes) -> None:
    """Take every crash off the queue."""
    taken = store.drain()
    if taken < len(crashes.ids):
        raise AssertionError(f"{taken} of {len(crashes.ids)} crashes came out of the queue")


def remove(store: Store, crashes: Crashes) -> None:
    """Remove every crash."""
    for crash_id in crashes.ids:
        store.remove(crash_id)


def prune(store: Store, _crashes: Crashes) -> None:
    """Remove the day that all of them are of."""
    store.prune(_DAY)


@dataclass(frozen=True)
class Task:
    """One thing to measure.

    Attributes:
        name: As on the command line, in tables and plots.
        count: Crashes a round.
        run: What is timed.
        before: What is done before each round, untimed.
        sizes: Bytes of the dumps, in turns.
        threads: How many share the work.
        processes: How many processes do, if any; then each opens the store.
        needs: What a contestant must not lack.
        keeps: Whether what a round saved is read in the next one again.
        is_long: Measured in three rounds.
    """

    name: str
    count: int
    run: Callable[[Store, Crashes], None]
    before: tuple[Callable[[Store, Crashes], None], ...] = ()
    sizes: tuple[int, ...] = (64 * KB,)
    threads: int = 1
    processes: int = 0
    needs: str = ""
    keeps: bool = False
    is_long: bool = False


def _saves(name: str, count: int, sizes: tuple[int, ...]) -> list[Task]:
    return [
        Task(f"save-{name}", count, save, sizes=sizes),
        Task(f"save-{name}-2-threads", count * 2, save, sizes=sizes, threads=2),
        Task(f"save-{name}-8-threads", count * 2, save, sizes=sizes, threads=8),
    ]


def _readings() -> list[Task]:
    saved: Any = {"before": (save,), "keeps": True}
    both: Any = {"before": (save, save_processed), "keeps": True}
    return [
        Task("get-raw", 400, get_raw, **saved),
        Task("get-dumps-64K", 300, get_dumps, **saved),
        Task("get-dumps-1M", 40, get_dumps, sizes=(1 * MB,), **saved),
        Task("save-processed", 40, save_processed, before=(save,), sizes=(0,)),
        Task("get-processed", 40, get_processed, sizes=(0,), **both),
    ]


TASKS = (
    *_saves("64K", 200, (64 * KB,)),
    *_saves("1M", 24, (1 * MB,)),
    *_saves("mixed", 80, _MIXED),
    Task("save-64K-2-processes", 400, save, processes=2),
    *_readings(),
    Task("remove", 300, remove, before=(save,)),
    Task("drain-10k", 10_000, drain, before=(save,), sizes=(0,), needs="drain", is_long=True),
    Task("drain-100k", 100_000, drain, before=(save,), sizes=(0,), needs="drain", is_long=True),
    Task("prune-10k", 10_000, prune, before=(save,), sizes=(0,), needs="prune", is_long=True),
    Task("prune-100k", 100_000, prune, before=(save,), sizes=(0,), needs="prune", is_long=True),
)
"""In the order in which they are measured."""


def named(names: Sequence[str]) -> list[Task]:
    """Return tasks by name."""
    return [task for task in TASKS if task.name in names]
