"""Command line of the benchmarks: python -m benches --help."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benches import filesystems, memory, overhead, suite, table
from benches.contestants import DebugBuildError, check_release_build
from benches.floor import Floor, FloorError, build
from benches.operations import OPERATIONS
from socorro_fast.bench import machine

if TYPE_CHECKING:
    from benches.results import Row

EPILOG = """\
exit status: 0 all that was judged has been reached; 1 something was missed;
2 wrong usage, a debug build, or a floor that fails; 3 nothing was missed, but a row refused to
be judged: the original was slower against the floor than it should be, or a second processor
was not there.
"""


def main() -> int:
    """Measure what the command line asks for and return the exit status."""
    try:
        return _run(parser().parse_args())
    except (DebugBuildError, FloorError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(arguments: argparse.Namespace) -> int:
    contestants = ["classic", "floor"] if arguments.baseline else ["classic", "ours", "floor"]
    if "ours" in contestants:
        check_release_build()
    if arguments.syscalls:
        return suite.print_syscalls(contestants)
    if arguments.op == [memory.NAME]:
        return memory.measure()
    if arguments.op == [overhead.NAME]:
        return overhead.measure()
    return _measure(arguments, contestants)


def parser() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    names = [operation.name for operation in OPERATIONS]
    made = argparse.ArgumentParser(
        prog="python -m benches",
        description="Compare the original, ours and the floor, in turns, in one run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    choices = [*names, suite.CRASH_IDS, memory.NAME, overhead.NAME]
    made.add_argument("--op", action="append", choices=choices, help="measure this only")
    made.add_argument("--fs", action="append", choices=["tmpfs", "ext4", "xfs"], help="and here")
    made.add_argument("--rounds", type=int, default=15, help="rounds an operation, default 15")
    made.add_argument("--quick", action="store_true", help="5 rounds, and not the long operations")
    made.add_argument("--baseline", action="store_true", help="the original and the floor only")
    made.add_argument("--syscalls", action="store_true", help="count system calls instead")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the rows here, too")
    made.add_argument("--floor", type=Path, metavar="PROGRAM", help="the floor, built before")
    return made


def _measure(arguments: argparse.Namespace, contestants: list[str]) -> int:
    plan = suite.Plan(
        names=arguments.op,
        rounds=5 if arguments.quick else arguments.rounds,
        long_too=not arguments.quick,
        contestants=contestants,
    )
    rows: list[Row] = []
    program = arguments.floor or build()
    for warning in machine.warnings(filesystems.MEMORY):
        print(warning, file=sys.stderr)
    places = filesystems.usable(arguments.fs or filesystems.IN_MEMORY)
    with Floor(program) as floor:
        for line in table.lines(suite.rows(plan, floor, places, keep=rows)):
            print(line, flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(_report(rows), indent=2) + "\n")
    return _exit_status(rows)


def _report(rows: list[Row]) -> dict[str, object]:
    return {"machine": machine.describe(), "rows": [row.as_json() for row in rows]}


def _exit_status(rows: list[Row]) -> int:
    verdicts = {row.verdict for row in rows}
    if "missed" in verdicts:
        return 1
    return 3 if "refused" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
