"""Radix trees with a queue: where collectors put crashes for others to fetch."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import _rust
from socorro_fast.crash_id import date_of
from socorro_fast.errors import CrashStorageError
from socorro_fast.fs.options import FSDatedOptions, FSOptions, FSTemporaryOptions
from socorro_fast.fs.queue import FSQueue
from socorro_fast.fs.radix import FSLegacyRadixTreeStorage, FSRadixTreeStorage

if TYPE_CHECKING:
    import datetime as dt

logger = logging.getLogger(__name__)


class FSDatedRadixTreeStorage(FSQueue, FSRadixTreeStorage):
    """Crashes in a radix tree, and a queue of those that are new.

    Beside each day's `name` branch a `date` branch holds a link to each new crash, by the minute
    and slice at which it was saved: `<YYYYMMDD>/date/<HH>/<MM>_<slice>/<crash_id>`. The crash's
    directory has a link back, `date_root`. Options: `FSDatedOptions`.

    `new_crashes` hands crashes out in the order of day, hour, minute, slice and ID. What was handed
    out and not acknowledged is handed out again once the consumer has closed the storage or died;
    two consumers never have the same crash at once.
    """

    Options: ClassVar[type[FSOptions]] = FSDatedOptions
    options: FSDatedOptions

    _dated = True

    def _second(self) -> int | None:
        if self.options.now is None:
            return None
        now = self.options.now().astimezone(UTC)
        return now.hour * 3600 + now.minute * 60 + now.second

    def _start_pass(self, tree: _rust.RadixTree) -> _rust.QueuePass:
        return _rust.QueuePass(tree, self._second())

    def _ack(self, tree: _rust.RadixTree, crash_id: str) -> bool:
        return tree.ack(crash_id, self._second())


class FSLegacyDatedRadixTreeStorage(FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage):
    """`FSDatedRadixTreeStorage` in the legacy layout: crashes share their radix directory.

    The link back has the crash ID for a name. What collectors of 2009 left, a directory each below
    the slots, is drained too. Options: `FSDatedOptions`.
    """


class FSTemporaryStorage(FSLegacyDatedRadixTreeStorage):
    """`FSLegacyDatedRadixTreeStorage` with day directories that come round: `DD`, day of the month.

    When a save meets the first crash of a date, what another month left in its directory is
    removed, unless it is queued or changed within `recycle_after` seconds. Options:
    `FSTemporaryOptions`.
    """

    Options: ClassVar[type[FSOptions]] = FSTemporaryOptions
    options: FSTemporaryOptions

    _day_of_month = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._recycled: dict[int, dt.date] = {}

    def _save_raw(self, raw_crash: object, dumps: object, crash_id: str, *, queue: bool) -> None:
        super()._save_raw(raw_crash, dumps, crash_id, queue=queue)
        date = date_of(crash_id)
        if self._recycled.get(date.day) != date:
            self._recycled[date.day] = date
            self._recycle(crash_id)

    def _recycle(self, crash_id: str) -> None:
        # The crash is saved: what goes wrong with last month's must not make it look otherwise.
        try:
            removed = self._tree.recycle(crash_id, self.options.recycle_after)
        except CrashStorageError as error:
            logger.warning("cannot clear %s of other months: %s", self.options.fs_root, error)
        else:
            logger.info("cleared %s of %d crashes of other months", self.options.fs_root, removed)


FSDatedPermanentStorage = FSLegacyDatedRadixTreeStorage
