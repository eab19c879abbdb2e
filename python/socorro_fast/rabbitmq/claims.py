"""Which crashes are handed out, and how each of them is settled."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakSet

from socorro_fast.fork_safe import ForkSafeLock, renew_in_children

if TYPE_CHECKING:
    from socorro_fast.rabbitmq.deliveries import Deliveries
    from socorro_fast.rabbitmq.queue_pass import QueuePass

logger = logging.getLogger(__name__)


class _Claim(NamedTuple):
    deliveries: Deliveries
    tag: int


class Claims:
    """The crashes of a storage that are in the hands of its callers. Any thread may call."""

    def __init__(self) -> None:
        self._held: dict[str, _Claim] = {}
        self._passes: WeakSet[QueuePass] = WeakSet()
        self._lock = ForkSafeLock()
        renew_in_children(self)

    def begin(self, queue_pass: QueuePass) -> None:
        """Have `queue_pass` told of crashes that are released while it goes on.

        Claims of connections that are no more are dropped: the broker delivers those again.
        """
        with self._lock:
            self._passes.add(queue_pass)
            dropped = [it for it, claim in self._held.items() if not claim.deliveries.is_alive]
            for crash_id in dropped:
                del self._held[crash_id]
        if dropped:
            logger.warning("%d crashes were handed out on a lost connection", len(dropped))

    def take(self, crash_id: str, deliveries: Deliveries, tag: int) -> bool:
        """Claim a crash; return False if it is in somebody's hands."""
        with self._lock:
            held = self._held.get(crash_id)
            if held is not None and held.deliveries.is_alive:
                return False
            self._held[crash_id] = _Claim(deliveries, tag)
            return True

    def ack(self, crash_id: str) -> None:
        """Take a crash off its queue, if it is in somebody's hands."""
        with self._lock:
            claim = self._held.pop(crash_id, None)
        if claim is None:
            logger.debug("%s is acknowledged, but not in this storage's hands", crash_id)
        elif claim.deliveries.is_alive:
            claim.deliveries.settle(claim.tag, "done")
        else:
            logger.warning("%s is acknowledged on a lost connection: it comes again", crash_id)

    def release(self, crash_id: str) -> None:
        """Put a crash back on its queue, for all passes that begin later and all other consumers.

        Raises:
            StorageUnavailable: The connection ended; the broker puts it back by itself.
        """
        with self._lock:
            claim = self._held.pop(crash_id, None)
            passes = [*self._passes] if claim else []
            for queue_pass in passes:
                queue_pass.leave(crash_id)
        if claim is not None and claim.deliveries.is_alive:
            _put_back(claim, passes)

    def renew_after_fork(self) -> None:
        """Forget what the parent has."""
        self._held = {}
        self._passes = WeakSet()


def _put_back(claim: _Claim, passes: list[QueuePass]) -> None:
    # A walk that the garbage collector ends in the I/O thread must not wait for that thread.
    may_wait = not claim.deliveries.thread.is_current
    for queue_pass in passes if may_wait else ():
        queue_pass.stop_pushing()
    claim.deliveries.settle(claim.tag, "back")
    if may_wait:
        claim.deliveries.sync()
