"""What storages with their crashes in Rust have in common: saving and reading one crash."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.checks import (
    check_dump_names,
    check_raw_crash,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.codec import get_codec, iso_text
from socorro_fast.dumps import MemoryDumpsMapping
from socorro_fast.fs.arguments import dumps_argument, name_argument
from socorro_fast.fs.batches import FSBatches
from socorro_fast.fs.options import FSJsonOptions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from socorro_fast.errors import CorruptCrash


class FSStorage(FSBatches):
    """Saves and reads crashes; how they lie on the disk is known to `_tree`."""

    Options: ClassVar[type[FSJsonOptions]] = FSJsonOptions
    options: FSJsonOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._processed_codec = get_codec(self.options.codec, self._date_text)

    def _date_text(self, date: dt.date) -> str:  # in processed crashes
        return iso_text(date)

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps.

        Args:
            raw_crash: The annotations: a dict of JSON values.
            dumps: Name -> bytes-like, or the path of a regular file, which is copied. None leaves
                stored dumps as they are, an empty mapping removes them.
            crash_id: Its ID.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; what was stored before is still there.
        """
        self._save_raw(raw_crash, dumps, crash_id, queue=True)

    def _save_raw(self, raw_crash: object, dumps: object, crash_id: str, *, queue: bool) -> None:
        self._check_open()
        raw = self._codec.dumps(check_raw_crash(raw_crash))
        dumps = dumps_argument(dumps, self.options)
        self._put_raw(crash_id, raw, dumps, queue=queue)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash under its `uuid`, else its `crash_id`.

        Raises:
            InvalidCrashID, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; what was stored before is still there.
        """
        self._check_open()
        crash_id = processed_crash_id(processed_crash)
        self._tree.save_processed(crash_id, self._processed_codec.dumps(processed_crash))

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both, the raw crash first, without queueing the crash.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; the raw crash may be saved already.
        """
        check_same_crash(processed_crash, crash_id)
        processed = self._processed_codec.dumps(processed_crash)
        self._save_raw(raw_crash, dumps, crash_id, queue=False)
        self._tree.save_processed(crash_id, processed)

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as stored: JSON.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            StorageIOError: It cannot be read.
        """
        self._check_open()
        return self._tree.get_raw_crash(crash_id)

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: It is no JSON object.
            StorageIOError: It cannot be read.
        """
        self._check_open()
        return self._decode(self._tree.get_raw_crash(crash_id), crash_id, at=1)

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump; None and '' mean the main dump.

        Raises:
            CrashIDNotFound: There is no such dump.
            StorageIOError: It cannot be read.
        """
        self._check_open()
        return self._tree.get_raw_dump(crash_id, name_argument(name))

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash by name: all of them, or those named, which is faster.

        Raises:
            CrashIDNotFound: There is no such raw crash, or no dump of a given name.
            StorageIOError: A dump cannot be read.
        """
        self._check_open()
        given = check_dump_names(names)
        wanted = None if given is None else [name_argument(name) for name in given]
        return MemoryDumpsMapping(self._tree.get_raw_dumps(crash_id, wanted))

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            CorruptCrash: It is no gzip, or damaged.
        """
        self._check_open()
        return self._tree.get_processed(crash_id)

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash.

        Raises:
            CrashIDNotFound: There is no such processed crash.
            CorruptCrash: It is damaged, or no JSON object.
        """
        return self._decode(self.get_unredacted_processed_bytes(crash_id), crash_id, at=2)

    def _decode(self, data: bytes, crash_id: str, *, at: int) -> dict[str, Any]:
        try:
            found = self._codec.loads(data)
        except ValueError as error:
            raise self._corrupt(crash_id, at, str(error)) from error
        if not isinstance(found, dict):
            raise self._corrupt(crash_id, at, f"it is a JSON {type(found).__name__}, not an object")
        return found

    @abstractmethod
    def _corrupt(self, crash_id: str, at: int, why: str) -> CorruptCrash: ...
