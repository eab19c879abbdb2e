"""The verbs that look into a store: `cat` and `ls`."""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from socorro_fast.base import CrashStorageBase
from socorro_fast.cli.failures import Failures
from socorro_fast.cli.lines import AsJson, CrashIds, read_ids, show
from socorro_fast.cli.stores import DEFAULT_CLASS, ClassName, FsRoot, Options, open_store
from socorro_fast.crash_id import date_of, depth_of
from socorro_fast.errors import CrashStorageError


def cat(
    ids: CrashIds = None,
    dump: Annotated[
        str | None, typer.Option("--dump", "-d", metavar="NAME", help="The bytes of this dump.")
    ] = None,
    processed: Annotated[bool, typer.Option("--processed", help="The processed crash.")] = False,
    unredacted: Annotated[
        bool, typer.Option("--unredacted", help="The processed crash, nothing taken out.")
    ] = False,
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
) -> None:
    """Print the raw crash as JSON, or with an option another part of it.

    In pipes and files each crash is one line; a terminal gets it indented.
    """
    if dump is not None and (processed or unredacted):
        raise typer.BadParameter("--dump goes with neither --processed nor --unredacted")
    if dump is not None and sys.stdout.isatty():
        raise typer.BadParameter("a dump is binary: send it to a file or a pipe")
    failures = Failures()
    with open_store(fs_root, class_name, option) as storage:
        for crash_id in read_ids(ids):
            try:
                _print_part(storage, crash_id, dump, processed, unredacted)
            except CrashStorageError as error:
                failures.add(error)
    failures.finish()


def _print_part(
    storage: CrashStorageBase, crash_id: str, dump: str | None, processed: bool, unredacted: bool
) -> None:
    if dump is not None:
        data = storage.get_raw_dump(crash_id, dump)
        sys.stdout.buffer.write(data)
    elif unredacted:
        _print_json(storage.get_unredacted_processed(crash_id))
    elif processed:
        _print_json(storage.get_processed(crash_id))
    else:
        _print_json(storage.get_raw_crash(crash_id))


def _print_json(crash: dict[str, Any]) -> None:
    text = json.dumps(crash)
    if sys.stdout.isatty():
        Console().print_json(text)
    else:
        print(text)


def ls(
    date: Annotated[
        str,
        typer.Option(metavar="DAY|FROM..TO", help="Days as YYYY-MM-DD; one end may be missing."),
    ] = "..",
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """List the IDs of the crashes that have a raw crash, by date."""
    first, last = _parse_days(date)
    with open_store(fs_root, class_name, option) as storage:
        for crash_id in _listed(storage, first, last):
            depth = depth_of(crash_id)
            record = {"crash_id": crash_id, "date": str(date_of(crash_id)), "depth": depth}
            show(record, crash_id, as_json)


def _listed(storage: CrashStorageBase, first: dt.date, last: dt.date) -> Iterator[str]:
    if first == last:
        return storage.list_crashes(first)
    return (each for each in storage.list_crashes() if first <= date_of(each) <= last)


def _parse_days(text: str) -> tuple[dt.date, dt.date]:
    first, dots, last = text.partition("..")
    try:
        start = dt.date.fromisoformat(first) if first else dt.date.min
        end = dt.date.fromisoformat(last) if last else dt.date.max
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not YYYY-MM-DD or FROM..TO: {error}") from None
    return (start, end) if dots else (start, start)
