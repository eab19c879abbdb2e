"""What is made anew in a child of a fork, locks first of all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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


class _Gate:
    """Has forks wait for calls into libraries whose own locks no child could open again."""

    # Who is in there for longer waits for a network, which takes no locks.
    longest_wait = 1.0

    def __init__(self) -> None:
        self.open_anew()

    def open_anew(self) -> None:
        """Let all in: nobody is."""
        self._changed = threading.Condition()
        self._inside = 0
        self._is_forking = False

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Hold up forks for the time of the block, a second at most."""
        changed = self._changed
        with changed:
            changed.wait_for(lambda: not self._is_forking)
            self._inside += 1
        try:
            yield
        finally:
            # Not in a child that was forked meanwhile, where nobody is inside.
            if changed is self._changed:
                with changed:
                    self._inside -= 1
                    changed.notify_all()

    def shut(self) -> None:
        """Wait for those inside; let nobody in."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_forking)
            self._is_forking = True
            self._changed.wait_for(lambda: not self._inside, self.longest_wait)

    def open(self) -> None:
        """Let them in."""
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()


_GATE = _Gate()
no_fork_meanwhile = _GATE.passed
os.register_at_fork(before=_GATE.shut, after_in_parent=_GATE.open, after_in_child=_GATE.open_anew)

_LIVE: WeakSet[Renewable] = WeakSet()


def _renew_all() -> None:
    failures: list[Exception] = []
    for it in _LIVE:
        try:
            it.renew_after_fork()
        except Exception as error:  # noqa: BLE001 - the others must not stay as they are
            failures.append(error)
    if failures:
        # The interpreter prints it: nobody called this.
        raise ExceptionGroup("what a parent made cannot be made anew in its child", failures)


os.register_at_fork(after_in_child=_renew_all)
