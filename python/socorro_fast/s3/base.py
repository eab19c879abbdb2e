"""What the S3 storages have in common: a context, executors, and JSON in objects."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_crash_id
from socorro_fast.codec import get_codec
from socorro_fast.errors import CorruptCrash
from socorro_fast.fork_safe import renew_in_children
from socorro_fast.s3.connection_context import S3ConnectionContext
from socorro_fast.s3.keys import Keys
from socorro_fast.s3.missing import NoSuchBucketError
from socorro_fast.s3.options import S3Options
from socorro_fast.s3.parts import CrashParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.s3.connection import S3Connection
    from socorro_fast.transaction import TransactionExecutor

_R = TypeVar("_R")


class S3StorageBase(CrashStorageBase):
    """A storage in a bucket. Options: `S3Options`.

    Safe to share between threads; a child of a fork may go on using it.

    Raises:
        ConfigurationError: An option is wrong, or boto3 is not installed.
    """

    Options: ClassVar[type[S3Options]] = S3Options
    options: S3Options
    extra: ClassVar[str | None] = "s3"
    drivers: ClassVar[tuple[str, ...]] = ("boto3",)
    resource_class: ClassVar[type[S3ConnectionContext]] = S3ConnectionContext
    """Where connections come from, unless the option `resource_class` says otherwise."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._keys = Keys(self.options)
        self.connection_context = (self.options.resource_class or self.resource_class)(self.options)
        self._make_executors()
        renew_in_children(self)

    def _make_executors(self) -> None:
        self._closing = threading.Event()
        self._writing = self._executor()
        self._reading = self._executor(self.options.transaction_executor_class_for_get)

    def _executor(self, chosen: type[TransactionExecutor] | None = None) -> TransactionExecutor:
        return self.options.executor(
            self.connection_context,
            chosen,
            quit_check_callback=self.quit_check,
            quit_event=self._closing,
        )

    def _save(self, thing: str, data: bytes, crash_id: str) -> None:
        self._write(crash_id, lambda parts: parts.put(thing, data), saves=True)

    def _write(self, crash_id: str, work: Callable[[CrashParts], _R], *, saves: bool = False) -> _R:
        check_crash_id(crash_id)

        def write(connection: S3Connection) -> _R:
            parts = self._parts(connection, crash_id)
            try:
                return work(parts)
            except NoSuchBucketError:
                if not (saves and self.options.create_bucket):
                    raise
                connection.create_bucket()
                return work(parts)

        return self._run(self._writing, write)

    def _read(self, crash_id: str, work: Callable[[CrashParts], _R]) -> _R:
        check_crash_id(crash_id)
        return self._run(self._reading, lambda connection: work(self._parts(connection, crash_id)))

    def _run(self, executor: TransactionExecutor, work: Callable[[S3Connection], _R]) -> _R:
        self._check_open()
        return cast("_R", executor(work))

    def _parts(self, connection: S3Connection, crash_id: str) -> CrashParts:
        return CrashParts(connection, self._keys, crash_id, self.options)

    def _get_thing(self, thing: str, kind: str, crash_id: str) -> bytes:
        return self._read(crash_id, lambda parts: parts.get(thing, kind))

    def _decoded(self, data: bytes, thing: str, crash_id: str) -> dict[str, Any]:
        try:
            found = self._codec.loads(data)
        except ValueError as error:
            raise self._corrupt(thing, crash_id, str(error)) from error
        if not isinstance(found, dict):
            why = f"it is a JSON {type(found).__name__}, not an object"
            raise self._corrupt(thing, crash_id, why)
        return found

    def _corrupt(self, thing: str, crash_id: str, why: str) -> CorruptCrash:
        key = self._keys.of(thing, crash_id)[0]
        return CorruptCrash(f"{key!r} in {self.connection_context.place}", why)

    def close(self) -> None:
        """Close connections, and end the waits of those who try again; they get their error."""
        super().close()
        self._closing.set()
        self.connection_context.close()

    def renew_after_fork(self) -> None:
        """Leave the parent's waits to the parent."""
        self._make_executors()
