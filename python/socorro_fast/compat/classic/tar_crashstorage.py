"""Tar archives, for what processed crashes were kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from socorro_fast import fs
from socorro_fast.compat.classic.crashstorage_base import CrashStorageBase
from socorro_fast.errors import CrashIDNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from socorro_fast.compat.classic.dotdict import DotDict


class TarFileWritingCrashStore(CrashStorageBase, fs.TarFileWritingCrashStore):
    """Writes crashes into the new archive `tarball_name`, which is there when it is closed."""


class TarFileCrashStore(TarFileWritingCrashStore):
    """`TarFileWritingCrashStore` with the default name of 2015."""

    classic_defaults: ClassVar[Mapping[str, Any]] = {"tarball_name": "fred.tar"}


class TarFileSequentialReadingCrashStore(CrashStorageBase, fs.TarFileSequentialReadingCrashStore):
    """Reads crashes from the archive `tarball_name`, by ID or one after the other."""

    _sequence: Iterator[str] | None = None

    def get_unredacted_processed(self, crash_id: str) -> DotDict:
        """Return a processed crash: that of `crash_id`, or the next if the archive has no such ID.

        Raises:
            CrashIDNotFound: There is no next one.
            CorruptCrash: There may have been more: the archive is damaged there.
        """
        if crash_id not in self._crashes:
            crash_id = self._next(crash_id)
        return super().get_unredacted_processed(crash_id)

    def _next(self, asked_for: str) -> str:
        self._check_open()
        with self._lock:
            if self._sequence is None:
                self._sequence = (
                    crash_id for crash_id, crash in self._crashes.items() if crash.processed
                )
            crash_id = next(self._sequence, None)
        if crash_id is None:
            self._check_whole()
            raise CrashIDNotFound(asked_for, "next processed crash", str(self.options.tarball_name))
        return crash_id
