"""Crash IDs in, records out: what the verbs have in common on the command line."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
CrashIds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID", help="Crash IDs; none: read from standard input.", show_default=False
    ),
]


def read_ids(ids: list[str] | None) -> Iterator[str]:
    """Yield the IDs of the arguments, or one from each line of standard input."""
    if ids:
        yield from ids
        return
    if sys.stdin.isatty():
        raise typer.BadParameter("give crash IDs as arguments or on standard input")
    for line in sys.stdin:
        if crash_id := line.strip():
            yield crash_id


def show(record: dict[str, Any], text: str, as_json: bool) -> None:
    """Print `text`, or with `as_json` the record as one line of JSON."""
    print(json.dumps(record) if as_json else text)
