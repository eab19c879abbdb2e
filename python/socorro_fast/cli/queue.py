"""The verb that drains the queue of new crashes: `new`."""

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from socorro_fast.cli.lines import AsJson, show
from socorro_fast.cli.stores import DEFAULT_CLASS, ClassName, FsRoot, Options, open_store
from socorro_fast.errors import CrashStorageError

_BATCH = 256


def new(
    ack: Annotated[
        bool, typer.Option("--ack/--no-ack", help="Take what was printed off the queue.")
    ] = True,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after so many.")
    ] = None,
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """Drain the queue: print the ID of every new crash, once.

    A crash leaves the queue after its ID was written: what a broken pipe or Ctrl-C kept from
    being written is handed out again. The crash itself stays in the store.
    """
    with open_store(fs_root, class_name, option) as storage:
        new_crashes = islice(storage.new_crashes(), limit)
        for crash_ids in _batches(new_crashes):
            _print_all(crash_ids, as_json)
            for crash_id in crash_ids if ack else ():
                storage.ack_crash(crash_id)


def _batches(new_crashes: Iterator[str]) -> Iterator[list[str]]:
    """Yield crash IDs in lists; when the queue fails, those that it had handed out come first."""
    batch: list[str] = []
    try:
        for crash_id in new_crashes:
            batch.append(crash_id)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except CrashStorageError:
        yield batch
        raise
    yield batch


def _print_all(crash_ids: list[str], as_json: bool) -> None:
    for crash_id in crash_ids:
        show({"crash_id": crash_id}, crash_id, as_json)
    sys.stdout.flush()
