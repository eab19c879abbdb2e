"""Crashes into a tar archive.

A crash is `<crash_id>.json` (the raw crash), followed by `<crash_id>.dump` (the main dump) and
`<crash_id>.<name>.dump`, and `<crash_id>.jsonz` (the processed crash, gzip). Of what is there
twice, the last counts; a raw crash ends the dumps of the one before, unless its pax header
`socorro_fast.dumps` says "kept".
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_crash_id, check_raw_crash, check_same_crash
from socorro_fast.checks import processed_crash_id as id_of
from socorro_fast.codec import get_codec
from socorro_fast.dumps import normalise_dumps
from socorro_fast.fs.archive import ArchiveWriter, NewMember
from socorro_fast.options import CodecName, StorageOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


class TarWritingOptions(StorageOptions):
    """Options of `TarFileWritingCrashStore`."""

    tarball_name: Path = Field(
        default_factory=lambda: Path(f"{datetime.now(UTC):%Y%m%d}.tar"),
        description="the archive to make; default: today's date, YYYYMMDD.tar",
    )
    codec: CodecName = Field(default="orjson", description="how JSON is written")
    compression_level: int = Field(
        default=6, ge=0, le=9, description="gzip level of processed crashes"
    )


class TarFileWritingCrashStore(CrashStorageBase):
    """Writes crashes into a new archive, which appears under its name, complete, when it is closed.

    Until then they lie in `.<name>.<random>.partial` beside it. An archive that exists is never
    written over. Threads may share it; a child of a fork cannot use it. Options:
    `TarWritingOptions`.

    Raises:
        StorageIOError: The archive exists or cannot be written. A save that failed left nothing.
    """

    Options: ClassVar[type[StorageOptions]] = TarWritingOptions
    options: TarWritingOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._archive = ArchiveWriter(self.options.tarball_name)

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Append a raw crash and its dumps."""
        self._check_open()
        self._archive.append(self._raw(raw_crash, dumps, crash_id))

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Append a processed crash."""
        self._check_open()
        self._archive.append([self._processed(processed_crash)])

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Append both."""
        self._check_open()
        check_same_crash(processed_crash, crash_id)
        raw = self._raw(raw_crash, dumps, crash_id)
        self._archive.append([*raw, self._processed(processed_crash)])

    def _raw(self, raw_crash: object, dumps: object, crash_id: str) -> list[NewMember]:
        check_crash_id(crash_id)
        found = normalise_dumps(dumps, self.options.dump_field)
        raw = self._codec.dumps(check_raw_crash(raw_crash))
        members = [NewMember(f"{crash_id}.json", raw, keeps_dumps=found is None)]
        for name, dump in found or ():
            part = "" if name == self.options.dump_field else f".{name}"
            members.append(NewMember(f"{crash_id}{part}.dump", dump))
        return members

    def _processed(self, processed_crash: dict[str, Any]) -> NewMember:
        crash_id = id_of(processed_crash)
        data = self._codec.dumps(processed_crash)
        packed = gzip.compress(data, self.options.compression_level, mtime=0)
        return NewMember(f"{crash_id}.jsonz", packed)

    def close(self) -> None:
        """Complete the archive and give it its name.

        Raises:
            StorageIOError: It cannot be completed, or its name is taken; the message says where
                the crashes are.
        """
        if not self._closed:
            super().close()
            self._archive.publish()
