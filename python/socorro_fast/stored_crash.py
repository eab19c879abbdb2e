"""A crash as a storage has it, all of it, for whoever takes it elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socorro_fast.codec import get_codec
from socorro_fast.errors import (
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    OperationNotSupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from socorro_fast.base import CrashStorageBase

_TRIES = 3


@dataclass(frozen=True, slots=True)
class StoredJson:
    """A raw or processed crash: as data, and byte for byte where the source has that."""

    value: dict[str, Any]
    data: bytes | None


@dataclass(frozen=True, slots=True)
class StoredCrash:
    """The parts of a crash, None for what there is not."""

    raw: StoredJson | None
    dumps: Mapping[str, bytes] | None
    processed: StoredJson | None


def read_crash(source: CrashStorageBase, crash_id: str) -> StoredCrash:
    """Read a crash whose parts belong together.

    Raises:
        CrashIDNotFound: There is nothing of it.
        CrashStorageError: It was saved again each time that it was read.
    """
    for _ in range(_TRIES):
        crash = find_crash(source, crash_id)
        if crash.raw is None and crash.processed is None:
            raise CrashIDNotFound(crash_id, "crash", repr(source))
        raw = _found_json(source, "get_raw_crash", crash_id)
        if raw is crash.raw or (raw and crash.raw and same_json(raw, crash.raw)):
            return crash
    raise CrashStorageError(f"crash {crash_id} was saved again while it was copied")


def find_crash(storage: CrashStorageBase, crash_id: str) -> StoredCrash:
    """Return what a storage has of a crash, with parts None for what it does not have or offer."""
    raw = _found_json(storage, "get_raw_crash", crash_id)
    dumps = _found(storage.get_raw_dumps, crash_id) if raw else None
    return StoredCrash(raw, dumps, _found_json(storage, "get_unredacted_processed", crash_id))


def _found_json(storage: CrashStorageBase, operation: str, crash_id: str) -> StoredJson | None:
    if f"{operation}_bytes" in storage.capabilities:
        data = _found(getattr(storage, f"{operation}_bytes"), crash_id)
        if data is not None:
            return StoredJson(_decoded(storage, operation, crash_id, data), data)
    value = _found(getattr(storage, operation), crash_id)
    return None if value is None else StoredJson(value, None)


def _decoded(
    storage: CrashStorageBase, operation: str, crash_id: str, data: bytes
) -> dict[str, Any]:
    where = f"{operation.removeprefix('get_')} {crash_id} in {storage!r}"
    try:
        value = get_codec("orjson").loads(data)
    except ValueError as error:
        raise CorruptCrash(where, f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise CorruptCrash(where, f"it is a JSON {type(value).__name__}, not an object")
    return value


def _found(get: Callable[[str], Any], crash_id: str) -> Any:
    try:
        return get(crash_id)
    except (CrashIDNotFound, OperationNotSupported):
        return None


def same_dumps(one: Mapping[str, bytes] | None, other: Mapping[str, bytes] | None) -> bool:
    """Whether two are the same dumps."""
    return dict(one or {}) == dict(other or {})


def same_json(one: StoredJson, other: StoredJson) -> bool:
    """Whether two are the same as data."""
    if (one.data is not None and one.data == other.data) or one.value == other.value:
        return True
    # NaN is not equal to itself, and yet the same.
    texts = [json.dumps(each.value, sort_keys=True) for each in (one, other)]
    return texts[0] == texts[1]
