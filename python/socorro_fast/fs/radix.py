"""Radix trees without a queue: where crashes stay."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import _rust
from socorro_fast.checks import check_raw_crash, check_same_crash, processed_crash_id
from socorro_fast.codec import get_codec, iso_text
from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping
from socorro_fast.errors import ConfigurationError, CorruptCrash
from socorro_fast.fork_safe import renew_in_children
from socorro_fast.fs.arguments import dumps_argument, name_argument
from socorro_fast.fs.batches import FSBatches
from socorro_fast.fs.options import FSOptions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_BATCH = 1000
# What wrote a tree, by what a sample of it shows and whether a queue is wanted.
_WRITTEN_BY = {
    ("leaf", False): "FSRadixTreeStorage",
    ("leaf", True): "FSDatedRadixTreeStorage",
    ("legacy", False): "FSLegacyRadixTreeStorage",
    ("legacy", True): "FSLegacyDatedRadixTreeStorage",
    ("other days", False): "FSTemporaryStorage",
    ("other days", True): "FSTemporaryStorage (day directories DD) or another class (YYYYMMDD)",
}


class FSRadixTreeStorage(FSBatches):
    """Crashes in a radix tree, each in a directory of its own.

    `<fs_root>/<YYYYMMDD>/name/<aa>/<bb>/<crash_id>/` holds `<crash_id>.json` (the raw crash),
    `<crash_id>.dump` (the main dump), `<crash_id>.<name>.dump` and `<crash_id>.jsonz` (the
    processed crash, gzip). A first save appears whole, by one rename; a replacement object by
    object, the raw crash last.

    Safe to share between threads; a child of a fork may go on using it. Options: `FSOptions`.

    Raises:
        ConfigurationError: An option is wrong, or the tree is of another family.
        StorageIOError: `fs_root` can be neither opened nor made.
    """

    Options: ClassVar[type[FSOptions]] = FSOptions
    options: FSOptions

    tree_family: ClassVar[str | None] = "leaf"
    _dated: ClassVar[bool] = False
    _day_of_month: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)
        self._processed_codec = get_codec(self.options.codec, self._date_text)
        self._tree = self._open()
        if self.options.layout_check:
            self._check_family()
        renew_in_children(self)

    def _open(self) -> _rust.RadixTree:
        options = self.options
        file_mode, dir_mode = options.modes()
        return _rust.RadixTree(
            options.fs_root,
            leaf=self.tree_family == "leaf",
            dated=self._dated,
            day_of_month=self._day_of_month,
            zero_depth=options.zero_depth,
            name_branch_base=options.name_branch_base,
            date_branch_base=getattr(options, "date_branch_base", "date"),
            json_file_suffix=options.json_file_suffix,
            jsonz_file_suffix=options.jsonz_file_suffix,
            dump_file_suffix=options.dump_file_suffix,
            dump_field=options.dump_field,
            minute_slice_interval=getattr(options, "minute_slice_interval", 4),
            file_mode=file_mode,
            dir_mode=dir_mode,
            sync=options.durability == "disk",
            compression_level=options.compression_level,
            prune_empty_dirs=options.prune_empty_dirs,
            follow_day_links=options.follow_day_links,
        )

    def _check_family(self) -> None:
        found = self._tree.sample()
        if found not in (None, self.tree_family):
            raise ConfigurationError(
                f"{self.options.fs_root} holds a tree of {_WRITTEN_BY[found, self._dated]}, "
                f"not of {type(self).__name__}; layout_check=False goes on all the same"
            )

    @property
    def fs_root(self) -> Path:
        """The root of the tree, absolute."""
        return self._tree.path

    def _date_text(self, date: dt.date) -> str:  # in processed crashes
        return iso_text(date)

    def _second(self) -> int | None:
        """Return the second of the day that slots are chosen by, or None for the clock's."""
        return None

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
        self._tree.save_raw_crash(crash_id, raw, dumps, queue, self._second())

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
        wanted = None if names is None else [name_argument(name) for name in names]
        return MemoryDumpsMapping(self._tree.get_raw_dumps(crash_id, wanted))

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Return the paths of a crash's dumps by name.

        The files are the storage's own: read them, but neither change nor remove them. They go when
        the crash is removed or saved again.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        self._check_open()
        return FileDumpsMapping(self._tree.get_raw_dump_paths(crash_id))

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

    def _corrupt(self, crash_id: str, at: int, why: str) -> CorruptCrash:
        where = self._tree.paths_of(crash_id)
        return CorruptCrash(os.path.join(where[0], str(where[at])), why)  # noqa: PTH118

    def remove(self, crash_id: str) -> None:
        """Remove a crash and nothing else: raw, dumps, processed, links and emptied directories.

        Raises:
            CrashIDNotFound: There is nothing of such a crash.
            StorageIOError: The disk refused.
        """
        self._check_open()
        self._tree.remove(crash_id, self._second())

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, days ascending; with `date`, those of that day."""
        self._check_open()
        tree = self._tree
        for day in tree.days():
            if date is None or day == self._day_name(date):
                for crash_id in self._walk(tree, day):
                    if date is None or crash_id.endswith(f"{date:%y%m%d}"):
                        yield crash_id

    def _day_name(self, date: dt.date) -> str:
        return f"{date:%d}" if self._day_of_month else f"{date:%Y%m%d}"

    def _walk(self, tree: _rust.RadixTree, day: str) -> Iterator[str]:
        walk = _rust.DayWalk(tree, day)
        while batch := walk.next_batch(_BATCH):
            self.quit_check()
            yield from batch

    def close(self) -> None:
        """Give up what is held, claims on queued crashes too; a second call does nothing."""
        super().close()
        self._tree.release_all()

    def renew_after_fork(self) -> None:
        """Forget the claims, which are the parent's, and the locks of threads that are not here."""
        self._tree = self._tree.renewed()


class FSLegacyRadixTreeStorage(FSRadixTreeStorage):
    """Crashes in a radix tree, file beside file in the radix directories.

    `<fs_root>/<YYYYMMDD>/name/<aa>/<bb>/<crash_id>.json` and so on. The raw crash is written last,
    and no dump is read without it. Must not share a tree with the classes that give each crash a
    directory. Options: `FSOptions`.
    """

    tree_family = "legacy"


FSPermanentStorage = FSLegacyRadixTreeStorage
