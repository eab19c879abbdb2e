"""The file system storages of 2009: trees for accepted, deferred and processed crashes.

Below each root the layout is the legacy one: `<YYYYMMDD>/name/<aa>/<bb>/<crash_id>.json` and so on.
The queue of raw crashes is `date/<HH>/<MM>/<collector>_<n>/<crash_id>`; it is drained, and new
crashes are queued in slots of a few seconds, which the programs of 2009 find as well. Processed
crashes have a link at `date/<HH>/<MM>_<n>/<crash_id>`, which goes with them; new ones get none.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from errno import ELOOP
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import containers
from socorro_fast.checks import check_crash_id
from socorro_fast.codec import get_codec
from socorro_fast.compat.classic.config import ABSENT, find
from socorro_fast.compat.classic.container_base import ContainerBase
from socorro_fast.compat.classic.fs_crashstorage import (
    FSLegacyDatedRadixTreeStorage,
    FSLegacyRadixTreeStorage,
)
from socorro_fast.crash_id import date_of
from socorro_fast.errors import ConfigurationError, StorageIOError, shown
from socorro_fast.predicate import Predicate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MODES = {"file_mode": 0o660, "dir_mode": 0o770}
_NAMES = {"file_mode": "dump_permissions", "dir_mode": "dir_permissions"}
_IGNORED = {"dump_dir_count": 1024, "dump_gid": ""}
_IS_DEFERRED = Predicate("legacy_processing != 0 and legacy_processing != null")


class FileSystemRawCrashStorage(FSLegacyDatedRadixTreeStorage):
    """Raw crashes below `std_fs_root`, with a queue.

    `dump_permissions` and `dir_permissions` are modes: numbers, or octal text. `dump_dir_count` has
    no meaning here, as slots are short; `dump_gid` is refused: give `fs_root` the set-group-ID bit.
    """

    classic_names: ClassVar[Mapping[str, str]] = {**_NAMES, "fs_root": "std_fs_root"}
    classic_defaults: ClassVar[Mapping[str, Any]] = {**_MODES, "fs_root": "./primaryCrashStore"}
    classic_ignored: ClassVar[Mapping[str, Any]] = _IGNORED

    def __init__(self, config: Any = None, *args: Any, **options: Any) -> None:
        _refuse_group(type(self).__name__, config)
        super().__init__(config, *args, **options)


class _DeferredCrashes(FileSystemRawCrashStorage):
    classic_names: ClassVar[Mapping[str, str]] = {**_NAMES, "fs_root": "def_fs_root"}
    classic_defaults: ClassVar[Mapping[str, Any]] = {**_MODES, "fs_root": "./deferredCrashStore"}


class _ProcessedCrashes(FSLegacyRadixTreeStorage):
    classic_names: ClassVar[Mapping[str, str]] = {
        **_NAMES,
        "fs_root": "pro_fs_root",
        "name_branch_base": "index_name",
        "jsonz_file_suffix": "processed_crash_file_suffix",
        "compression_level": "gzip_compression_level",
    }
    classic_defaults: ClassVar[Mapping[str, Any]] = {
        **_MODES,
        "fs_root": "./processedCrashStore",
        "compression_level": 9,
    }

    def remove(self, crash_id: str) -> None:
        """Remove a crash, and the links to it in the date branch."""
        self._check_open()
        day = self._day_name(date_of(check_crash_id(crash_id)))
        date_name = find(self.config, "date_name")
        branch = "date" if date_name is ABSENT else date_name
        _unlink_in_slots(str(self.fs_root), day, branch, crash_id)
        super().remove(crash_id)


class FileSystemThrottledCrashStorage(ContainerBase, containers.PrimaryDeferredStorage):
    """Raw crashes below `std_fs_root`, the deferred ones below `def_fs_root`.

    Deferred are those whose `legacy_processing` is there and not 0. Only the queue of the others is
    drained.
    """

    classic_roles: ClassVar[Mapping[str, type[FSLegacyRadixTreeStorage]]] = {
        "primary": FileSystemRawCrashStorage,
        "deferred": _DeferredCrashes,
    }
    """The members by role; they share this configuration."""
    classic_ignored: ClassVar[Mapping[str, Any]] = _IGNORED

    def _find_options(
        self, config: Any, quit_check_callback: Any, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        given = {"deferral_criteria": _IS_DEFERRED} | dict(given)
        return super()._find_options({} if config is None else config, quit_check_callback, given)

    def _members_of(
        self, config: Any, found: Mapping[str, Any], opened: ExitStack, quit_check: Any
    ) -> Iterator[tuple[str, Any]]:
        for role, storage_class in self.classic_roles.items():
            if role not in found:
                made = storage_class(config, self.namespace, quit_check)
                opened.callback(made.close)
                yield role, made


class FileSystemCrashStorage(
    FileSystemThrottledCrashStorage, containers.PrimaryDeferredProcessedStorage
):
    """`FileSystemThrottledCrashStorage` with processed crashes below `pro_fs_root`.

    `storage_depth`, `minutes_per_slot` and `sub_slot_count` say nothing: the depth is that of each
    crash ID, where 0 means 4.
    """

    classic_roles: ClassVar[Mapping[str, type[FSLegacyRadixTreeStorage]]] = {
        "primary": FileSystemRawCrashStorage,
        "deferred": _DeferredCrashes,
        "processed": _ProcessedCrashes,
    }
    classic_ignored: ClassVar[Mapping[str, Any]] = {
        **_IGNORED,
        "date_name": "date",
        "minutes_per_slot": 1,
        "storage_depth": 2,
        "sub_slot_count": 1,
    }
    processed: _ProcessedCrashes

    def _save_both(self, raw_crash: Any, dumps: Any, processed_crash: Any, crash_id: str) -> None:
        # Not to be queued, and no processed crash is to lie among the raw ones. What cannot be
        # stored is refused before anything is.
        destination: Any = self._destination(raw_crash, crash_id)
        get_codec(self.processed.options.codec).dumps(processed_crash)
        destination._save_raw(raw_crash, dumps, crash_id, queue=False)  # noqa: SLF001 - one of ours
        self.processed.save_processed(processed_crash)


def _refuse_group(owner: str, config: Any) -> None:
    group = find(config, "dump_gid")
    if group not in (ABSENT, ""):
        raise ConfigurationError(
            f"{owner} cannot set dump_gid {shown(group)}; give its directories the group, and g+s"
        )


def _unlink_in_slots(root: str, day: str, branch: str, crash_id: str) -> None:
    """Remove the links to a crash in every slot of a day, and directories that this empties."""
    with (
        _as_storage_error(root, crash_id),
        _opened(root, None, follow=True) as root_fd,
        _opened(day, root_fd) as day_fd,
    ):
        with _opened(branch, day_fd) as hours:
            _in_directories(
                hours, partial(_in_directories, act=partial(_unlink, crash_id=crash_id))
            )
        with suppress(OSError):
            os.rmdir(branch, dir_fd=day_fd)


def _in_directories(fd: int, act: Callable[[int], None]) -> None:
    for name in os.listdir(fd):
        with suppress(FileNotFoundError, NotADirectoryError), _opened(name, fd) as below:
            act(below)
        with suppress(OSError):  # not empty, or no directory
            os.rmdir(name, dir_fd=fd)


def _unlink(slot: int, crash_id: str) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISLNK(os.stat(crash_id, dir_fd=slot, follow_symlinks=False).st_mode):
            os.unlink(crash_id, dir_fd=slot)


@contextmanager
def _opened(name: str, parent: int | None, *, follow: bool = False) -> Iterator[int]:
    nofollow = 0 if follow else os.O_NOFOLLOW
    try:
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | nofollow, dir_fd=parent)
    except OSError as error:
        if error.errno == ELOOP:  # what a link is called outside Linux
            raise NotADirectoryError(*error.args) from error
        raise
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _as_storage_error(root: str, crash_id: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        return  # No such branch, or a link or a file in its place: nothing of ours is behind it.
    except OSError as error:
        raise StorageIOError.during(f"remove links to {crash_id} below", root, error) from error
