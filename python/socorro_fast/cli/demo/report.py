"""What the demo prints at its end: the table, where the files are, what to type next."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from socorro_fast.cli.demo.place import Place
from socorro_fast.cli.demo.timings import Timings

_COLUMNS = ("crashes", "per second", "MB/s", "p50", "p99")


def print_report(rows: list[Timings], place: Place, as_json: bool) -> None:
    """Print the results of a demo, as JSON or for people."""
    if as_json:
        summary = {"directory": str(place.directory), "operations": [row.summary() for row in rows]}
        print(json.dumps(summary))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(rows))
    console.print("Every byte came back as it was saved.\n")
    console.print(_next_steps(place))


def _table(rows: list[Timings]) -> Table:
    table = Table("operation")
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        rate, speed = row.count / row.elapsed, row.size / row.elapsed / 1e6
        table.add_row(
            row.operation,
            f"{row.count:,}",
            f"{rate:,.0f}",
            f"{speed:,.0f}" if row.size else "",
            _duration(row.percentile(0.50)),
            _duration(row.percentile(0.99)),
        )
    return table


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms"


def _next_steps(place: Place) -> str:
    archive = shlex.quote(str(place.archive))
    store = f"--fs-root {archive} --class FSLegacyRadixTreeStorage"
    command = _command()
    return (
        f"The crashes are in {archive}. Next:\n"
        f"  {command} ls {store} | head -n 3\n"
        f"  {command} ls {store} | head -n 1 | {command} cat {store}\n"
        f"  {command} --help\n"
        f"To delete them: rm -r {shlex.quote(str(place.directory))}"
    )


def _command() -> str:
    """Return how the user can call us again: by name if the PATH leads here."""
    ours = Path(sys.argv[0])
    found = shutil.which(ours.name)
    if found and Path(found).resolve() == ours.resolve():
        return ours.name
    near = Path(os.path.relpath(ours))
    return shlex.quote(str(ours if near.parts[0] == ".." else near))
