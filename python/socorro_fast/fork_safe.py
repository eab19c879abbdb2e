"""A lock that a child of a fork finds open."""

import os
import threading
from weakref import WeakSet


class ForkSafeLock:
    """A lock for `with`. In a child of a fork it is a new one: its holder is not there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _LIVE.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_exc_info: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Forget who holds it."""
        self._lock = threading.Lock()


_LIVE: WeakSet[ForkSafeLock] = WeakSet()


def _renew_all() -> None:
    for lock in _LIVE:
        lock.renew()


os.register_at_fork(after_in_child=_renew_all)
