"""Storages side by side: python -m benches.side_by_side --help.

The original, ours and what one might use instead, in turns, at equal durability.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benches import filesystems
from benches.classic_store import CLASSIC
from benches.contestants import DebugBuildError, check_release_build
from benches.side_run import LATENCIES, OPENING, PLACES, Run
from socorro_fast.bench.rivals import RIVALS
from socorro_fast.bench.stores import OURS
from socorro_fast.bench.tasks import TASKS

CONTESTANTS = (CLASSIC, *OURS, *RIVALS)


def main() -> int:
    """Measure what the command line asks for and return the exit status."""
    arguments = parser().parse_args()
    try:
        check_release_build()
    except DebugBuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    run = Run(arguments, [each for each in CONTESTANTS if _takes_part(each.name, arguments.who)])
    for place in _places(arguments):
        run.measure(place)
    run.finish()
    return int(any(each.verdict == "missed" for each in run.verdicts))


def parser() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    made = argparse.ArgumentParser(
        prog="python -m benches.side_by_side",
        description="Measure storages side by side, in turns, at equal durability.",
        epilog="exit status: 0 all that must be reached was, or was not judged; 1 something was "
        "missed; 2 wrong usage or a debug build.",
    )
    names = [*(task.name for task in TASKS), OPENING, LATENCIES]
    who = [each.name for each in CONTESTANTS]
    made.add_argument("--task", action="append", choices=names, help="measure this only")
    made.add_argument("--fs", action="append", choices=PLACES, help="and here")
    made.add_argument("--dir", type=Path, help="measure in this directory instead")
    made.add_argument("--durable", action="store_true", help="with --dir: saves wait for the disk")
    made.add_argument("--who", action="append", choices=who, help="and these contestants only")
    made.add_argument("--rounds", type=int, default=7, help="rounds of a task, default 7")
    made.add_argument("--quick", action="store_true", help="3 rounds, and not the long tasks")
    made.add_argument("--disk", type=Path, default=Path(), help="where the image on a disk goes")
    made.add_argument(
        "--minidump", action="append", type=Path, metavar="FILE", help="compress these, too"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write all rounds here")
    made.add_argument("--plots", type=Path, metavar="DIR", help="write SVG files here")
    return made


def _takes_part(name: str, wanted: list[str] | None) -> bool:
    (contestant,) = (each for each in CONTESTANTS if each.name == name)
    why = contestant.why_not()
    if wanted and name not in wanted:
        return False
    if why is not None:
        print(f"{name} is left out: {why}", file=sys.stderr)
    return why is None


def _places(arguments: argparse.Namespace) -> list[str]:
    """Return where to measure."""
    if arguments.dir:
        return [str(arguments.dir)]
    return filesystems.usable(arguments.fs or PLACES)


if __name__ == "__main__":
    sys.exit(main())
