"""The read services behind a middleware: what may be asked of a crash, over any storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from socorro_fast.checks import check_crash_id
from socorro_fast.dumps import check_stored_dump_name
from socorro_fast.errors import (
    BadArgumentError,
    ConfigurationError,
    CrashIDNotFound,
    InvalidCrashID,
    InvalidDumpName,
    MissingArgumentError,
    ResourceNotFound,
    ResourceUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.base import CrashStorageBase

DUMP_TYPE = "application/octet-stream"
"""The media type of a dump."""

_GETTERS = {
    "raw": "get_raw_dump",
    "meta": "get_raw_crash",
    "processed": "get_processed",
    "unredacted": "get_unredacted_processed",
}

REPORT_FIELDS: dict[str, str] = {
    "completeddatetime": "completed_datetime",
    "startedDateTime": "started_datetime",
} | {
    name: name
    for name in (
        "addons_checked", "address", "app_notes", "build", "client_crash_date", "cpu_info",
        "cpu_name", "date_processed", "distributor", "distributor_version", "email",
        "exploitability", "flash_version", "hangid", "install_age", "last_crash", "os_name",
        "os_version", "process_type", "processor_notes", "product", "productid", "reason",
        "release_channel", "signature", "success", "topmost_filenames", "truncated", "uptime",
        "url", "user_comments", "user_id", "uuid", "version",
    )
}  # fmt: skip
"""The fields of a report: key in the processed crash -> name in the report."""


class PriorityJobs(Protocol):
    """What has a crash processed before its turn."""

    def create(self, uuid: str) -> object:
        """Ask for that crash to be processed soon."""


class ServiceBase:
    """A service over a storage: the caller's, or one of `storage_class` made with options.

    Args:
        storage: Where crashes are read; it stays the caller's. Default: a new one, which the
            service closes.
        **options: Of the new one.

    Raises:
        ConfigurationError: Both a storage and options are given, or neither would do.
    """

    storage_class: ClassVar[Callable[..., CrashStorageBase] | None] = None

    def __init__(self, storage: CrashStorageBase | None = None, **options: Any) -> None:
        self._owned = storage is None
        self.storage = self._own_storage(options) if storage is None else storage
        if storage is not None and options:
            name = type(self).__name__
            raise ConfigurationError(f"{name} takes a storage or options, not both: {[*options]}")

    def _own_storage(self, options: dict[str, Any]) -> CrashStorageBase:
        make = type(self).storage_class
        if make is None:
            raise ConfigurationError(f"{type(self).__name__} needs a storage")
        return make(**options)

    def close(self) -> None:
        """Close the storage if the service made it."""
        if self._owned:
            self.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()


class CrashDataBase(ServiceBase):
    """The service `crash_data`: a crash's dump, annotations or processed crash.

    Args:
        storage: Where crashes are read; see `ServiceBase`.
        priority_jobs: Is told of crashes that are asked for and not processed yet. Default: none.
        **options: Of a storage that is made here.
    """

    def __init__(
        self,
        storage: CrashStorageBase | None = None,
        *,
        priority_jobs: PriorityJobs | None = None,
        **options: Any,
    ) -> None:
        super().__init__(storage, **options)
        self._priority_jobs = priority_jobs

    def get(
        self, uuid: str | None = None, datatype: str | None = None, name: str | None = None
    ) -> Any:
        """Return a part of a crash.

        Args:
            uuid: The crash ID.
            datatype: "raw": a dump, as `(bytes, media type)`; "meta": the raw crash; "processed":
                the processed crash, redacted; "unredacted": all of it.
            name: Of "raw": which dump; None and '' mean the main one.

        Raises:
            MissingArgumentError, BadArgumentError: `uuid` or `datatype` is missing, or one of the
                three cannot be used.
            ResourceNotFound: There is no such thing; also a CrashIDNotFound.
            ResourceUnavailable: The crash is not processed yet; `priority_jobs` was told.
            CorruptCrash, StorageUnavailable, StorageIOError: As the storage raises them.
        """
        try:
            found = read_crash_data(self.storage, uuid, datatype, name)
        except ResourceNotFound as error:
            if datatype in ("processed", "unredacted"):
                self._ask_for_processing(error.crash_id)
            raise
        return (found, DUMP_TYPE) if datatype == "raw" else found

    def _ask_for_processing(self, crash_id: str) -> None:
        if self._priority_jobs is None:
            return
        try:
            self.storage.get_raw_crash(crash_id)
        except CrashIDNotFound:
            return
        self._priority_jobs.create(crash_id)
        raise ResourceUnavailable(crash_id) from None


class CrashServiceBase(ServiceBase):
    """The service `crash`: the fields of a crash's report."""

    def get(self, uuid: str | None = None) -> dict[str, Any]:
        """Return the fields that `REPORT_FIELDS` names; one that is missing or redacted is None.

        Raises:
            MissingArgumentError, BadArgumentError: `uuid` is missing or is no crash ID.
            ResourceNotFound: There is no such report; also a CrashIDNotFound.
            CorruptCrash, StorageUnavailable, StorageIOError: As the storage raises them.
        """
        crash_id = _checked_uuid(uuid)
        try:
            return self._report(crash_id)
        except CrashIDNotFound as error:
            raise _unplaced(error) from None

    def _report(self, crash_id: str) -> dict[str, Any]:
        """Return the fields, redacted, or raise CrashIDNotFound; here: from the processed crash."""
        processed_crash = self.storage.get_processed(crash_id)
        return {field: processed_crash.get(key) for key, field in REPORT_FIELDS.items()}


def read_crash_data(
    storage: CrashStorageBase, uuid: str | None, datatype: str | None, name: str | None
) -> Any:
    """Return what `CrashDataBase.get` reads; a dump as bytes.

    Raises:
        MissingArgumentError, BadArgumentError: As `CrashDataBase.get`.
        ResourceNotFound: There is no such thing.
    """
    crash_id = _checked_uuid(uuid)
    getter = getattr(storage, _GETTERS[_checked_datatype(datatype)])
    arguments = (_checked_name(name),) if datatype == "raw" else ()
    try:
        return getter(crash_id, *arguments)
    except CrashIDNotFound as error:
        raise _unplaced(error) from None


def _unplaced(error: CrashIDNotFound) -> ResourceNotFound:
    """Return the error without buckets, tables and directories: outsiders get to see it."""
    return ResourceNotFound(error.crash_id, error.kind, "this service")


def _checked_uuid(uuid: object) -> str:
    if uuid is None or uuid == "":
        raise MissingArgumentError("uuid")
    try:
        return check_crash_id(uuid)
    except InvalidCrashID as error:
        raise BadArgumentError("uuid", uuid, str(error)) from error


def _checked_datatype(datatype: object) -> str:
    if datatype is None or datatype == "":
        raise MissingArgumentError("datatype")
    if isinstance(datatype, str) and datatype in _GETTERS:
        return datatype
    raise BadArgumentError("datatype", datatype, f"known are {', '.join(_GETTERS)}")


def _checked_name(name: object) -> str | None:
    try:
        return check_stored_dump_name(name) if name else None
    except InvalidDumpName as error:
        raise BadArgumentError("name", name, str(error)) from error
