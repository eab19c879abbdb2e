"""What one run of the benchmarks goes through."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benches import filesystems, results, syscalls
from benches.arena import Arena
from benches.contestants import DATED, LEGACY_DATED
from benches.operations import OPERATIONS, Operation
from benches.results import Row, Spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.floor import Floor

CRASH_IDS = "crash-id"
LONG_ROUNDS = 3
CONTROL_ROUNDS = 5


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        names: Operations, all if None.
        rounds: Of each; long operations get three.
        long_too: Whether long operations are measured at all.
        contestants: Some of "classic", "ours" and "floor".
    """

    names: list[str] | None
    rounds: int
    long_too: bool
    contestants: list[str]

    def operations(self) -> Iterator[Operation]:
        """Yield what is to be measured."""
        for operation in OPERATIONS:
            if self.takes(operation.name) and (self.long_too or not operation.is_long):
                yield operation

    def takes(self, name: str) -> bool:
        """Whether an operation is asked for."""
        return self.names is None or name in self.names


def rows(plan: Plan, floor: Floor, file_systems: list[str], keep: list[Row]) -> Iterator[Row]:
    """Yield rows as they are measured, and keep them in `keep`."""
    for made in _all(plan, floor, file_systems):
        keep.append(made)
        yield made


def print_syscalls(contestants: list[str]) -> int:
    """Print how many system calls each operation makes; return the exit status."""
    for who in [who for who in contestants if who != "floor"]:
        for class_name in (DATED, LEGACY_DATED):
            for operation in syscalls.OPERATIONS:
                with tempfile.TemporaryDirectory(dir=filesystems.MEMORY) as scratch:
                    calls = syscalls.count(who, operation, Path(scratch, "tree"), class_name)
                listed = ", ".join(f"{name} {number:.3g}" for name, number in calls.items())
                total = syscalls.total(calls)
                print(f"{who:8}{class_name:30}{operation:16}{total:6.1f}  {listed}", flush=True)
    return 0


def _all(plan: Plan, floor: Floor, file_systems: list[str]) -> Iterator[Row]:
    if plan.takes(CRASH_IDS) and "ours" in plan.contestants:
        yield from _crash_ids(plan.rounds)
    for name in file_systems if any(plan.operations()) else ():
        with filesystems.directory(name) as directory:
            for operation in plan.operations():
                yield _one(plan, floor, operation, name, directory)


def _one(plan: Plan, floor: Floor, operation: Operation, file_system: str, directory: Path) -> Row:
    arena = Arena(directory, floor, operation, plan.contestants)
    try:
        times = arena.measure(LONG_ROUNDS if operation.is_long else plan.rounds)
        made = results.row(operation, file_system, times)
        if operation.name.endswith("2-threads"):
            results.judge_control(made, _control(floor))
        if operation.name == "save-processed" and "ours" in plan.contestants:
            results.judge_sizes(made, arena.sizes())
    finally:
        arena.close()
    return made


def _control(floor: Floor) -> float:
    """Return how much of two threads' pure work gets done in the time of one's."""
    alone, together = [], []
    for _ in range(CONTROL_ROUNDS):
        alone.append(floor.run("spin"))
        together.append(floor.run("spin-2-threads"))
    return 2 * statistics.median(alone) / statistics.median(together)


def _crash_ids(rounds: int) -> Iterator[Row]:
    from benches import test_bench_crash_id as crash_id  # noqa: PLC0415 - imports ours

    for name, ratio in crash_id.rounds(rounds):
        made = Row(name, "-", {}, ratio=Spread(ratio, ratio, ratio))
        made.least = crash_id.AT_LEAST[name]
        results.judge(made)
        yield made
