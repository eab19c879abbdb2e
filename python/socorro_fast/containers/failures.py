"""What the failures of several storages amount to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from socorro_fast.errors import (
    ConfigurationError,
    CrashIDNotFound,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    OperationNotSupported,
    PolyCrashStorageError,
    StorageIOError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

MISTAKES = (InvalidCrashID, InvalidDumpName, InvalidCrash, ConfigurationError)
"""What the caller did wrong: any other storage would refuse it as well."""

SOFT = (CrashIDNotFound, OperationNotSupported)
"""What is no failure of a storage: it does not have the crash, or the operation."""

Failure = tuple[str, Exception]
"""The role of the storage that failed, and what it raised."""


def attempt(role: str, call: Callable[[], object], failures: list[Failure]) -> None:
    """Call, and keep what it raises in `failures`: others are to have their turn."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - kept, and raised when all had a turn
        failures.append((role, error))


def is_mistake(error: Exception, dumps: Mapping[Any, Any] | None) -> bool:
    """Return whether the caller is to blame: also for the path of a dump that cannot be read.

    Of several failures, the caller is to blame for all or it is no mistake.
    """
    if isinstance(error, PolyCrashStorageError):
        return all(is_mistake(each, dumps) for each in error.exceptions)
    if isinstance(error, StorageIOError) and dumps:
        given = [value for value in dumps.values() if isinstance(value, str | os.PathLike)]
        return str(error.filename) in map(os.fsdecode, given)
    return isinstance(error, MISTAKES)


def group(
    what: str, failures: Sequence[Failure], asked: int, of: str = "storages"
) -> PolyCrashStorageError:
    """Return one error for all `failures`, each with a note of which storage failed at what."""
    for role, error in failures:
        error.add_note(f"{what}, in {role}")
    said = "; ".join(f"{role}: {_line(error)}" for role, error in failures)
    return PolyCrashStorageError(
        f"{what} failed in {len(failures)} of {asked} {of}: {said}",
        [error for _role, error in failures],
    )


def verdict(what: str, failures: Sequence[Failure]) -> Exception | None:
    """Return what it means that every storage that was asked for one thing failed like this.

    A storage that could not answer may have it: then it is not said to be missing. None means that
    no storage has the operation.
    """
    hard = [failure for failure in failures if not isinstance(failure[1], SOFT)]
    if len(hard) == 1:
        role, error = hard[0]
        error.add_note(f"{what}, in {role}")
        return error
    if hard:
        return group(what, hard, len(failures))
    missing = [error for _role, error in failures if isinstance(error, CrashIDNotFound)]
    if len(missing) <= 1:
        return missing[0] if missing else None
    where = " and ".join(dict.fromkeys(error.where for error in missing))
    return CrashIDNotFound(missing[0].crash_id, missing[0].kind, where)


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
