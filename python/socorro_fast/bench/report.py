"""Results as rows, on a terminal and in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socorro_fast.bench.contest import Contest
from socorro_fast.bench.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from socorro_fast.bench.contest import Times
    from socorro_fast.bench.stores import Contestant
    from socorro_fast.bench.tasks import Task

LONG_ROUNDS = 3


@dataclass
class Result:
    """One task in one place.

    Attributes:
        task: Its name.
        place: Where: "tmpfs", "ext4", a directory.
        durable: Whether saves were to survive the loss of power.
        count: Crashes a round.
        times: Nanoseconds of each round, by contestant.
        control: Two threads of pure work against one, where that matters.
    """

    task: str
    place: str
    durable: bool
    count: int
    times: Times
    control: float | None = None

    def microseconds(self, name: str) -> Spread:
        """Return what one crash takes a contestant."""
        return Spread.over([taken / self.count / 1_000 for taken in self.times[name]])

    def ratio(self, over: str, under: str) -> Spread:
        """Return how many times as long `over` takes as `under`, by round."""
        return Spread.of(self.times[over], self.times[under])

    def as_json(self) -> dict[str, Any]:
        """Return the row for a JSON file."""
        return {
            "task": self.task,
            "place": self.place,
            "durable": self.durable,
            "control": self.control,
            "microseconds": {name: self.microseconds(name)._asdict() for name in self.times},
            "rounds": self.times,
        }


def run(
    directory: Path,
    place: str,
    tasks: Iterable[Task],
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    durable: bool,
) -> Iterator[Result]:
    """Measure tasks one after the other."""
    for task in tasks:
        contest = Contest(directory, task, contestants, durable=durable)
        times = contest.measure(min(rounds, LONG_ROUNDS) if task.is_long else rounds)
        yield Result(task.name, place, durable, task.count, times)


def keeping(results: Iterable[Result], keep: list[Result]) -> Iterator[Result]:
    """Yield results as they come, and keep them."""
    for result in results:
        keep.append(result)
        yield result


def lines(results: Iterable[Result], names: Sequence[str]) -> Iterator[str]:
    """Yield a table, line by line, as the results come: microseconds a crash, and quartiles."""
    yield f"{'task':24}{'on':10}{'':6}" + "".join(f"{name:>26}" for name in names)
    for result in results:
        level = "disk" if result.durable else "os"
        cells = "".join(f"{_cell(result, name):>26}" for name in names)
        note = "" if result.control is None else f"  (control {result.control:.2f})"
        yield f"{result.task:24}{result.place:9} {level:6}{cells}{note}"


def _cell(result: Result, name: str) -> str:
    if name not in result.times:
        return "-"
    spread = result.microseconds(name)
    return f"{spread.median:,.1f} [{spread.q1:,.1f}, {spread.q3:,.1f}]"
