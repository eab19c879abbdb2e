"""Any storage of this package behind the API of today's Socorro."""

from __future__ import annotations

import functools
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from socorro_fast import errors
from socorro_fast.compat.opening import Openable, opened
from socorro_fast.compat.socorro.errors import (
    BadArgumentError,
    CrashIDNotFound,
    MissingArgumentError,
)
from socorro_fast.crash_id import is_valid

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping

_Method = TypeVar("_Method", bound="Callable[..., Any]")

_DUMP_FILE_SUFFIX = ".dump"


def as_socorro_raises(method: _Method) -> _Method:
    """Have a method raise the `CrashIDNotFound` that is Socorro's too."""

    @functools.wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except errors.CrashIDNotFound as error:
            if isinstance(error, CrashIDNotFound):
                raise
            raise CrashIDNotFound(error.crash_id, error.kind, error.where) from error

    return cast("_Method", wrapped)


class CrashStorageAdapter:
    """Any storage of this package behind the API of today's Socorro.

    May be shared by threads if the storage may. Closing it closes the storage.

    Args:
        storage: A storage; its configuration, as a mapping or as JSON text; the path of a TOML or
            JSON file with that.
        app: The app of the configuration whose storage is meant.

    Raises:
        ConfigurationError: Anything in the configuration is wrong.
        CrashStorageError: The storage could not be opened.
    """

    catalog_prefix = "storage"
    """What the items of `catalog_crash` begin with."""
    crash_destination_name: str
    """Set by Socorro's processor."""
    exceptions_eligible_for_retry: tuple[type[BaseException], ...]

    def __init__(self, storage: Openable, app: str | None = None) -> None:
        self.logger = logging.getLogger(f"{type(self).__module__}.{type(self).__name__}")
        self.storage = opened(storage, app)
        self.exceptions_eligible_for_retry = self.storage.exceptions_eligible_for_retry

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.storage!r})"

    @as_socorro_raises
    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps.

        Args:
            raw_crash: The annotations.
            dumps: Name -> bytes. None leaves stored dumps as they are, an empty mapping removes
                them.
            crash_id: Its ID.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
        """
        self.storage.save_raw_crash(raw_crash, dumps, crash_id)

    @as_socorro_raises
    def save_processed_crash(
        self,
        raw_crash: dict[str, Any] | None,  # noqa: ARG002 - as Socorro calls it
        processed_crash: dict[str, Any],
    ) -> None:
        """Save a processed crash under its `uuid`; the raw crash is not looked at.

        Raises:
            InvalidCrashID, InvalidCrash: Nothing was touched.
        """
        self.storage.save_processed(processed_crash)

    @as_socorro_raises
    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        return self.storage.get_raw_crash(crash_id)

    @as_socorro_raises
    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump.

        Raises:
            CrashIDNotFound: There is no such dump.
        """
        return self.storage.get_raw_dump(crash_id, name)

    @as_socorro_raises
    def get_dumps(self, crash_id: str) -> MemoryDumpsMapping:
        """Return the dumps of a crash by name.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        return self.storage.get_raw_dumps(crash_id)

    @as_socorro_raises
    def get_dumps_as_files(self, crash_id: str, tmpdir: str | os.PathLike[str]) -> FileDumpsMapping:
        """Write the dumps of a crash into `tmpdir`; return their paths by name.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            StorageIOError: A file cannot be written.
        """
        dumps = self.storage.get_raw_dumps(crash_id)
        return dumps.as_file_dumps_mapping(crash_id, tmpdir, _DUMP_FILE_SUFFIX)

    @as_socorro_raises
    def get_processed_crash(self, crash_id: str) -> dict[str, Any]:
        """Return a processed crash: all of it, as Socorro redacts elsewhere.

        Raises:
            CrashIDNotFound: There is no such processed crash.
        """
        return self.storage.get_unredacted_processed(crash_id)

    def catalog_crash(self, crash_id: str) -> list[str]:
        """Return what is stored of a crash, sorted: nothing, if nothing is.

        Items are `<prefix>_raw_crash`, `<prefix>_dump_<name>` and `<prefix>_processed_crash`.

        Raises:
            InvalidCrashID: The ID is none.
        """
        found = [f"dump_{name}" for name in self._dump_names(crash_id)]
        if _has(self.storage.get_raw_crash, crash_id):
            found.append("raw_crash")
        if _has(self.storage.get_unredacted_processed, crash_id):
            found.append("processed_crash")
        return sorted(f"{self.catalog_prefix}_{item}" for item in found)

    def _dump_names(self, crash_id: str) -> list[str]:
        with suppress(errors.CrashIDNotFound, errors.OperationNotSupported):
            return list(self._dumps_to_name(crash_id))
        return []

    def _dumps_to_name(self, crash_id: str) -> Mapping[str, Any]:
        return self.storage.get_raw_dumps(crash_id)

    @as_socorro_raises
    def delete_crash(self, crash_id: str) -> None:
        """Remove a crash, and nothing of any other.

        Raises:
            CrashIDNotFound: There is nothing of such a crash.
        """
        self.storage.remove(crash_id)

    def get(
        self, uuid: str | None = None, datatype: str | None = None, name: str | None = None
    ) -> Any:
        """Return what Socorro's web application asks for.

        Args:
            uuid: A crash ID.
            datatype: "raw" (a dump), "meta" (the raw crash) or "processed".
            name: With "raw": the name of the dump; default: the main dump.

        Raises:
            MissingArgumentError: There is no `uuid` or no `datatype`.
            BadArgumentError: The `uuid` is no crash ID, or there is no such `datatype`.
            CrashIDNotFound: There is no such thing. The message says nothing of the storage.
        """
        if not uuid or not datatype:
            raise MissingArgumentError("datatype" if uuid else "uuid")
        if not is_valid(uuid):
            raise BadArgumentError("uuid")
        if datatype not in _DATATYPES:
            raise BadArgumentError(datatype)
        try:
            return _DATATYPES[datatype](self, uuid, name)
        except errors.CrashIDNotFound as error:
            self.logger.error("%s not found: %s", datatype, error)  # noqa: TRY400 - no traceback
            raise CrashIDNotFound(uuid, error.kind, "the storage") from None

    def close(self) -> None:
        """Close the storage; a second call does nothing."""
        self.storage.close()


_DATATYPES: dict[str, Callable[[CrashStorageAdapter, str, str | None], Any]] = {
    "raw": lambda storage, crash_id, name: storage.get_raw_dump(crash_id, name),
    "meta": lambda storage, crash_id, _name: storage.get_raw_crash(crash_id),
    "processed": lambda storage, crash_id, _name: storage.get_processed_crash(crash_id),
}


def _has(get: Callable[[str], object], crash_id: str) -> bool:
    try:
        get(crash_id)
    except (errors.CrashIDNotFound, errors.OperationNotSupported):
        return False
    except errors.CorruptCrash:
        return True
    return True
