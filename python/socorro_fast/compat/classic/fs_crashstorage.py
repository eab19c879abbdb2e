"""The radix trees on the file system, with the methods that subclasses call and override."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import fs
from socorro_fast.compat.classic.crashstorage_base import CrashStorageBase
from socorro_fast.crash_id import radix_of
from socorro_fast.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE = __name__.partition(".")[0]
_LAYOUT = (
    "_get_base", "_get_radix", "_get_radixed_parent_directory", "_get_dump_file_name",
    "_get_dump_names_from_paths", "_get_date_root_name", "_get_dated_parent_directory",
    "_create_name_to_date_symlink", "_visit_minute_slot", "DIR_DEPTH", "SLOT_DEPTH",
)  # fmt: skip


class FSRadixTreeStorage(CrashStorageBase, fs.FSRadixTreeStorage):
    """Crashes in a radix tree, each in a directory of its own, as in `socorro_fast.fs`.

    The methods that say where a crash lies can be called; they cannot be overridden, as the work is
    done without them.

    Raises:
        ConfigurationError: Also: a subclass overrides one of those.
    """

    DIR_DEPTH: ClassVar[int] = 2
    SLOT_DEPTH: ClassVar[int] = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_layout_hooks(type(self))
        super().__init__(*args, **kwargs)

    def _get_current_date(self) -> str:
        """Return the name of today's directory."""
        return self._day_name(datetime.now(UTC).date())

    def _get_base(self, crash_id: str) -> list[str]:
        """Return `fs_root` and the name of the crash's day."""
        home = self._get_radixed_parent_directory(crash_id)
        day = Path(home).relative_to(self.fs_root).parts[0]
        return [str(self.fs_root), day]

    def _get_radix(self, crash_id: str) -> list[str]:
        """Return the pairs of characters that a crash lies under."""
        return radix_of(crash_id, self.options.zero_depth)

    def _get_radixed_parent_directory(self, crash_id: str) -> str:
        """Return the directory that the files of a crash lie in."""
        return str(self._tree.paths_of(crash_id)[0])

    def _get_dump_file_name(self, crash_id: str, dump_name: str | None) -> str:
        """Return the file name of a dump; None and '' mean the main one."""
        main = not dump_name or dump_name == self.options.dump_field
        return f"{crash_id}{'' if main else f'.{dump_name}'}{self.options.dump_file_suffix}"

    def _get_dump_names_from_paths(self, pathnames: Iterable[str]) -> list[str]:
        """Return the names of the dumps that are in files."""
        suffix, start = self.options.dump_file_suffix, len("." * 37)
        files = [os.path.basename(path).removesuffix(suffix) for path in pathnames]  # noqa: PTH119
        return [name[start:] or self.options.dump_field for name in files]


class FSLegacyRadixTreeStorage(FSRadixTreeStorage, fs.FSLegacyRadixTreeStorage):
    """Crashes in a radix tree, file beside file in the radix directories."""

    DIR_DEPTH: ClassVar[int] = 1


class FSDatedRadixTreeStorage(FSRadixTreeStorage, fs.FSDatedRadixTreeStorage):
    """Crashes in a radix tree, and a queue of those that are new.

    `_current_slot` may be overridden, in a subclass or on an instance: it says in which slot
    crashes are queued.
    """

    def _current_slot(self) -> list[str]:
        """Return the names of the present hour and slot: `["12", "34_5"]`."""
        now = datetime.now(UTC) if self.options.now is None else self.options.now().astimezone(UTC)
        return [f"{now:%H}", f"{now:%M}_{now.second // self.options.minute_slice_interval}"]

    def _second(self) -> int | None:
        owner = next(c for c in type(self).__mro__ if "_current_slot" in vars(c))
        if owner is FSDatedRadixTreeStorage and "_current_slot" not in vars(self):
            return super()._second()
        slot = self._current_slot()
        try:
            hour, (minute, part) = int(slot[0]), map(int, slot[1].split("_"))
            second = part * self.options.minute_slice_interval
            return datetime(2000, 1, 1, hour, minute, second).second + 60 * (60 * hour + minute)  # noqa: DTZ001 - a check
        except (TypeError, ValueError, IndexError, AttributeError):
            what = f"_current_slot of {type(self).__name__}"
            raise ConfigurationError(
                f"{what} must be like ['12', '34_5'], not {shown(slot)}"
            ) from None

    def _get_date_root_name(self, crash_id: str) -> str:
        """Return the name of the link from a crash to its slot."""
        return crash_id if self.tree_family == "legacy" else "date_root"

    def _get_dated_parent_directory(self, crash_id: str, slot: list[str]) -> str:
        """Return the directory of a slot."""
        base = [*self._get_base(crash_id), self.options.date_branch_base, *slot]
        return os.path.join(*base)  # noqa: PTH118 - texts, as the original's


class FSLegacyDatedRadixTreeStorage(
    FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage, fs.FSLegacyDatedRadixTreeStorage
):
    """`FSDatedRadixTreeStorage` in the legacy layout: crashes share their radix directory."""


class FSTemporaryStorage(FSLegacyDatedRadixTreeStorage, fs.FSTemporaryStorage):
    """`FSLegacyDatedRadixTreeStorage` with the day of the month for day directories."""


FSPermanentStorage = FSLegacyRadixTreeStorage
FSDatedPermanentStorage = FSLegacyDatedRadixTreeStorage


def _refuse_layout_hooks(storage_class: type) -> None:
    for name in _LAYOUT:
        owner = next((c for c in storage_class.__mro__ if name in vars(c)), None)
        if owner is not None and owner.__module__.partition(".")[0] != _PACKAGE:
            raise ConfigurationError(
                f"{owner.__name__} overrides {name}, but where crashes lie cannot be changed here"
            )
