"""The verb that deletes: `rm`."""

from itertools import islice
from typing import Annotated

import typer

from socorro_fast.base import CrashStorageBase
from socorro_fast.cli.failures import Failures, complain
from socorro_fast.cli.lines import AsJson, CrashIds, read_ids, show
from socorro_fast.cli.stores import DEFAULT_CLASS, ClassName, FsRoot, Options, open_store
from socorro_fast.errors import CorruptCrash, CrashIDNotFound, CrashStorageError

_BATCH = 256


def rm(
    ids: CrashIds = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove; without it, only say what would be.")
    ] = False,
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """Remove crashes with all their parts. Removes nothing without --yes."""
    failures, removed, given = Failures(), 0, read_ids(ids)
    with open_store(fs_root, class_name, option) as storage:
        while crash_ids := list(islice(given, _BATCH)):
            outcomes = storage.remove_many(crash_ids) if yes else _rehearse(storage, crash_ids)
            for crash_id, outcome in zip(crash_ids, outcomes, strict=True):
                if isinstance(outcome, CrashStorageError):
                    failures.add(outcome)
                    continue
                removed += 1
                text = f"{'removed' if yes else 'would remove'} {crash_id}"
                show({"crash_id": crash_id, "removed": yes}, text, as_json)
    if not yes:
        complain(f"would remove {removed} crashes; add --yes to do it")
    failures.finish()


def _rehearse(storage: CrashStorageBase, crash_ids: list[str]) -> list[CrashStorageError | None]:
    return [_why_not(storage, crash_id) for crash_id in crash_ids]


def _why_not(storage: CrashStorageBase, crash_id: str) -> CrashStorageError | None:
    """Return why `crash_id` cannot be removed: None for a crash with a raw or a processed part."""
    missing: list[CrashStorageError] = []
    for look in (storage.get_raw_crash, storage.get_unredacted_processed):
        try:
            look(crash_id)
        except CrashIDNotFound as error:
            missing.append(error)
        except CorruptCrash:
            return None
        except CrashStorageError as error:
            return error
        else:
            return None
    return missing[0]
