"""One run of storages side by side, and what came out of it."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from benches import filesystems, verdicts
from benches.targets import LATENCY, OPEN_CLOSED, OPEN_KILLED
from socorro_fast.bench import compression, latency, machine, opening, plots, report
from socorro_fast.bench.spread import Spread
from socorro_fast.bench.tasks import TASKS, Task

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from benches.verdicts import Verdict
    from socorro_fast.bench.report import Result
    from socorro_fast.bench.stores import Contestant

PLACES = ("tmpfs", "ext4", "xfs", filesystems.DISK)
OPENING, LATENCIES = "open", "latency"
ON_DISK = ("save-64K", "save-64K-2-threads", "save-64K-8-threads", "save-1M", "save-1M-8-threads")
_LONG = 100_000
"""Crashes a round from which on only those take part that something must be reached against."""
_LONG_TOO = {"classic", "segments", "radix"}


class Run:
    """Measures what the command line asks for.

    Args:
        arguments: Of `benches.side_by_side`.
        contestants: Who takes part.
    """

    def __init__(self, arguments: argparse.Namespace, contestants: list[Contestant]) -> None:
        self._arguments = arguments
        self._rounds = 3 if arguments.quick else arguments.rounds
        self._contestants = contestants
        self.results: list[Result] = []
        self.verdicts: list[Verdict] = []
        self.latencies: dict[str, dict[str, float]] = {}
        self.compression: dict[str, str] = {}

    def measure(self, place: str) -> None:
        """Measure everything that is wanted in one place."""
        durable = self._arguments.durable if self._arguments.dir else place == filesystems.DISK
        tasks = [task for task in TASKS if self._wants(task, durable=durable)]
        long = [task for task in tasks if task.count >= _LONG]
        with self._directory(place) as directory:
            if short := [task for task in tasks if task not in long]:
                self._print(self._results(directory, place, short, durable=durable))
            if self._takes(LATENCIES) and durable:
                self._measure_latency(directory, place)
            if self._takes(OPENING) and not durable:
                self._measure_opening(directory, place)
            if self._arguments.minidump and not durable:
                self._measure_compression(directory, place)
        if long:
            self._print(self._long_results(place, long, durable=durable))

    @contextlib.contextmanager
    def _directory(self, place: str) -> Iterator[Path]:
        own: Path | None = self._arguments.dir
        if own is None:
            with filesystems.directory(place, self._arguments.disk) as directory:
                yield directory
        else:
            own.mkdir(parents=True, exist_ok=True)
            yield own

    def _print(self, results: Iterator[Result]) -> None:
        names = [each.name for each in self._contestants]
        for line in report.lines(report.keeping(results, self.results), names):
            print(line, flush=True)

    def _results(
        self, directory: Path, place: str, tasks: list[Task], *, durable: bool
    ) -> Iterator[Result]:
        who, rounds = self._contestants, self._rounds
        for task in tasks:
            before = machine.control() if "2-threads" in task.name else None
            for row in report.run(directory, place, [task], who, rounds=rounds, durable=durable):
                # A second processor that was not there all the time tells nothing.
                row.control = None if before is None else min(before, machine.control())
                yield row

    def _long_results(self, place: str, tasks: list[Task], *, durable: bool) -> Iterator[Result]:
        """Measure each round in a place of its own: the inodes of all would be too many for one."""
        who = [each for each in self._contestants if each.name in _LONG_TOO]
        for task in tasks:
            rows = []
            for _ in range(min(self._rounds, report.LONG_ROUNDS)):
                with self._directory(place) as fresh:
                    rows += report.run(fresh, place, [task], who, rounds=1, durable=durable)
            times = {name: [row.times[name][0] for row in rows] for name in rows[0].times}
            yield report.Result(task.name, place, durable, task.count, times)

    def _wants(self, task: Task, *, durable: bool) -> bool:
        if self._arguments.task:
            return task.name in self._arguments.task
        if self._arguments.quick and task.count >= _LONG:
            return False
        return task.name in ON_DISK if durable else True

    def _takes(self, name: str) -> bool:
        return not self._arguments.task or name in self._arguments.task

    def _measure_latency(self, directory: Path, place: str) -> None:
        found = latency.measure(directory, self._contestants, self._rounds)
        for name, taken in found.items():
            self.latencies[name] = taken.percentiles()
            said = ", ".join(f"{key} {value:.2f}" for key, value in taken.percentiles().items())
            print(f"durable save under a mixed load, {name}, ms: {said}", flush=True)
        if "segments" in found:
            ratio = found["segments"].p99_over(found[latency.BARE])
            what = "p99 of a durable save: against a bare fdatasync loop"
            self.verdicts.append(verdicts.at_most(what, place, ratio, LATENCY))

    def _measure_opening(self, directory: Path, place: str) -> None:
        crashes = 20_000 if self._arguments.quick else 100_000
        closed = opening.closed(directory, crashes, self._rounds)
        why = f"{crashes:,} crashes, {closed.size:,} bytes of footers"
        what = "opening after a clean close: against mapping the footers"
        self.verdicts.append(verdicts.at_most(what, place, closed.ratio, OPEN_CLOSED, why))
        killed = opening.killed(directory, 600, self._rounds)
        why = f"a tail of {killed.size:,} bytes"
        what = "opening after a kill: against reading the tail twice"
        self.verdicts.append(verdicts.at_most(what, place, killed.ratio, OPEN_KILLED, why))

    def _measure_compression(self, directory: Path, place: str) -> None:
        dumps = [path.read_bytes() for path in self._arguments.minidump]
        for name, taken in compression.measure(directory, dumps, self._rounds).items():
            saved, got = (
                taken.megabytes * 1e3 / Spread.over(times).median * 1e6
                for times in (taken.saved, taken.got)
            )
            said = f"{taken.size:.3f} of the size, saved at {saved:,.0f} MB/s, got at {got:,.0f}"
            print(f"minidumps in {name} on {place}: {said}", flush=True)
            self.compression[f"{name} on {place}"] = said

    def finish(self) -> None:
        """Print verdicts, write files."""
        self.verdicts = [*verdicts.of_results(self.results), *self.verdicts]
        for verdict in self.verdicts:
            print(verdict.line())
        if self._arguments.json:
            self._arguments.json.parent.mkdir(parents=True, exist_ok=True)
            self._arguments.json.write_text(json.dumps(self._as_json(), indent=1) + "\n")
        if self._arguments.plots:
            plots.write(self._arguments.plots, self.results)

    def _as_json(self) -> dict[str, Any]:
        return {
            "machine": machine.describe(),
            "command": sys.argv,
            "contestants": {each.name: each.tuning for each in self._contestants},
            "results": [result.as_json() for result in self.results],
            "latencies": self.latencies,
            "compression": self.compression,
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
        }
