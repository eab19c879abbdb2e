"""The original's file system storages, as of 2018, in our own words: what we measure against.

Same algorithm, same system calls (`tests/benches/test_classic_syscalls.py` counts them), same
defects. A comment with a number names a weakness of the original by its number in
docs/performance.md. Nothing here is to be mended, or used for anything but comparing.
"""

# ruff: noqa: PTH103, PTH106, PTH108, PTH113, PTH118, PTH208, PTH211 - it makes the os module's calls

from __future__ import annotations

import contextlib
import logging
import os
import stat
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from benches.classic_radix import (
    CrashIDNotFound,
    DotDict,
    FSLegacyRadixTreeStorage,
    FSPermanentStorage,
    FSRadixTreeStorage,
    using_umask,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "CrashIDNotFound",
    "DotDict",
    "FSDatedPermanentStorage",
    "FSDatedRadixTreeStorage",
    "FSLegacyDatedRadixTreeStorage",
    "FSLegacyRadixTreeStorage",
    "FSPermanentStorage",
    "FSRadixTreeStorage",
    "FSTemporaryStorage",
]

logger = logging.getLogger(__name__)


class FSDatedRadixTreeStorage(FSRadixTreeStorage):
    """Adds `<date>/date/<HH>/<MM>_<slice>/<crash_id>`, the queue."""

    back_steps: ClassVar[int] = 2
    is_legacy: ClassVar[bool] = False

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, bytes] | None, crash_id: str
    ) -> None:
        super().save_raw_crash(raw_crash, dumps, crash_id)
        slot = self._slot(self.now())
        slot_path = self._slot_path(crash_id, slot)
        with contextlib.suppress(OSError):
            os.makedirs(slot_path)  # 8: under the process's umask
        with using_umask(self.umask):
            # 12, 13, 14: the back link first, and a failure of either is only logged
            try:
                self._link_name_to_date(crash_id, slot)
                self._link_date_to_name(crash_id, slot_path)
            except OSError as error:
                logger.info("could not link %s: %s", crash_id, error)

    def remove(self, crash_id: str) -> None:
        slot_path = os.path.realpath(self._back_link(crash_id))
        with contextlib.suppress(OSError):
            os.unlink(os.sep.join([slot_path, crash_id]))
        super().remove(crash_id)

    def new_crashes(self) -> Iterator[str]:
        now = self.now()  # 25: once, for the whole pass
        current_slot, current_date = self._slot(now), self._date_name(now)
        for date in os.listdir(self.fs_root):  # 18, 19: unsorted, and it must be there
            hours_path = os.sep.join([self.fs_root, date, self.date_branch_base])
            try:
                hours = os.listdir(hours_path)
            except OSError:
                continue
            for hour in hours:
                yield from self._visit_hour(
                    os.sep.join([hours_path, hour]),
                    partial(self._is_current, current_slot, current_date, date, hour),
                    may_remove=hour < current_slot[0],
                )

    def _is_current(
        self, current_slot: list[str], current_date: str, date: str, hour: str, slot: str
    ) -> bool:
        return [hour, slot] >= current_slot and date >= current_date  # 10, 11: as text

    def _visit_hour(
        self, hour_path: str, is_current: Callable[[str], bool], *, may_remove: bool
    ) -> Iterator[str]:
        skipped = False
        for slot in os.listdir(hour_path):  # 18: a stray file ends the pass
            if is_current(slot):
                skipped = True
                continue
            slot_path = os.sep.join([hour_path, slot])
            yield from self._visit_slot(slot_path)
            self._rmdir(slot_path)  # 12: a writer may be about to link into it
        if may_remove and not skipped:
            self._rmdir(hour_path)

    def _visit_slot(self, slot_path: str) -> Iterator[str]:
        for crash_id in os.listdir(slot_path):
            link = os.sep.join([slot_path, crash_id])
            mode = os.lstat(link).st_mode
            if stat.S_ISDIR(mode) and self.is_legacy:  # one directory per web head, once
                yield from self._visit_slot(link)
                self._rmdir(link)
            elif not stat.S_ISLNK(mode):
                continue
            elif os.path.isfile(os.sep.join([link, crash_id + self.json_file_suffix])):
                yield crash_id  # 16, 20: handed out to whoever asks
                self._unlink_back_link(crash_id)
                os.unlink(link)
            elif self.is_legacy:  # 15: else an orphan, and so its slot, stays for ever
                os.unlink(link)

    def _unlink_back_link(self, crash_id: str) -> None:
        try:
            os.unlink(self._back_link(crash_id))
        except OSError:
            logger.exception("could not delete the back link of %s", crash_id)

    def _rmdir(self, path: str) -> None:
        try:
            os.rmdir(path)
        except OSError:
            logger.exception("could not delete %s", path)

    def _slot(self, now: dt.datetime) -> list[str]:
        part = now.second // self.minute_slice_interval
        return [f"{now.hour:02}", f"{now.minute:02}_{part}"]

    def _slot_path(self, crash_id: str, slot: list[str]) -> str:
        return os.sep.join([*self._base(crash_id), self.date_branch_base, *slot])

    def _back_link(self, crash_id: str) -> str:
        return os.sep.join([self._parent(crash_id), "date_root"])

    def _link_name_to_date(self, crash_id: str, slot: list[str]) -> None:
        up = [".."] * (len(self._radix(crash_id)) + self.back_steps)
        os.symlink(os.sep.join([*up, self.date_branch_base, *slot]), self._back_link(crash_id))

    def _link_date_to_name(self, crash_id: str, slot_path: str) -> None:
        self._parent(crash_id)  # the original makes this path too, and drops it
        leaf = [self.name_branch_base, *self._radix(crash_id), *self._own_directory(crash_id)]
        os.symlink(os.sep.join(["..", "..", "..", *leaf]), os.sep.join([slot_path, crash_id]))


class FSLegacyDatedRadixTreeStorage(FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage):
    """The queue over the legacy layout; the back link is named like the crash."""

    back_steps: ClassVar[int] = 1
    is_legacy: ClassVar[bool] = True

    def _back_link(self, crash_id: str) -> str:
        return os.sep.join([self._parent(crash_id), crash_id])


class FSTemporaryStorage(FSLegacyDatedRadixTreeStorage):
    """Directories by day of month, which come round again uncleared (23)."""

    def _date_name(self, date: dt.datetime) -> str:
        return f"{date.day:02}"


FSDatedPermanentStorage = FSLegacyDatedRadixTreeStorage
