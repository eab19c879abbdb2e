"""Locks on crashes that hold between threads and between processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import zlib
from typing import TYPE_CHECKING

from socorro_fast.errors import StorageIOError
from socorro_fast.fork_safe import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STRIPES = 64


class CrashLocks:
    """Locks by crash ID: savers and readers share one, whoever takes a crash out has it alone.

    The kernel gives a lock back when its holder dies. Some crashes share a lock.

    Args:
        directory: Where the files are that are locked; made when the first one is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: set[int] = set()
        renew_in_children(self)

    def sharing(self, crash_id: str) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of a crash together with others that save or read."""
        return self._locked(crash_id, fcntl.LOCK_SH)

    def removing(self, crash_id: str) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of a crash alone."""
        return self._locked(crash_id, fcntl.LOCK_EX)

    @contextlib.contextmanager
    def all(self) -> Iterator[None]:
        """Hold the locks of all crashes alone."""
        with contextlib.ExitStack() as stack:
            for stripe in range(_STRIPES):
                stack.enter_context(self._locked_stripe(stripe, fcntl.LOCK_EX))
            yield

    def _locked(self, crash_id: str, kind: int) -> contextlib.AbstractContextManager[None]:
        return self._locked_stripe(zlib.crc32(crash_id.encode()) % _STRIPES, kind)

    @contextlib.contextmanager
    def _locked_stripe(self, stripe: int, kind: int) -> Iterator[None]:
        path = self._directory / f"{stripe:02}"
        descriptor = self._open(path)
        self._held.add(descriptor)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            # In a child of a fork made meanwhile, it is closed already.
            if descriptor in self._held:
                self._held.discard(descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)

    def _open(self, path: Path) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            try:
                return os.open(path, flags, 0o666)
            except FileNotFoundError:
                self._directory.mkdir(parents=True, exist_ok=True)
                return os.open(path, flags, 0o666)
        except OSError as error:
            raise StorageIOError.during("open lock file", str(path), error) from error

    def renew_after_fork(self) -> None:
        """Let go of the parent's locks, which this child would keep if the parent died."""
        held, self._held = self._held, set()
        for descriptor in held:
            os.close(descriptor)
