"""Saves to PostgreSQL, ours against ours: python -m benches.postgresql [ROUNDS].

A server of its own is started, with its data in the directory for temporary files (TMPDIR), and
its word kept: every commit waits for the disk. With --in-memory it waits for none, which shows the
least that batches gain. All contestants of a row take turns in one run.
"""

from __future__ import annotations

import json
import logging
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socorro_fast import PostgreSQLCrashStorage
from socorro_fast.crash_id import new_crash_ids

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from servers.postgresql import PostgreSQL

SAVES = 1000
UNPOOLED_SAVES = 100
WARM_UP_ROUNDS = 1
RAW = {f"annotation {number}": f"value {number} " * 6 for number in range(20)}


def main() -> int:
    """Measure, print, and return whether the targets are reached."""
    logging.disable(logging.ERROR)
    arguments = [each for each in sys.argv[1:] if each != "--in-memory"]
    rounds = int(arguments[0]) if arguments else 7
    in_memory = "--in-memory" in sys.argv
    settings = ["fsync=off"] if in_memory else ["fsync=on", "full_page_writes=on"]
    server = PostgreSQL(*settings, directory=None if in_memory else tempfile.gettempdir())
    server.start()
    try:
        with server.address.database() as name:
            return _compare(server.address.options(name), rounds)
    finally:
        server.throw_away()


def _compare(options: dict[str, Any], rounds: int) -> int:
    plain = {"database_class": "ConnectionContext"}
    with (
        PostgreSQLCrashStorage(**options, **plain) as unpooled,
        PostgreSQLCrashStorage(**options) as pooled,
    ):
        contestants = {
            "save_raw_crash, a connection each": (partial(save_each, unpooled), UNPOOLED_SAVES),
            "save_raw_crash, pooled": (partial(save_each, pooled), SAVES),
            "save_many, pooled": (partial(save_batch, pooled), SAVES),
        }
        rates = measure(contestants, rounds)
    unpooled_rate, pooled_rate, many_rate = rates.values()
    reached = [
        judge("pooled : a connection each", 3, ratio(pooled_rate, unpooled_rate)),
        judge("save_many : save_raw_crash", 5, ratio(many_rate, pooled_rate)),
    ]
    return 0 if all(reached) else 1


def measure(
    contestants: dict[str, tuple[Callable[[list[str]], None], int]], rounds: int
) -> dict[str, list[float]]:
    """Return how many crashes each contestant saves a second, a figure a round."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(WARM_UP_ROUNDS + rounds):
        for name in random.sample([*contestants], len(contestants)):
            save, count = contestants[name]
            crash_ids = new_crash_ids(count)
            begun = time.perf_counter()
            save(crash_ids)
            if number >= WARM_UP_ROUNDS:
                rates[name].append(count / (time.perf_counter() - begun))
    size = len(json.dumps(RAW))
    print(f"raw crashes of {size:,} bytes, a second: median (lowest to highest of {rounds})")
    for name, each in rates.items():
        low, high = min(each), max(each)
        print(f"  {name:40} {statistics.median(each):8,.0f}  ({low:,.0f} to {high:,.0f})")
    return rates


def save_each(storage: PostgreSQLCrashStorage, crash_ids: list[str]) -> None:
    """Save crashes one by one."""
    for crash_id in crash_ids:
        storage.save_raw_crash(RAW, None, crash_id)


def save_batch(storage: PostgreSQLCrashStorage, crash_ids: list[str]) -> None:
    """Save crashes together."""
    outcomes = storage.save_many((RAW, None, crash_id) for crash_id in crash_ids)
    if outcomes != [None] * len(crash_ids):
        raise AssertionError(f"a save failed: {next(filter(None, outcomes))}")


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median over the rounds of the ratio of two contestants."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def judge(what: str, target: float, found: float) -> bool:
    """Print a ratio beside its target, and return whether it is reached."""
    print(f"{what:42} {found:6.2f} (target {target:g}): {'ok' if found >= target else 'MISSED'}")
    return found >= target


if __name__ == "__main__":
    sys.exit(main())
