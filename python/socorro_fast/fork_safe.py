"""What is made anew in a child of a fork, locks first of all."""

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """What can be made fit for a child of a fork."""

    def renew_after_fork(self) -> None:
        """Let go of what is the parent's; called in the child, in its only thread."""


def renew_in_children(it: Renewable) -> None:
    """Have `it` renewed in every child of a fork, as long as it lives."""
    _LIVE.add(it)


class ForkSafeLock:
    """A lock for `with`. In a child of a fork it is a new one: its holder is not there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        renew_in_children(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_exc_info: object) -> None:
        self._lock.release()

    def renew_after_fork(self) -> None:
        """Forget who holds it."""
        self._lock = threading.Lock()


_LIVE: WeakSet[Renewable] = WeakSet()


def _renew_all() -> None:
    for it in _LIVE:
        it.renew_after_fork()


os.register_at_fork(after_in_child=_renew_all)
