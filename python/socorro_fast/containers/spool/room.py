"""How much is in a spool, and how much more may go in."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from socorro_fast.errors import CrashStorageError, StorageUnavailable
from socorro_fast.fork_safe import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from socorro_fast.containers.spool.lane import Lane
    from socorro_fast.containers.spool.mark import Mark

_LOOK_AGAIN = 1.0
"""Seconds after which a saver that waits for room looks what other processes did."""

Key = tuple[str, str]


class Room:
    """The crashes that wait in a spool, with their sizes and ages, and its limits.

    What this process does is counted at once. What other processes do is seen by `look`, which
    lists the spool: until then they may go over the limits together.

    Args:
        lanes: Where crashes wait.
        max_crashes: How many may wait.
        max_bytes: How many bytes of JSON and dumps may wait; one crash alone may be larger.
        patience: Seconds that a saver waits for room.
    """

    def __init__(
        self, lanes: Sequence[Lane], *, max_crashes: int, max_bytes: int, patience: float
    ) -> None:
        self._lanes = lanes
        self._max_crashes = max_crashes
        self._max_bytes = max_bytes
        self._patience = patience
        self._waiting: dict[Key, tuple[int, float]] = {}
        self._bytes = 0
        self._reserved = [0, 0]
        self._looked: float | None = None
        self._changed = threading.Condition()
        renew_in_children(self)

    @contextlib.contextmanager
    def reserved(self, crash_id: str, size: int) -> Iterator[None]:
        """Hold room for a crash while it is saved; wait for it if there is none.

        Raises:
            StorageUnavailable: There was none in time; nothing was saved.
        """
        if self._looked is None:
            self.look()
        self._reserve(crash_id, size)
        try:
            yield
        finally:
            with self._changed:
                self._reserved[0] -= 1
                self._reserved[1] -= size
                self._changed.notify_all()

    def _reserve(self, crash_id: str, size: int) -> None:
        end = time.monotonic() + self._patience
        while not self._took(size):
            left = end - time.monotonic()
            if left <= 0:
                raise StorageUnavailable(
                    f"cannot save crash {crash_id}: {len(self._waiting)} crashes of {self._bytes} "
                    f"bytes wait in the spool, and {self._patience:g} s made no room"
                )
            with self._changed:
                self._changed.wait(min(left, _LOOK_AGAIN))
            if self._looked is None or time.monotonic() - self._looked >= _LOOK_AGAIN:
                self.look()

    def _took(self, size: int) -> bool:
        with self._changed:
            crashes, number = len(self._waiting) + self._reserved[0], self._bytes
            if crashes and (
                crashes >= self._max_crashes or number + self._reserved[1] + size > self._max_bytes
            ):
                return False
            self._reserved[0] += 1
            self._reserved[1] += size
            return True

    def add(self, lane: Lane, crash_id: str, mark: Mark) -> None:
        """Count a crash that was saved."""
        with self._changed:
            self._put((lane.name, crash_id), mark)

    def gone(self, lane: Lane, crash_id: str) -> None:
        """Count a crash that was taken out."""
        with self._changed:
            self._drop((lane.name, crash_id))
            self._changed.notify_all()

    def look(self) -> None:
        """List the spool, to see what others saved and took out.

        Raises:
            CrashStorageError: It cannot be listed.
        """
        before = dict(self._waiting)
        listed = {(lane.name, each): lane for lane in self._lanes for each in _ids(lane)}
        self._looked = time.monotonic()
        with self._changed:
            for key, entry in before.items():
                if key not in listed and self._waiting.get(key) is entry:
                    self._drop(key)
            unknown = [each for each in listed.items() if each[0] not in self._waiting]
            self._changed.notify_all()
        for key, lane in unknown:
            self._meet(key, lane)

    def _meet(self, key: Key, lane: Lane) -> None:
        with contextlib.suppress(CrashStorageError):  # the mover reports what is damaged
            found = lane.find_waiting(key[1])
            if found is not None:
                with self._changed:
                    self._put(key, found.mark)

    def older_than(self, seconds: float) -> list[Key]:
        """Return what has waited for so long: lane and crash ID of each."""
        before = time.time() - seconds
        with self._changed:
            return [key for key, (_size, saved) in self._waiting.items() if saved < before]

    def totals(self) -> tuple[int, int, float | None]:
        """Return how many crashes wait, their bytes, and when the oldest was saved."""
        with self._changed:
            oldest = min((saved for _size, saved in self._waiting.values()), default=None)
            return len(self._waiting), self._bytes, oldest

    def _put(self, key: Key, mark: Mark) -> None:
        self._drop(key)
        self._waiting[key] = mark.size, mark.saved
        self._bytes += mark.size

    def _drop(self, key: Key) -> None:
        size, _saved = self._waiting.pop(key, (0, 0))
        self._bytes -= size

    def renew_after_fork(self) -> None:
        """Forget the threads of the parent, and what they were saving."""
        self._changed = threading.Condition()
        self._waiting, self._bytes = {}, 0
        self._reserved = [0, 0]
        self._looked = None


def _ids(lane: Lane) -> Iterator[str]:
    storage = lane.waiting_if_any()
    return storage.list_crashes() if storage else iter(())
