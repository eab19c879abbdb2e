"""Crashes from a tar archive; `tar_writing` says what lies in it."""

from __future__ import annotations

import gzip
import io
import logging
import re
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_crash_id, check_day
from socorro_fast.claims import ClaimQueue
from socorro_fast.codec import get_codec
from socorro_fast.crash_id import is_valid
from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping, check_stored_dump_name
from socorro_fast.errors import (
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    InvalidDumpName,
    shown,
)
from socorro_fast.fork_safe import ForkSafeLock
from socorro_fast.fs.archive import KEPT, ArchiveReader, Extent
from socorro_fast.options import CodecName, StorageOptions

if TYPE_CHECKING:
    import datetime as dt
    import tarfile
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

_PROCESSED_MAX = 2 << 30
_MEMBER = re.compile(r"(?P<id>.{36})(?:\.(?P<dump>.+))?\.(?P<kind>json|jsonz|dump)", re.DOTALL)


class TarReadingOptions(StorageOptions):
    """Options of `TarFileSequentialReadingCrashStore`."""

    tarball_name: Path = Field(description="the archive to read")
    codec: CodecName = Field(default="orjson", description="how JSON is read")
    temp_path: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="where get_raw_dumps_as_files writes",
    )


@dataclass(slots=True)
class _Crash:
    raw: Extent | None = None
    processed: Extent | None = None
    dumps: dict[str, Extent | None] = field(default_factory=dict)

    def has_any(self) -> bool:
        return any((self.raw, self.processed, *self.dumps.values()))


