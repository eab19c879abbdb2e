"""The verb that measures: `bench`."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from socorro_fast.cli.failures import complain
from socorro_fast.errors import ConfigurationError, StorageIOError

_QUICK = ["save-64K", "save-1M", "save-64K-2-threads", "get-raw", "get-dumps-64K", "get-processed"]
_DURABLE = ["save-64K", "save-64K-8-threads", "save-1M"]
_MEMORY = Path("/dev/shm")  # noqa: S108 - a private directory is made in it


def bench(
    task: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="NAME", help="Measure this; repeatable. [default: some]"),
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Measure below it. [default: in memory]"),
    ] = None,
    durable: Annotated[
        bool, typer.Option("--durable", help="Saves wait until the disk has them.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each task.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a plot, SVG.")] = None,
    tasks: Annotated[bool, typer.Option("--tasks", help="List the tasks and end.")] = False,
) -> None:
    """Measure our storages beside SQLite, LMDB, diskcache and plain files, as far as installed.

    They do each task in turns, at equal durability. The original is not in this package: `make
    bench` in a clone measures that, too, and on file systems of its own.
    """
    from socorro_fast.bench import machine, plots, report  # noqa: PLC0415 - slow to import
    from socorro_fast.bench.tasks import TASKS, named  # noqa: PLC0415

    if tasks:
        print("\n".join(each.name for each in TASKS))
        return
    wanted = task or (_DURABLE if durable else _QUICK)
    _check(wanted, [each.name for each in TASKS])
    who = _present()
    with ExitStack() as stack:
        work = _work_directory(directory, stack)
        for warning in machine.warnings(work):
            complain(warning)
        place = "memory" if directory is None else str(directory)
        results = report.run(work, place, named(wanted), who, rounds=rounds, durable=durable)
        found: list[Any] = []
        names = [each.name for each in who]
        for line in report.lines(report.keeping(results, found), names):
            if not as_json:
                print(line, flush=True)
    if as_json:
        rows = [each.as_json() for each in found]
        print(json.dumps({"machine": machine.describe(), "results": rows}))
    if plot is not None:
        _write(plot, plots.bars("microseconds a crash, shorter is better", found))


def _check(wanted: list[str], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"there is no task {name!r}; there are: {', '.join(known)}")


def _present() -> list[Any]:
    from socorro_fast.bench.rivals import RIVALS  # noqa: PLC0415
    from socorro_fast.bench.stores import OURS  # noqa: PLC0415

    present = []
    for each in (*OURS, *RIVALS):
        why = each.why_not()
        if why is None:
            present.append(each)
        else:
            complain(f"{each.name} is left out: {why}")
    return present


def _work_directory(parent: Path | None, stack: ExitStack) -> Path:
    if parent is None:
        parent = _MEMORY if _MEMORY.is_dir() else None
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix="socorro-fast-bench-", dir=parent)
    except OSError as error:
        raise StorageIOError.during("make a directory in", str(parent), error) from error
    return Path(stack.enter_context(made))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise StorageIOError.during("write file", str(path), error) from error
