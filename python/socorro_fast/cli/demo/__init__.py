"""The verb `demo`: a collector's day in half a minute, measured and verified."""

from pathlib import Path
from typing import Annotated

import typer

from socorro_fast.cli.lines import AsJson

_DEFAULT_DIR = "demo-crashes"


def demo(
    crashes: Annotated[int, typer.Option(min=1, metavar="N", help="How many crashes.")] = 3000,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, other crashes.")] = 0,
    threads: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Savers.")] = 4,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=f"Where the files go. [default: {_DEFAULT_DIR}]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Generate, save, queue, move, fetch and verify crashes; print what each took.

    Savers in several threads fill a dated radix tree; a second process drains its queue into a
    permanent store; everything is read back and compared, byte for byte.
    """
    # The other verbs must not wait for what only this one needs.
    from socorro_fast.cli.demo.place import prepare  # noqa: PLC0415
    from socorro_fast.cli.demo.report import print_report  # noqa: PLC0415
    from socorro_fast.cli.demo.run import run  # noqa: PLC0415

    place = prepare(keep, Path(_DEFAULT_DIR), crashes, seed)
    print_report(run(place, crashes, seed, threads), place, as_json)
