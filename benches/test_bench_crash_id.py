"""Crash-ID functions against the original's algorithms, interleaved, median of the ratios.

Run it by itself (`python benches/test_bench_crash_id.py`) or under pytest-benchmark.
"""

import re
import statistics
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import repeat, starmap
from time import perf_counter
from typing import Any
from uuid import uuid4

import pytest

from socorro_fast import crash_id

CALLS = 20_000
ROUNDS = 15

AT_LEAST = {
    "new_crash_id": 15.0,
    "new_crash_ids, per ID": 15.0,
    "date_and_depth": 12.0,
    "depth_of": 30.0,
    "is_valid": 1.8,
    "validate_many, per ID": 1.8,
}
"""What an issue promises; the batch calls must hold what the single ones do."""


class Classic:
    """The original's functions of 2015 (`is_valid`: 2017), in our own words."""

    FORM = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6}[0-9]{6}$")

    @staticmethod
    def new_crash_id(date: datetime | None = None, depth: int | None = None) -> str:
        when = date or datetime.now(UTC).date()
        fields = (str(uuid4())[:-7], depth or 2, when.year % 100, when.month, when.day)
        return "%s%d%02d%02d%02d" % fields  # noqa: UP031 - as the original did it

    @staticmethod
    def date_and_depth(text: str) -> tuple[datetime | None, int | None]:
        try:
            year, month, day = int(text[-6:-4]), int(text[-4:-2]), int(text[-2:])
            return datetime(2000 + year, month, day, tzinfo=UTC), int(text[-7]) or 4
        except ValueError:
            return None, None

    @staticmethod
    def depth_of(text: str) -> int | None:
        return Classic.date_and_depth(text)[1]

    @staticmethod
    def is_valid(text: str) -> bool:
        return bool(Classic.FORM.match(text))


def seconds(work: Callable[[], Iterable[object]]) -> float:
    """Return how long it takes to run through an iterator, whose own loop is C and costs little."""
    start = perf_counter()
    deque(work(), maxlen=0)
    return perf_counter() - start


def again(function: Callable[[], object]) -> Callable[[], Iterable[object]]:
    """Return something that calls a function without arguments, again and again."""
    return lambda: starmap(function, repeat((), CALLS))


Pair = tuple[Callable[[], Iterable[object]], Callable[[], Iterable[object]]]


def pairs() -> dict[str, Pair]:
    """Return name -> (classic's work, ours)."""
    ids = crash_id.new_crash_ids(CALLS)

    def each(function: Callable[[str], object]) -> Callable[[], Iterable[object]]:
        return lambda: map(function, ids)

    return {
        "new_crash_id": (again(Classic.new_crash_id), again(crash_id.new_crash_id)),
        "new_crash_ids, per ID": (
            again(Classic.new_crash_id),
            lambda: crash_id.new_crash_ids(CALLS),
        ),
        "date_and_depth": (each(Classic.date_and_depth), each(crash_id.date_and_depth)),
        "depth_of": (each(Classic.depth_of), each(crash_id.depth_of)),
        "is_valid": (each(Classic.is_valid), each(crash_id.is_valid)),
        "validate_many, per ID": (each(Classic.is_valid), lambda: crash_id.validate_many(ids)),
    }


def rounds(number: int = ROUNDS) -> Iterator[tuple[str, float]]:
    """Yield (name, classic's time / ours), the median of interleaved rounds."""
    works = pairs()
    ratios: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(number):
        for name, (classic, ours) in works.items():
            ratios[name].append(seconds(classic) / seconds(ours))
    for name, values in ratios.items():
        yield name, statistics.median(values)


@pytest.mark.parametrize("name", AT_LEAST)
@pytest.mark.parametrize("side", ["classic", "ours"])
def test_crash_id(benchmark: Any, name: str, side: str) -> None:
    work = pairs()[name][side == "ours"]
    benchmark(lambda: deque(work(), maxlen=0))


def main() -> int:
    missed = 0
    for name, ratio in rounds():
        least = AT_LEAST[name]
        missed += ratio < least
        print(f"{name:24}{ratio:8.1f}x   at least {least:4.1f}x")
    return min(missed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
