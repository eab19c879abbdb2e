"""The CrashStorage API: the class that every storage and container derives from."""
# ruff: noqa: ARG002 - the signatures are the API, whether or not the base uses them

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from socorro_fast.checks import check_batch, check_item, check_same_crash
from socorro_fast.drivers import check_drivers
from socorro_fast.errors import (
    CrashStorageError,
    OperationNotSupported,
)
from socorro_fast.operations import OPERATIONS, with_derived
from socorro_fast.options import StorageOptions
from socorro_fast.quit_check import quit_check_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping

_Item = TypeVar("_Item")
_Outcome = TypeVar("_Outcome")


class CrashStorageBase:
    """The API of all storages, and its behaviour where a storage does not have an operation.

    Saving does nothing, as a storage may keep a part of a crash only; reading and removing raise
    `OperationNotSupported`; the queue is empty. Options are keywords, declared in `Options`.

    Args:
        quit_check_callback: Called inside long loops; what it raises ends them. Default: none.
        **options: As `Options` declares them.

    Raises:
        ConfigurationError: An option is unknown, missing or wrong, or a driver is not installed.
    """

    Options: ClassVar[type[StorageOptions]] = StorageOptions
    is_container: ClassVar[bool] = False
    tree_family: ClassVar[str | None] = None
    """What lies below `fs_root`: "leaf", "legacy" or "segments". No two must share one."""
    extra: ClassVar[str | None] = None
    """The extra of this package that installs `drivers`."""
    drivers: ClassVar[tuple[str, ...]] = ()
    """The modules of others that this storage imports when it is constructed."""
    exceptions_eligible_for_retry: tuple[type[BaseException], ...] = ()

    options: StorageOptions
    members: tuple[CrashStorageBase, ...] = ()

    def __init__(
        self, *, quit_check_callback: Callable[[], object] | None = None, **options: Any
    ) -> None:
        check_drivers(type(self))
        self.options = self.Options.build(type(self).__name__, options)
        self.quit_check = quit_check_of(quit_check_callback)
        self.redactor = self.options.redactor
        self._closed = False

    @classmethod
    def from_config(
        cls, config: object, quit_check_callback: Callable[[], object] | None = None
    ) -> Self:
        """Construct a storage with what `config` has, as keys or attributes, of its options.

        Raises:
            ConfigurationError: An option is missing or wrong.
        """
        return cls(quit_check_callback=quit_check_callback, **cls.Options.find(config))

    def save_raw_crash(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        crash_id: str,
    ) -> None:
        """Save a raw crash and its dumps, and queue it; here: do nothing.

        Args:
            raw_crash: The annotations: a dict of JSON values.
            dumps: Name -> bytes-like or path. The names None and '' mean the option `dump_field`.
                None leaves stored dumps as they are, an empty mapping removes them.
            crash_id: Its ID.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
        """

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash under its `uuid`, else its `crash_id`; here: do nothing.

        Raises:
            InvalidCrashID, InvalidCrash: Nothing was touched.
        """

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both, the raw crash first. Unlike `save_raw_crash`, this never queues the crash.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
        """
        check_same_crash(processed_crash, crash_id)
        self.save_raw_crash(raw_crash, dumps, crash_id)
        self.save_processed(processed_crash)

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: It is stored, but damaged.
        """
        raise self._unsupported("get_raw_crash")

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as JSON.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        raise self._unsupported("get_raw_crash_bytes")

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump.

        Raises:
            CrashIDNotFound: There is no such dump.
        """
        raise self._unsupported("get_raw_dump")

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash: all of them, or those named, which is faster.

        Raises:
            CrashIDNotFound: There is no such raw crash, or no dump of a given name.
        """
        raise self._unsupported("get_raw_dumps")

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Return the dumps of a crash as paths; the storage says whose the files are.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        raise self._unsupported("get_raw_dumps_as_files")

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            CorruptCrash: It is stored, but damaged.
        """
        raise self._unsupported("get_unredacted_processed")

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON.

        Raises:
            CrashIDNotFound: There is no such processed crash.
        """
        raise self._unsupported("get_unredacted_processed_bytes")

    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return a processed crash without what the option `redactor` forbids.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            CorruptCrash: It is stored, but damaged.
        """
        if not self._overrides("get_unredacted_processed"):
            raise self._unsupported("get_processed")
        processed_crash = self.get_unredacted_processed(crash_id)
        self.redactor.redact(processed_crash)
        return processed_crash

    def remove(self, crash_id: str) -> None:
        """Remove a crash: raw, dumps and processed, and from the queue.

        Raises:
            CrashIDNotFound: There is nothing of such a crash.
        """
        raise self._unsupported("remove")

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, dates ascending; with `date`, those of that day."""
        raise self._unsupported("list_crashes")

    def new_crashes(self) -> Iterator[str]:
        """Yield queued crash IDs, each to one consumer only, until it acknowledges or closes."""
        return iter(())

    def ack_crash(self, crash_id: str) -> str:
        """Say that a crash from `new_crashes` is done with; return its ID. Any thread may call."""
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Give back a crash from `new_crashes`, to be handed out again; return its ID."""
        return crash_id

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Call `save_raw_crash` for each `(raw_crash, dumps, crash_id)`.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        return self._outcomes(lambda item: self.save_raw_crash(*check_item(item)), items)

    def get_many(self, crash_ids: Iterable[str]) -> list[dict[str, Any] | CrashStorageError]:
        """Call `get_raw_crash` for each ID.

        Returns:
            For each, in order: the raw crash, or the error; one failure does not stop the rest.
        """
        return self._outcomes(self.get_raw_crash, crash_ids)

    def remove_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Call `remove` for each ID.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        return self._outcomes(self.remove, crash_ids)

    def ack_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Call `ack_crash` for each ID.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """

        def acknowledge(crash_id: str) -> None:
            self.ack_crash(crash_id)

        return self._outcomes(acknowledge, crash_ids)

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of the operations that this storage really has."""
        return with_derived(name for name in OPERATIONS if self._overrides(name))

    def describe(self) -> str:
        """Return class, options and capabilities as text; members are indented below."""
        has = ", ".join(name for name in OPERATIONS if name in self.capabilities) or "nothing"
        lines = [f"{self!r}: {has}"]
        for member in self.members:
            lines += [f"  {line}" for line in member.describe().splitlines()]
        return "\n".join(lines)

    def close(self) -> None:
        """Give up what is held, claims on queued crashes too; a second call does nothing."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options.changed()})"

    def _check_open(self) -> None:
        if self._closed:
            raise CrashStorageError(f"{self!r} is closed")

    def _unsupported(self, operation: str) -> OperationNotSupported:
        return OperationNotSupported(f"{type(self).__name__} has no {operation}")

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(CrashStorageBase, name)

    def _outcomes(
        self, call: Callable[[_Item], _Outcome], items: Iterable[_Item]
    ) -> list[_Outcome | CrashStorageError]:
        outcomes: list[_Outcome | CrashStorageError] = []
        for item in check_batch(items):
            self.quit_check()
            try:
                outcomes.append(call(item))
            except CrashStorageError as error:
                outcomes.append(error)
        return outcomes
