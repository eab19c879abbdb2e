"""Segments: crashes in append-only files, for collectors that have many to save."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import _rust
from socorro_fast.checks import check_batch, check_day, check_raw_crash, check_same_crash
from socorro_fast.errors import ConfigurationError, CorruptCrash, CrashStorageError
from socorro_fast.fork_safe import renew_in_children
from socorro_fast.fs.arguments import dumps_argument
from socorro_fast.fs.queue import FSQueue
from socorro_fast.fs.segment_options import FSSegmentOptions
from socorro_fast.fs.storage import FSStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from socorro_fast.dumps import FileDumpsMapping
    from socorro_fast.fs.arguments import RustDumps

logger = logging.getLogger(__name__)

_BATCH = 1000


class FSSegmentStorage(FSQueue, FSStorage):
    """Crashes appended to a few files a day, with an index in memory.

    For what a busy collector does: a save is one write, savers that wait for the disk share their
    syncs, a drained queue is a cursor, and a day is removed with a few files. What lies where is
    described in `docs/on-disk-segments.md`. Any number of threads and processes may share a root on
    a local file system. Options: `FSSegmentOptions`.

    Raises:
        ConfigurationError: An option is wrong; `fs_root` is on a network file system, holds a
            radix tree, or was written by a later release.
        StorageIOError: `fs_root` can be neither opened nor made.
    """

    Options: ClassVar[type[FSSegmentOptions]] = FSSegmentOptions
    options: FSSegmentOptions
    tree_family: ClassVar[str | None] = "segments"

    _tree: _rust.SegmentStore

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tree = self._open()
        renew_in_children(self)

    def _open(self) -> _rust.SegmentStore:
        options = self.options
        file_mode, dir_mode = options.modes()
        return _rust.SegmentStore(
            options.fs_root,
            dump_field=options.dump_field,
            file_mode=file_mode,
            dir_mode=dir_mode,
            sync=options.durability == "disk",
            segment_bytes=options.segment_bytes,
            compression=options.compression_level(),
            sync_interval=round(options.sync_interval * 1e6),
            keep_free=options.keep_free,
            max_open=options.max_open_segments,
            allow_network=options.allow_network,
        )

    @property
    def fs_root(self) -> Path:
        """The root of the storage, absolute."""
        return self._tree.path

    def _put_raw(
        self, crash_id: str, raw_crash: bytes, dumps: RustDumps | None, *, queue: bool
    ) -> None:
        self._tree.save(crash_id, raw_crash, dumps, None, queue)

    def _put_many(self, items: list[Any]) -> list[CrashStorageError | None]:
        return self._tree.save_many(items)

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both, in one piece, without queueing the crash.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; what was stored before is still there.
        """
        self._check_open()
        check_same_crash(processed_crash, crash_id)
        raw = self._codec.dumps(check_raw_crash(raw_crash))
        checked = dumps_argument(dumps, self.options)
        self._tree.save(crash_id, raw, checked, self._processed_codec.dumps(processed_crash), False)  # noqa: FBT003

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Write the dumps of a crash into the option `temp_path`; the files are the caller's.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: A dump is damaged.
            StorageIOError: A dump cannot be read, or not be written.
        """
        dumps = self.get_raw_dumps(crash_id)
        return dumps.as_file_dumps_mapping(crash_id, self.options.temp_path, ".dump")

    def _corrupt(self, crash_id: str, at: int, why: str) -> CorruptCrash:
        kind = "raw" if at == 1 else "processed"
        return CorruptCrash(str(self.fs_root), f"the {kind} crash of {crash_id}: {why}")

    def remove(self, crash_id: str) -> None:
        """Remove a crash and nothing else: raw, dumps and processed.

        Raises:
            CrashIDNotFound: There is nothing of such a crash.
            StorageIOError: The disk refused.
        """
        self._check_open()
        self._tree.remove(crash_id)

    def _remove_many(self, crash_ids: list[str]) -> list[CrashStorageError | None]:
        return self._tree.remove_many(crash_ids)

    def _start_pass(self, tree: _rust.SegmentStore) -> _rust.SegmentPass:
        return _rust.SegmentPass(tree)

    def _ack(self, tree: _rust.SegmentStore, crash_id: str) -> bool:
        return tree.ack(crash_id)

    def ack_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Acknowledge crashes with one write for many, which is much faster than one by one.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        self._check_open()
        wanted = list(check_batch(crash_ids))
        try:
            self._tree.ack_many(wanted)
        except CrashStorageError:
            # Which of them it is about shows one by one; acknowledging twice does no harm.
            return super().ack_many(wanted)
        return [None] * len(wanted)

    def prune(self, date: dt.date) -> bool:
        """Remove all crashes of a day, queued ones too, by removing its few files.

        Returns:
            Whether there were any.

        Raises:
            StorageIOError: The disk refused, or files that are not ours are in the day's directory.
        """
        self._check_open()
        return self._tree.prune(int(f"{date:%Y%m%d}"))

    def compact(self, date: dt.date, dead_percent: int = 50) -> int:
        """Rewrite segments of a day without what was removed or replaced in them.

        Removing gives most of the space back by itself; this takes the rest, and the files.

        Args:
            date: The day.
            dead_percent: Segments are rewritten of whose bytes at least so many in a hundred count
                no more, 1 to 100. Those that still have queued crashes are left alone.

        Returns:
            How many bytes were not worth keeping.

        Raises:
            CorruptCrash: What is to be kept is damaged; its segment was left as it is.
            ConfigurationError: `dead_percent` is not 1 to 100.
            StorageIOError: The disk refused; nothing was lost.
        """
        self._check_open()
        if not 1 <= dead_percent <= 100:  # noqa: PLR2004 - in a hundred
            raise ConfigurationError(f"dead_percent is 1 to 100, not {dead_percent!r}")
        return self._tree.compact(int(f"{date:%Y%m%d}"), dead_percent)[1]

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, by date and ID; with `date`, those of that day.

        What is neither ours nor readable below `fs_root` is left alone, and logged.
        """
        self._check_open()
        day = check_day(date)
        return self._listed(self._tree.days() if day is None else [int(f"{day:%Y%m%d}")])

    def _listed(self, days: Iterable[int]) -> Iterator[str]:
        for day in days:
            yield from self._list_day(day)

    def days(self) -> list[dt.date]:
        """Return the days of which there is anything, ascending."""
        self._check_open()
        return [dt.datetime.strptime(str(day), "%Y%m%d").date() for day in self._tree.days()]  # noqa: DTZ007 - a date only

    def _list_day(self, day: int) -> Iterator[str]:
        last = None
        while batch := self._tree.list_day(day, last, _BATCH):
            self.quit_check()
            self._log_notes()
            yield from batch
            last = batch[-1]

    def _log_notes(self) -> None:
        for note in self._tree.take_notes():
            logger.warning("%s", note)

    def close(self) -> None:
        """Seal the open segments, give up claims on queued crashes; a second call does nothing."""
        if not self._closed:
            super().close()
            self._tree.close()
            self._log_notes()

    def renew_after_fork(self) -> None:
        """Let go of what is the parent's: segments, locks and claims."""
        parents, self._tree = self._tree, self._tree.renewed()
        # A pass that the child has a copy of keeps it from ending.
        parents.close()