class TarFileSequentialReadingCrashStore(CrashStorageBase):
    """Reads crashes from an archive, by ID or one after the other.

    The archive is looked through once, when it is opened, for where everything is; that takes about
    a kilobyte of memory for each crash. `new_crashes` yields the IDs in the order of the archive,
    which cannot be changed: an acknowledgement counts for this instance only. Archives of other
    writers are read too, directories in member names are ignored. Options: `TarReadingOptions`.

    Of an archive that is damaged or ends early, what lies before that is read. The crash that it
    ends in may have lost a part: it is neither listed nor queued, and whatever of it is not there
    is `CorruptCrash`, as is every crash that is not there. A writer lays the parts of a crash
    together, or nothing can tell which crashes are whole.

    Raises:
        CorruptCrash: It is no archive, compressed, or damaged before anything that is whole. From
            `list_crashes` and `new_crashes`: after the last crash, it is damaged there.
        StorageIOError: It cannot be read.
    """

    Options: ClassVar[type[StorageOptions]] = TarReadingOptions
    options: TarReadingOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._archive = ArchiveReader(self.options.tarball_name)
        self._crashes: dict[str, _Crash] = {}
        self._queue = ClaimQueue()
        self._lock = ForkSafeLock()
        self._damage = ""
        self._cut_in = ""
        try:
            self._look_through()
        except BaseException:
            self._archive.close()
            raise

    def _look_through(self) -> None:
        try:
            for member in self._archive.scan():
                self.quit_check()
                self._index(member)
        except CorruptCrash as error:
            if not any(crash.has_any() for crash in self._crashes.values()):
                raise
            self._note(error)
        else:
            self._cut_in = ""

    def _note(self, error: CorruptCrash) -> None:
        crashes, last = self._crashes.values(), self._crashes[self._cut_in]
        self._damage = error.why
        if last.has_any() and not any(crash.raw or crash.dumps for crash in crashes):
            self._cut_in = ""  # it is one of processed crashes, of one part each
        else:
            self._queue.drop(self._cut_in)
            self._damage += f"; of crash {self._cut_in}, there may have been more"
        logger.warning("%s is damaged: %s", self.options.tarball_name, self._damage)

    def _index(self, member: tarfile.TarInfo) -> None:
        match = _MEMBER.fullmatch(member.name.rpartition("/")[2])
        if not match or not is_valid(match["id"]):
            return
        if not member.isreg() or member.issparse() or not _can_name_dump(match["dump"]):
            logger.warning("%s of %s is no part of a crash", shown(member.name), self)
            return
        if match["id"] not in self._crashes:
            self._queue.add(match["id"])
        self._cut_in = match["id"]
        crash = self._crashes.setdefault(match["id"], _Crash())
        is_cut = self._archive.is_cut(member)
        extent = None if is_cut else Extent(member.offset_data, member.size)
        if match["kind"] == "dump":
            crash.dumps[match["dump"] or self.options.dump_field] = extent
        elif match["dump"] is None and match["kind"] == "jsonz":
            crash.processed = extent
        elif match["dump"] is None:
            crash.raw = extent
            if member.pax_headers.get(KEPT) is None:
                crash.dumps = {}

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as JSON."""
        return self._read(self._crash(crash_id).raw, crash_id, "raw crash")

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash."""
        return self._decoded(self.get_raw_crash_bytes(crash_id), f"{crash_id}.json")

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump."""
        dump = check_stored_dump_name(name) if name else self.options.dump_field
        return self._read(self._crash(crash_id).dumps.get(dump), crash_id, f"dump {dump!r}")

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash: all of them, or those named."""
        crash = self._crash(crash_id)
        if names is None and (crash.raw is None or crash_id == self._cut_in):
            raise self._not_found(crash_id, "crash")
        wanted = (
            crash.dumps if names is None else [name or self.options.dump_field for name in names]
        )
        return MemoryDumpsMapping((name, self.get_raw_dump(crash_id, name)) for name in wanted)

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Write the dumps of a crash into the option `temp_path`; the files are the caller's."""
        dumps = self.get_raw_dumps(crash_id)
        return dumps.as_file_dumps_mapping(crash_id, self.options.temp_path, ".dump")

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON."""
        packed = self._read(self._crash(crash_id).processed, crash_id, "processed crash")
        try:
            with gzip.open(io.BytesIO(packed)) as file:
                data = file.read(_PROCESSED_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise self._corrupt(f"{crash_id}.jsonz", str(error)) from error
        if len(data) > _PROCESSED_MAX:
            why = f"it expands to more than {_PROCESSED_MAX} bytes"
            raise self._corrupt(f"{crash_id}.jsonz", why)
        return data

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash."""
        return self._decoded(self.get_unredacted_processed_bytes(crash_id), f"{crash_id}.jsonz")

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, by date and ID; with `date`, those of that day."""
        self._check_open()
        day = check_day(date)
        end = "" if day is None else f"{day:%y%m%d}"
        ids = (each for each, crash in self._crashes.items() if crash.raw and each != self._cut_in)
        return self._listed(sorted(filter(lambda each: each.endswith(end), ids), key=_day_and_id))

    def _listed(self, crash_ids: list[str]) -> Iterator[str]:
        yield from crash_ids
        self._check_whole()

    def _check_whole(self) -> None:
        if self._damage:
            raise CorruptCrash(str(self.options.tarball_name), self._damage)

    def new_crashes(self) -> Iterator[str]:
        """Yield the IDs of all crashes, raw or processed, in the order of the archive."""
        self._check_open()
        with self._lock:
            end = self._queue.last
        return self._walk(end)

    def _walk(self, end: int) -> Iterator[str]:
        while True:
            self.quit_check()
            self._check_open()
            with self._lock:
                crash_id = self._queue.claim(end)
            if crash_id is None:
                break
            yield crash_id
        self._check_whole()

    def ack_crash(self, crash_id: str) -> str:
        """Take a crash out of the queue of this instance; return its ID."""
        check_crash_id(crash_id)
        with self._lock:
            self._queue.ack(crash_id)
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Give a crash back, for a later pass; return its ID."""
        check_crash_id(crash_id)
        with self._lock:
            self._queue.release(crash_id)
        return crash_id

    def close(self) -> None:
        """Close the archive; a second call does nothing."""
        if not self._closed:
            super().close()
            self._archive.close()

    def _crash(self, crash_id: str) -> _Crash:
        self._check_open()
        return self._crashes.get(check_crash_id(crash_id), _Crash())

    def _read(self, extent: Extent | None, crash_id: str, kind: str) -> bytes:
        if extent is None:
            raise self._not_found(crash_id, kind)
        return self._archive.read(extent)

    def _decoded(self, data: bytes, member: str) -> dict[str, Any]:
        try:
            found = self._codec.loads(data)
        except ValueError as error:
            raise self._corrupt(member, str(error)) from error
        if not isinstance(found, dict):
            raise self._corrupt(member, f"it is a JSON {type(found).__name__}, not an object")
        return found

    def _corrupt(self, member: str, why: str) -> CorruptCrash:
        return CorruptCrash(f"{self.options.tarball_name}/{member}", why)

    def _not_found(self, crash_id: str, kind: str) -> CrashStorageError:
        if crash_id == self._cut_in or crash_id not in self._crashes:
            self._check_whole()
        return CrashIDNotFound(crash_id, kind, str(self.options.tarball_name))


def _can_name_dump(name: str | None) -> bool:
    try:
        return name is None or bool(check_stored_dump_name(name))
    except InvalidDumpName:
        return False


def _day_and_id(crash_id: str) -> tuple[str, str]:
    return crash_id[-6:], crash_id
