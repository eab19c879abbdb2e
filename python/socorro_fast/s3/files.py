"""Dumps of a crash into files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socorro_fast.dumps import (
    FileDumpsMapping,
    check_stored_dump_name,
    staged_file,
    temporary_path,
)
from socorro_fast.errors import CrashIDNotFound

if TYPE_CHECKING:
    from pathlib import Path

    from socorro_fast.s3.options import S3Options
    from socorro_fast.s3.parts import CrashParts


class DumpFiles:
    """Files for the dumps of a crash, in the option `temp_path`.

    Args:
        options: Of the storage.
        crash_id: Which crash.
    """

    def __init__(self, options: S3Options, crash_id: str) -> None:
        self._options = options
        self._crash_id = crash_id

    def fetch(self, parts: CrashParts) -> FileDumpsMapping:
        """Write every dump into its file; leave none if one of them fails."""
        written: list[Path] = []

        def fetch_one(name: str) -> str | None:
            path = self._path(name)
            try:
                with staged_file(path) as file:
                    parts.get_dump_into(name, file)
            except CrashIDNotFound:
                return None
            written.append(path)
            return str(path)

        try:
            return FileDumpsMapping(parts.all_dumps(fetch_one))
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise

    def _path(self, name: str) -> Path:
        options = self._options
        part = check_stored_dump_name(name)
        return temporary_path(options.temp_path, self._crash_id, part, options.dump_file_suffix)
