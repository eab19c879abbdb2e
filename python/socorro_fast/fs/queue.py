"""The queue of new crashes as a consumer sees it, on top of a tree in Rust that keeps it."""

from __future__ import annotations

import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from socorro_fast.base import CrashStorageBase
from socorro_fast.errors import CrashStorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

_SMALLEST, _LARGEST = 8, 1000
# What takes longer leaves more of the queue to other consumers.
_QUICK = 0.05


class Tree(Protocol):
    """What keeps the queue."""

    def release(self, crash_id: str) -> bool:
        """Give a crash back; False if it was not handed out here."""


class Pass(Protocol):
    """A pass over the queue."""

    def next_batch(self, limit: int) -> tuple[list[str], list[str]]:
        """Return the next new crashes, at most `limit`, and what was met and left alone."""

    def close(self) -> None:
        """End the pass."""


class FSQueue(CrashStorageBase):
    """`new_crashes`, `ack_crash` and `release_crash` of a storage whose `_tree` keeps a queue."""

    _tree: Any

    def _start_pass(self, tree: Any) -> Pass:
        raise NotImplementedError

    def _ack(self, tree: Any, crash_id: str) -> bool:
        raise NotImplementedError

    def new_crashes(self) -> Iterator[str]:
        """Yield the IDs of queued crashes; the pass ends with what is queued while it runs.

        A crash may have been removed since it was queued: then its gets say so, and it is to be
        acknowledged like any other.

        Raises:
            StorageIOError: The queue cannot be read.
        """
        self._check_open()
        return self._pass(self._tree)

    def _pass(self, tree: Tree) -> Iterator[str]:
        queue = self._start_pass(tree)
        size, begun = _SMALLEST, monotonic()
        try:
            while batch := self._next_batch(tree, queue, size):
                yield from self._hand_out(tree, batch)
                now = monotonic()
                quick = now - begun < _QUICK
                size, begun = min(2 * size, _LARGEST) if quick else max(size // 2, 1), now
        finally:
            queue.close()

    def _next_batch(self, tree: Tree, queue: Pass, size: int) -> list[str]:
        self.quit_check()
        self._check_pass(tree)
        crash_ids, notes = queue.next_batch(size)
        for note in notes:
            logger.warning("%s in the queue of %r", note, self)
        return crash_ids

    def _hand_out(self, tree: Tree, crash_ids: list[str]) -> Iterator[str]:
        options: Any = self.options
        advance = options.ack == "advance"
        left = deque(crash_ids)
        try:
            while left:
                self.quit_check()
                if self._closed or tree is not self._tree:
                    self._check_pass(tree)
                crash_id = left.popleft()
                if advance:
                    yield from self._advance(tree, crash_id)
                else:
                    yield crash_id
        finally:
            for crash_id in left:
                tree.release(crash_id)

    def _advance(self, tree: Tree, crash_id: str) -> Iterator[str]:
        try:
            yield crash_id
        except BaseException:
            # The consumer has not asked for the next: this one is not done with.
            tree.release(crash_id)
            raise
        self._acknowledge(tree, crash_id)

    def _check_pass(self, tree: Tree) -> None:
        self._check_open()
        if tree is self._tree:
            return
        raise CrashStorageError("a pass over the queue cannot go on in the child of a fork")

    def ack_crash(self, crash_id: str) -> str:
        """Take a crash that was handed out off the queue, and return its ID. Any thread may call.

        Raises:
            InvalidCrashID: It is none.
            StorageIOError: The disk refused; the crash stays queued.
        """
        self._check_open()
        self._acknowledge(self._tree, crash_id)
        return crash_id

    def _acknowledge(self, tree: Tree, crash_id: str) -> None:
        if not self._ack(tree, crash_id):
            logger.debug("%s is acknowledged, but not in this storage's hands", crash_id)

    def release_crash(self, crash_id: str) -> str:
        """Give back a crash that was handed out, for a later pass, and return its ID.

        Raises:
            InvalidCrashID: It is none.
        """
        self._check_open()
        self._tree.release(crash_id)
        return crash_id
