"""Arguments on their way to Rust, and outcomes on their way back."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from socorro_fast.checks import check_crash_id
from socorro_fast.dumps import Dump, MemoryDumpsMapping, check_stored_dump_name, normalise_dumps
from socorro_fast.errors import CrashStorageError
from socorro_fast.options import StorageOptions

RustDumps: TypeAlias = Sequence[tuple[str, bytes | str]]
"""Dumps as Rust takes them: name and bytes, or name and path."""

_PLAIN = (dict, MemoryDumpsMapping)


def dumps_argument(dumps: object, options: StorageOptions) -> RustDumps | None:
    """Return dumps as Rust takes them: name and bytes, or name and path.

    Raises:
        InvalidDumpName: A name cannot be used, or two names mean the same dump.
        InvalidCrash: `dumps` is no mapping, or a value neither bytes-like nor a path.
    """
    if type(dumps) in _PLAIN:
        pairs = list(dumps.items())  # type: ignore[attr-defined]
        # Rust checks the names of what needs no conversion. Text that is no ASCII may be no UTF-8.
        if all(
            type(name) is str and name.isascii() and type(dump) is bytes for name, dump in pairs
        ):
            return pairs
    checked = normalise_dumps(dumps, options.dump_field)
    return None if checked is None else rust_dumps(checked)


def rust_dumps(checked: Iterable[tuple[str, Dump]]) -> list[tuple[str, bytes | str]]:
    """Return dumps from `normalise_dumps` as Rust takes them."""
    return [(name, dump if isinstance(dump, str) else bytes(dump)) for name, dump in checked]


def name_argument(name: object) -> str:
    """Return the name of a stored dump as Rust takes it: '' is the main dump.

    Raises:
        InvalidDumpName: It is neither None nor text that can name a file.
    """
    return "" if name is None else check_stored_dump_name(name)


def checked_id(crash_id: Any) -> str | CrashStorageError:
    """Return a crash ID, or what is wrong with it."""
    try:
        return check_crash_id(crash_id)
    except CrashStorageError as error:
        return error


def merge_outcomes(checked: Iterable[Any], call: Callable[[list[Any]], Iterable[Any]]) -> list[Any]:
    """Call with the arguments that are no errors; put errors and outcomes into their places."""
    checked = list(checked)
    found = iter(call([each for each in checked if not isinstance(each, CrashStorageError)]))
    return [each if isinstance(each, CrashStorageError) else next(found) for each in checked]
