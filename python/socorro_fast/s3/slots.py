"""How many requests there may be at once."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from socorro_fast.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Slots:
    """Slots for requests; who finds none free waits for one.

    Args:
        count: How many.
        longest_wait: Seconds until a waiter gives up: a server that sends a byte now and then holds
            a slot for ever.
    """

    def __init__(self, count: int, longest_wait: float) -> None:
        self._changed = Condition()
        self._free = count
        self._longest_wait = longest_wait
        self._closed = False

    @contextmanager
    def one(self, action: str) -> Iterator[None]:
        """Hold a slot for the time of the block.

        Args:
            action: What it is for, for messages: "read 'x' in bucket 'y'".

        Raises:
            StorageUnavailable: None is free: in time, or at once after `close`.
        """
        self._take(action)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def _take(self, action: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._closed, self._longest_wait)
            if not self._free:
                waited = f"no connection was free for {self._longest_wait:g} seconds"
                why = "closed before a connection was free" if self._closed else waited
                raise StorageUnavailable(f"cannot {action}: {why}")
            self._free -= 1

    def close(self) -> None:
        """Let nobody wait any more; those that do give up at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
