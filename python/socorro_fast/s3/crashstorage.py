"""Crashes in S3 and in what is compatible with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.checks import (
    check_crash_id,
    check_day,
    check_dump_names,
    check_raw_crash,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.dumps import (
    Dump,
    FileDumpsMapping,
    MemoryDumpsMapping,
    check_dump_file,
    check_stored_dump_name,
    normalise_dumps,
)
from socorro_fast.s3.base import S3StorageBase
from socorro_fast.s3.connection_context import RegionalS3ConnectionContext, S3ConnectionContext
from socorro_fast.s3.files import DumpFiles
from socorro_fast.s3.key_builders import PROCESSED_CRASH, RAW_CRASH
from socorro_fast.s3.listing import Listing
from socorro_fast.s3.parts import CrashParts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from socorro_fast.s3.connection import Page


class BotoCrashStorage(S3StorageBase):
    """Crashes in a bucket, an object for each part. Options: `S3Options`.

    A first save shows when it is complete: the raw crash is written last, and no dump is read
    without it. A replacement goes object by object, the raw crash after the dumps; dumps that are
    no longer wanted go after it. The parts of a crash are moved at once, by threads.

    Safe to share between threads; a child of a fork may go on using it.

    Raises:
        ConfigurationError: An option is wrong, or boto3 is not installed.
    """

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps.

        Args:
            raw_crash: The annotations: a dict of JSON values.
            dumps: Name -> bytes-like, or the path of a regular file, which is read piece by piece.
                None leaves stored dumps as they are, an empty mapping removes them.
            crash_id: Its ID.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: A file cannot be read.
            StorageUnavailable: The store does not answer or refuses. A first save shows nothing; of
                a replacement, each object is the old one or the new one.
        """
        self._check_open()
        raw = self._codec.dumps(check_raw_crash(raw_crash))
        checked = self._checked_dumps(dumps)
        self._write(crash_id, lambda parts: parts.save_raw(raw, checked), saves=True)

    def _checked_dumps(self, dumps: object) -> dict[str, Dump] | None:
        checked = normalise_dumps(dumps, self.options.dump_field)
        if checked is None:
            return None
        for _, dump in checked:
            if isinstance(dump, str):
                check_dump_file(dump)
        return dict(checked)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash under its `uuid`, else its `crash_id`.

        Raises:
            InvalidCrashID, InvalidCrash: Nothing was touched.
            StorageUnavailable: The store does not answer or refuses.
        """
        self._check_open()
        crash_id = processed_crash_id(processed_crash)
        self._save(PROCESSED_CRASH, self._codec.dumps(processed_crash), crash_id)

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both, the raw crash first.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: A file cannot be read.
            StorageUnavailable: The store does not answer or refuses; the raw crash may be saved.
        """
        check_same_crash(processed_crash, crash_id)
        processed = self._codec.dumps(processed_crash)
        BotoCrashStorage.save_raw_crash(self, raw_crash, dumps, crash_id)
        self._save(PROCESSED_CRASH, processed, crash_id)

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as stored: JSON.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            StorageUnavailable: The store does not answer or refuses.
        """
        return self._get_thing(RAW_CRASH, "raw crash", crash_id)

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: It is no JSON object.
            StorageUnavailable: The store does not answer or refuses.
        """
        return self._decoded(self.get_raw_crash_bytes(crash_id), RAW_CRASH, crash_id)

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump.

        Raises:
            CrashIDNotFound: There is no such dump.
            CorruptCrash: It is listed, but not there.
            StorageUnavailable: The store does not answer or refuses.
        """
        (dump,) = self.get_raw_dumps(crash_id, [name]).values()
        return dump

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash by name: all of them, or those named.

        Raises:
            CrashIDNotFound: There is no such raw crash, or no dump of a given name.
            CorruptCrash: A dump is listed, but not there.
            StorageUnavailable: The store does not answer or refuses.
        """
        given = check_dump_names(names)
        wanted = None if given is None else [self._dump_name(name) for name in given]
        found = self._read(
            crash_id,
            lambda parts: (
                parts.all_dumps(parts.get_dump)
                if wanted is None
                else parts.named_dumps(wanted, parts.get_dump)
            ),
        )
        return MemoryDumpsMapping(found)

    def _dump_name(self, given: object) -> str:
        if given is None or given == "":
            return self.options.dump_field
        return check_stored_dump_name(given)

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Write the dumps of a crash into the option `temp_path`, piece by piece.

        The files are the caller's to remove. `<crash_id>.<name>.TEMPORARY<dump_file_suffix>`
        appears complete and replaces an older one of that name.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: A dump is listed, but not there.
            StorageIOError: A file cannot be written.
            StorageUnavailable: The store does not answer or refuses; no file is left.
        """
        check_crash_id(crash_id)
        return self._read(crash_id, DumpFiles(self.options, crash_id).fetch)

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            StorageUnavailable: The store does not answer or refuses.
        """
        return self._get_thing(PROCESSED_CRASH, "processed crash", crash_id)

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            CorruptCrash: It is no JSON object.
            StorageUnavailable: The store does not answer or refuses.
        """
        data = self.get_unredacted_processed_bytes(crash_id)
        return self._decoded(data, PROCESSED_CRASH, crash_id)

    def remove(self, crash_id: str) -> None:
        """Remove a crash: raw, dumps and processed, in every layout that is read.

        Raises:
            CrashIDNotFound: There is nothing of such a crash.
            StorageUnavailable: The store does not answer or refuses. Removing again goes on.
        """
        self._write(crash_id, CrashParts.remove)

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, by date and ID; with `date`, those of that day.

        A layout without dates is searched from its beginning to its end for that.

        Raises:
            StorageUnavailable: The store does not answer or refuses.
        """
        self._check_open()
        listing = Listing(self._page, self._keys)
        day = check_day(date)
        return listing.all() if day is None else listing.of_day(day)

    def _page(self, prefix: str, delimiter: str, token: str | None) -> Page:
        return self._run(
            self._reading, lambda connection: connection.page(prefix, delimiter, token)
        )


class BotoS3CrashStorage(BotoCrashStorage):
    """Crashes in Amazon's S3, in one region. Options: `S3Options`."""

    resource_class: ClassVar[type[S3ConnectionContext]] = RegionalS3ConnectionContext
