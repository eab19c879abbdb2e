"""A save of several dumps into S3, against one of one dump: python -m benches.s3 [ROUNDS].

SeaweedFS is started, with its files in the directory for temporary files (TMPDIR); or
SOCORRO_FAST_TEST_SEAWEEDFS names one. It is asked directly, and through a proxy that delays each
piece of data by some milliseconds, as a network does. All contestants of a row take turns in one
run.

Asked directly, the server takes its time from the same processors: SeaweedFS spends about 2.3
milliseconds of one on a dump of 256 KB, so that four dumps are 2.2 times the work of one, for two
processors, however they are sent.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from socorro_fast import BotoCrashStorage
from socorro_fast.crash_id import new_crash_ids

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from servers.proxy import Proxy
from servers.seaweedfs import seaweedfs

SAVES = 20
DUMP = random.Random(1).randbytes(256 << 10)
RAW = {"ProductName": "Firefox", "notes": "x" * 2000}
WARM_UP_ROUNDS = 1
TARGET = 1.7
LATENCY = 0.005


def main() -> int:
    """Measure, print, and return whether the target is reached."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    server = seaweedfs()
    with Proxy(server.port) as far:
        far.latency = LATENCY
        options = server.options(server.new_bucket())
        reached = [
            row("directly", options, rounds),
            row(f"from {LATENCY * 1000:g} ms away", options | {"port": far.port}, rounds),
        ]
    return 0 if all(reached) else 1


def row(title: str, options: dict[str, Any], rounds: int) -> bool:
    """Measure one way to the server; return whether the target is reached."""
    with (
        BotoCrashStorage(**options) as ours,
        BotoCrashStorage(parallel_transfers=1, **options) as one_by_one,
    ):
        contestants = {
            "1 dump": partial(save, ours, 1),
            "4 dumps": partial(save, ours, 4),
            "4 dumps, one by one (the original)": partial(save, one_by_one, 4),
        }
        times = measure(contestants, rounds)
    print(f"\n{title}, milliseconds a save: median (lowest to highest of {rounds})")
    for name, each in times.items():
        print(f"  {name:36} {statistics.median(each):7.2f}  ({min(each):.2f} to {max(each):.2f})")
    found = ratio(times, "4 dumps", "1 dump")
    by_one = ratio(times, "4 dumps, one by one (the original)", "1 dump")
    verdict = "ok" if found <= TARGET else "MISSED"
    print(
        f"  4 dumps : 1 dump {found:6.2f} (target {TARGET:g}): {verdict}; one by one {by_one:.2f}"
    )
    return found <= TARGET


def measure(contestants: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds that each contestant takes for a save, a figure a round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(WARM_UP_ROUNDS + rounds):
        for name in random.sample([*contestants], len(contestants)):
            elapsed = contestants[name](new_crash_ids(SAVES))
            if number >= WARM_UP_ROUNDS:
                times[name].append(elapsed * 1000 / SAVES)
    return times


def save(storage: BotoCrashStorage, count: int, crash_ids: list[str]) -> float:
    """Return the seconds that saving the crashes takes, each with so many dumps."""
    dumps = {f"dump{number}": DUMP for number in range(count)}
    begun = time.perf_counter()
    for crash_id in crash_ids:
        storage.save_raw_crash(RAW, dumps, crash_id)
    return time.perf_counter() - begun


def ratio(times: dict[str, list[float]], ours: str, theirs: str) -> float:
    """Return the median over the rounds of the ratio of two contestants."""
    return statistics.median(a / b for a, b in zip(times[ours], times[theirs], strict=True))


if __name__ == "__main__":
    sys.exit(main())
