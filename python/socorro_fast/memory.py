"""Crashes in this process's memory: for tests, and as the plainest example of a storage."""

from __future__ import annotations

import tempfile
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import (
    check_crash_id,
    check_day,
    check_dump_names,
    check_raw_crash,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.claims import ClaimQueue
from socorro_fast.codec import get_codec
from socorro_fast.crash_id import date_of
from socorro_fast.dumps import (
    FileDumpsMapping,
    MemoryDumpsMapping,
    check_stored_dump_name,
    dump_bytes,
    normalise_dumps,
)
from socorro_fast.errors import CrashIDNotFound
from socorro_fast.fork_safe import ForkSafeLock
from socorro_fast.options import Ack, CodecName, StorageOptions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping


class InMemoryOptions(StorageOptions):
    """Options of `InMemoryCrashStorage`."""

    ack: Ack = Field(
        default="explicit",
        description="when a crash handed out is done with: at ack_crash, or at the next one",
    )
    codec: CodecName = Field(default="orjson", description="how JSON is written")
    temp_path: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="where get_raw_dumps_as_files writes",
    )
    dump_file_suffix: str = Field(
        default=".dump", description="what the names of those files end with"
    )


@dataclass(slots=True)
class _Crash:
    raw: bytes | None = None
    dumps: dict[str, bytes] = field(default_factory=dict)
    processed: bytes | None = None


