"""The queue of a storage, as the apps of the original took new crashes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from socorro_fast.base import CrashStorageBase

Job = tuple[tuple[str], dict[str, Callable[[], Any]]]
"""Arguments of a job, and `finished_func`, to be called when it is done."""


class NewCrashSource:
    """Yields the new crashes of a storage as jobs: `((crash_id,), {"finished_func": ack})`.

    Args:
        storage: The storage whose queue is drained. It stays the caller's: closing the source does
            not close it.
    """

    def __init__(self, storage: CrashStorageBase) -> None:
        self._storage = storage

    def new_crashes(self) -> Iterator[Job]:
        """Yield a job for each new crash; its `finished_func` acknowledges the crash."""
        for crash_id in self._storage.new_crashes():
            yield (crash_id,), {"finished_func": partial(self._storage.ack_crash, crash_id)}

    def __iter__(self) -> Iterator[Job]:
        return self.new_crashes()

    def __call__(self) -> Iterator[Job]:
        """Return `new_crashes()`: the original's callers did either."""
        return self.new_crashes()

    def close(self) -> None:
        """Do nothing: the storage is the caller's."""
