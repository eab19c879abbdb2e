"""Radix trees with a queue: where collectors put crashes for others to fetch."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import _rust
from socorro_fast.crash_id import date_of
from socorro_fast.errors import CrashStorageError
from socorro_fast.fs.options import FSDatedOptions, FSOptions, FSTemporaryOptions
from socorro_fast.fs.radix import FSLegacyRadixTreeStorage, FSRadixTreeStorage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

_BATCH = 1000


class FSDatedRadixTreeStorage(FSRadixTreeStorage):
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

    def new_crashes(self) -> Iterator[str]:
        """Yield the IDs of queued crashes; the pass ends with what is queued while it runs.

        A crash may have been removed since it was queued: then its gets say so, and it is to be
        acknowledged like any other.

        Raises:
            StorageIOError: The queue cannot be read.
        """
        self._check_open()
        return self._pass(self._tree)

    def _pass(self, tree: _rust.RadixTree) -> Iterator[str]:
        queue = _rust.QueuePass(tree, self._second())
        try:
            while batch := self._next_batch(tree, queue):
                yield from self._hand_out(tree, batch)
        finally:
            queue.close()

    def _next_batch(self, tree: _rust.RadixTree, queue: _rust.QueuePass) -> list[str]:
        self.quit_check()
        self._check_pass(tree)
        crash_ids, notes = queue.next_batch(_BATCH)
        for note in notes:
            logger.warning("%s in the queue of %s", note, self.options.fs_root)
        return crash_ids

    def _hand_out(self, tree: _rust.RadixTree, crash_ids: list[str]) -> Iterator[str]:
        advance = self.options.ack == "advance"
        left = iter(crash_ids)
        try:
            for crash_id in left:
                self.quit_check()
                self._check_pass(tree)
                if advance:
                    yield from self._advance(tree, crash_id)
                else:
                    yield crash_id
        finally:
            for crash_id in left:
                tree.release(crash_id)

    def _advance(self, tree: _rust.RadixTree, crash_id: str) -> Iterator[str]:
        try:
            yield crash_id
        except BaseException:
            # The consumer has not asked for the next: this one is not done with.
            tree.release(crash_id)
            raise
        self._acknowledge(tree, crash_id)

    def _check_pass(self, tree: _rust.RadixTree) -> None:
        self._check_open()
        if tree is self._tree:
            return
        raise CrashStorageError("a pass over the queue cannot go on in the child of a fork")

    def ack_crash(self, crash_id: str) -> str:
        """Take a crash that was handed out off the queue, and return its ID. Any thread may call.

        Raises:
            InvalidCrashID: It is none.
            StorageIOError: The disk refused; the crash stays queued.
        """
        self._check_open()
        self._acknowledge(self._tree, crash_id)
        return crash_id

    def _acknowledge(self, tree: _rust.RadixTree, crash_id: str) -> None:
        if not tree.ack(crash_id, self._second()):
            logger.debug("%s is acknowledged, but not in this storage's hands", crash_id)

    def release_crash(self, crash_id: str) -> str:
        """Give back a crash that was handed out, for a later pass, and return its ID.

        Raises:
            InvalidCrashID: It is none.
        """
        self._check_open()
        self._tree.release(crash_id)
        return crash_id


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
