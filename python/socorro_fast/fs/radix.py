"""Radix trees without a queue: where crashes stay."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import _rust
from socorro_fast.checks import check_day
from socorro_fast.dumps import FileDumpsMapping
from socorro_fast.errors import ConfigurationError, CorruptCrash, CrashStorageError
from socorro_fast.fork_safe import renew_in_children
from socorro_fast.fs.options import FSOptions
from socorro_fast.fs.storage import FSStorage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from socorro_fast.fs.arguments import RustDumps

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


class FSRadixTreeStorage(FSStorage):
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

    _tree: _rust.RadixTree

    tree_family: ClassVar[str | None] = "leaf"
    _dated: ClassVar[bool] = False
    _day_of_month: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
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

    def _second(self) -> int | None:
        """Return the second of the day that slots are chosen by, or None for the clock's."""
        return None

    def _put_raw(
        self, crash_id: str, raw_crash: bytes, dumps: RustDumps | None, *, queue: bool
    ) -> None:
        self._tree.save_raw_crash(crash_id, raw_crash, dumps, queue, self._second())

    def _put_many(self, items: list[Any]) -> list[CrashStorageError | None]:
        return self._tree.save_many(items, self._second())

    def _remove_many(self, crash_ids: list[str]) -> list[CrashStorageError | None]:
        return self._tree.remove_many(crash_ids, self._second())

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Return the paths of a crash's dumps by name.

        The files are the storage's own: read them, but neither change nor remove them. They go when
        the crash is removed or saved again.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        self._check_open()
        return FileDumpsMapping(self._tree.get_raw_dump_paths(crash_id))

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
        return self._listed(self._tree, check_day(date))

    def _listed(self, tree: _rust.RadixTree, date: dt.date | None) -> Iterator[str]:
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
