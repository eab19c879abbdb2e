"""The verbs about crash IDs alone: `id new` and `id show`."""

import datetime as dt
from typing import Annotated, Any

import typer

from socorro_fast.cli.failures import Failures, verb
from socorro_fast.cli.lines import AsJson, CrashIds, read_ids, show
from socorro_fast.crash_id import date_and_depth, new_crash_ids, radix_of
from socorro_fast.errors import CrashStorageError

app = typer.Typer(
    help="Make crash IDs, or take them apart.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
@verb
def new(
    count: Annotated[int, typer.Argument(metavar="N", min=1, help="How many.")] = 1,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Their date. [default: today, UTC]")
    ] = None,
    depth: Annotated[int, typer.Option(min=1, max=4, metavar="N", help="Directory levels.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Print new crash IDs."""
    for crash_id in new_crash_ids(count, date=_parse_day(date), depth=depth):
        show({"crash_id": crash_id}, crash_id, as_json)


@app.command("show")
@verb
def show_ids(
    ids: CrashIds = None,
    zero_depth: Annotated[
        int,
        typer.Option(
            min=0, max=9, metavar="N", help="What the depth digit 0 means: 4 before 2019."
        ),
    ] = 4,
    as_json: AsJson = False,
) -> None:
    """Print date, depth and directory levels of crash IDs."""
    failures = Failures()
    for crash_id in read_ids(ids):
        try:
            record = _take_apart(crash_id, zero_depth)
        except CrashStorageError as error:
            failures.add(error)
            continue
        path = "/".join(record["radix"])
        show(record, f"{crash_id}  {record['date']}  depth {record['depth']}  {path}", as_json)
    failures.finish()


def _take_apart(crash_id: str, zero_depth: int) -> dict[str, Any]:
    date, depth = date_and_depth(crash_id, zero_depth=zero_depth)
    radix = list(radix_of(crash_id, zero_depth=zero_depth))
    return {"crash_id": crash_id, "date": str(date), "depth": depth, "radix": radix}


def _parse_day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not YYYY-MM-DD: {error}") from None