class InMemoryCrashStorage(CrashStorageBase):
    """Keeps crashes in memory, as bytes: what a caller does to his objects later reaches nothing.

    It keeps every promise of the API that has no disk in it: safe for threads and over forks (the
    child goes on with a copy), with a queue that hands a crash to one consumer at a time.

    A pass of `new_crashes` ends with what was queued when it began. With `ack="advance"`, asking
    for the next crash acknowledges the one before.
    """

    Options: ClassVar[type[StorageOptions]] = InMemoryOptions
    options: InMemoryOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._crashes: dict[str, _Crash] = {}
        self._queue = ClaimQueue()
        self._lock = ForkSafeLock()

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps, and queue it."""
        raw, kept = self._encode_raw(raw_crash, dumps, crash_id)
        with self._lock:
            self._put_raw(crash_id, raw, kept)
            self._queue.add(crash_id)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash under its `uuid`, else its `crash_id`."""
        self._check_open()
        crash_id = processed_crash_id(processed_crash)
        processed = self._codec.dumps(processed_crash)
        with self._lock:
            self._crashes.setdefault(crash_id, _Crash()).processed = processed

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both at once, without queueing the crash."""
        check_same_crash(processed_crash, crash_id)
        raw, kept = self._encode_raw(raw_crash, dumps, crash_id)
        processed = self._codec.dumps(processed_crash)
        with self._lock:
            self._put_raw(crash_id, raw, kept).processed = processed

    def save_json(
        self,
        crash_id: str,
        raw_crash: bytes | None,
        dumps: Mapping[str, Any] | None,
        processed_crash: bytes | None,
        *,
        queue: bool,
    ) -> None:
        """Save JSON as it is, what is not None of it; `queue` says whether the crash is queued."""
        kept = self._check_save(dumps, crash_id)
        with self._lock:
            if raw_crash is not None:
                self._put_raw(crash_id, raw_crash, kept)
            if raw_crash is not None and queue:
                self._queue.add(crash_id)
            if processed_crash is not None:
                self._crashes.setdefault(crash_id, _Crash()).processed = processed_crash

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash."""
        raw_crash: dict[str, Any] = self._codec.loads(self.get_raw_crash_bytes(crash_id))
        return raw_crash

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as JSON."""
        raw = self._crash(crash_id).raw
        if raw is None:
            raise self._not_found(crash_id, "raw crash")
        return raw

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump."""
        (dump,) = self.get_raw_dumps(crash_id, [name]).values()
        return dump

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash: all of them, or those named."""
        crash = self._crash(crash_id)
        if (given := check_dump_names(names)) is not None:
            return MemoryDumpsMapping(self._named(crash_id, crash.dumps, name) for name in given)
        if crash.raw is None:
            raise self._not_found(crash_id, "crash")
        return MemoryDumpsMapping(crash.dumps)

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Write the dumps of a crash into the option `temp_path`; the files are the caller's."""
        dumps = self.get_raw_dumps(crash_id)
        return dumps.as_file_dumps_mapping(
            crash_id, self.options.temp_path, self.options.dump_file_suffix
        )

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash."""
        data = self.get_unredacted_processed_bytes(crash_id)
        processed_crash: dict[str, Any] = self._codec.loads(data)
        return processed_crash

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON."""
        processed = self._crash(crash_id).processed
        if processed is None:
            raise self._not_found(crash_id, "processed crash")
        return processed

    def remove(self, crash_id: str) -> None:
        """Remove a crash, from the queue too."""
        self._check_open()
        check_crash_id(crash_id)
        with self._lock:
            if self._crashes.pop(crash_id, None) is None:
                raise self._not_found(crash_id, "crash")
            self._queue.drop(crash_id)

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, by date and ID; with `date`, those of that day."""
        self._check_open()
        wanted = check_day(date)
        with self._lock:
            ids = [crash_id for crash_id, crash in self._crashes.items() if crash.raw is not None]
        dated = sorted((date_of(crash_id), crash_id) for crash_id in ids)
        return iter([crash_id for day, crash_id in dated if wanted in (None, day)])

    def new_crashes(self) -> Iterator[str]:
        """Yield the crash IDs that are queued now, oldest save first."""
        self._check_open()
        with self._lock:
            end = self._queue.last
        return self._walk(end)

    def _walk(self, end: int) -> Iterator[str]:
        while (crash_id := self._claim(end)) is not None:
            done = self.release_crash
            try:
                yield crash_id
                done = self.ack_crash
            finally:
                if self.options.ack == "advance":
                    done(crash_id)

    def _claim(self, end: int) -> str | None:
        self.quit_check()
        self._check_open()
        with self._lock:
            return self._queue.claim(end)

    def ack_crash(self, crash_id: str) -> str:
        """Say that a crash from `new_crashes` is done with, and return its ID.

        If it was saved again meanwhile, it is queued again now.
        """
        check_crash_id(crash_id)
        with self._lock:
            self._queue.ack(crash_id)
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Queue a crash from `new_crashes` again, for a later pass, and return its ID."""
        check_crash_id(crash_id)
        with self._lock:
            self._queue.release(crash_id)
        return crash_id

    def close(self) -> None:
        """Forget every crash."""
        super().close()
        with self._lock:
            self._crashes.clear()

    def _encode_raw(
        self, raw_crash: object, dumps: object, crash_id: str
    ) -> tuple[bytes, dict[str, bytes] | None]:
        kept = self._check_save(dumps, crash_id)
        return self._codec.dumps(check_raw_crash(raw_crash)), kept

    def _check_save(self, dumps: object, crash_id: str) -> dict[str, bytes] | None:
        self._check_open()
        check_crash_id(crash_id)
        options = self.options
        checked = normalise_dumps(dumps, options.dump_field, options.dump_file_suffix)
        return None if checked is None else {name: dump_bytes(d) for name, d in checked}

    def _put_raw(self, crash_id: str, raw: bytes, dumps: dict[str, bytes] | None) -> _Crash:
        crash = self._crashes.setdefault(crash_id, _Crash())
        crash.raw = raw
        crash.dumps = crash.dumps if dumps is None else dumps
        return crash

    def _crash(self, crash_id: str) -> _Crash:
        self._check_open()
        check_crash_id(crash_id)
        with self._lock:
            return copy(self._crashes.get(crash_id, _Crash()))

    def _named(
        self, crash_id: str, dumps: dict[str, bytes], given: str | None
    ) -> tuple[str, bytes]:
        name = check_stored_dump_name(given) if given else self.options.dump_field
        if name not in dumps:
            raise self._not_found(crash_id, f"dump {name!r}")
        return name, dumps[name]

    def _not_found(self, crash_id: str, kind: str) -> CrashIDNotFound:
        return CrashIDNotFound(crash_id, kind, type(self).__name__)
