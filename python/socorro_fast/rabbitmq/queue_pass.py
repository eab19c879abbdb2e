"""One pass over the queues: what it hands out, in which order, and when it ends."""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from socorro_fast.checks import check_crash_id
from socorro_fast.errors import InvalidCrashID, StorageUnavailable, shown
from socorro_fast.rabbitmq.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socorro_fast.rabbitmq.claims import Claims
    from socorro_fast.rabbitmq.deliveries import Deliveries, Message

logger = logging.getLogger(__name__)


class QueuePass:
    """Hands out the crashes of the queues, each message to one caller, until there are no more.

    Messages are pushed here ahead of their use; what is left of them at the end is put back. Each
    time there is nothing here, the queues are looked into: a pass ends when they are empty.

    A crash that is in somebody's hands already is set aside, and so is one that was released while
    the pass went on: they are put back at the end. So that this comes, a pass that set something
    aside, or saw a release, ends after another `patience` crashes. From a release on nothing is
    pushed any more: the broker would push the released crash here at once, past other consumers.

    Args:
        deliveries: Where messages come from.
        claims: The crashes in the hands of callers.
        queues: Names, the priority queue first.
        patience: How many crashes are handed out while others wait aside.
        push: Whether messages are pushed; if not, each is asked for.

    Raises:
        StorageUnavailable: From all methods: the broker is to blame.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        claims: Claims,
        queues: Sequence[str],
        patience: int,
        *,
        push: bool,
    ) -> None:
        self.deliveries = deliveries
        self._claims = claims
        self._turns = Turns(queues)
        self._patience = patience
        self._incoming: deque[Message] = deque()
        self._waiting: dict[str, dict[str, int]] = {queue: {} for queue in queues}
        self._queue_of: dict[str, str] = {}
        self._aside: dict[str, int] = {}
        self._released: set[str] = set()
        self._consumers: list[str] = []
        self._one_stops = threading.Lock()
        claims.begin(self)
        if push:
            for queue in queues:
                self._consumers.append(deliveries.consume(queue, self._incoming.append))
            # Queues push side by side, and the first to come is not the first whose turn it is.
            for queue in queues:
                self._look_into(queue)

    def next(self) -> str | None:
        """Return the next crash, or None at the end of the pass."""
        while self._patience:
            self._check_alive()
            while self._incoming:
                self._sort(self._incoming.popleft())
            for queue in self._turns.order():
                while waiting := self._waiting[queue]:
                    crash_id = next(iter(waiting))
                    if self._hand_out(crash_id, waiting.pop(crash_id)):
                        self._turns.took(queue)
                        return crash_id
            if not self._fetch():
                break
        return None

    def leave(self, crash_id: str) -> None:
        """Hand a crash out no more, as it was released; its lock is that of the claims."""
        self._released.add(crash_id)

    def finish(self) -> None:
        """Put back what was not handed out."""
        if self.deliveries.thread.is_current:
            # The garbage collector came by: the thread that is waited for must not wait.
            threading.Thread(target=self.finish).start()
            return
        # What was delivered on a connection that is lost, the broker puts back by itself.
        self.stop_pushing()
        with suppress(StorageUnavailable):
            if self._put_back():
                self.deliveries.sync()

    def stop_pushing(self) -> None:
        """Have no more messages pushed, all those here by the return; any thread may call."""
        with self._one_stops, suppress(StorageUnavailable):
            while self._consumers:
                self.deliveries.cancel(self._consumers.pop())

    def _check_alive(self) -> None:
        if not self.deliveries.is_alive:
            raise self.deliveries.thread.unavailable("take new crashes")
        if lost := self.deliveries.lost_queue:
            where = self.deliveries.thread.where
            raise StorageUnavailable(
                f"cannot take new crashes at {where}: queue {lost!r} was deleted", retryable=False
            )

    def _sort(self, message: Message) -> None:
        crash_id = self._crash_id(message)
        if crash_id is None:
            self.deliveries.settle(message.tag, "reject")
            return
        queue = self._queue_of.get(crash_id)
        if queue is None:
            self._put(crash_id, message)
        else:
            self._merge(crash_id, queue, message)

    def _crash_id(self, message: Message) -> str | None:
        try:
            return check_crash_id(message.body.decode())
        except (UnicodeDecodeError, InvalidCrashID) as error:
            what = shown(message.body[:100])
            logger.error("refused a message of queue %r, %s: %s", message.queue, what, error)  # noqa: TRY400 - the trace is ours
            return None

    def _put(self, crash_id: str, message: Message) -> None:
        self._waiting[message.queue][crash_id] = message.tag
        self._queue_of[crash_id] = message.queue

    def _merge(self, crash_id: str, queue: str, message: Message) -> None:
        """Keep one of two messages of a crash that nobody has yet: that of the earlier queue."""
        queues = [*self._waiting]
        if queues.index(message.queue) < queues.index(queue):
            self.deliveries.settle(self._waiting[queue].pop(crash_id), "done")
            self._put(crash_id, message)
        else:
            self.deliveries.settle(message.tag, "done")

    def _hand_out(self, crash_id: str, tag: int) -> bool:
        del self._queue_of[crash_id]
        if crash_id in self._released or not self._claims.take(crash_id, self.deliveries, tag):
            self._set_aside(crash_id, tag)
            return False
        if self._aside or self._released:
            self._patience -= 1
        return True

    def _set_aside(self, crash_id: str, tag: int) -> None:
        if crash_id in self._aside:
            # One message is enough to have it handed out again.
            self.deliveries.settle(tag, "done")
        else:
            self._aside[crash_id] = tag

    def _fetch(self) -> bool:
        """Look into the queues; return whether anything has come.

        What was pushed before the last answer is here by then: hence the last look, at a queue
        that was looked into before.
        """
        order = self._turns.order()
        return any(self._look_into(queue) for queue in (*order, order[0]))

    def _look_into(self, queue: str) -> bool:
        """Ask a queue for a message; return whether anything is here, of whichever queue.

        What a queue had pushed before it answers is here by then: it came on the same channel.
        """
        message = self.deliveries.get(queue)
        if message is not None:
            self._incoming.append(message)
        return bool(self._incoming)

    def _put_back(self) -> bool:
        tags = [message.tag for message in self._incoming]
        tags += [tag for waiting in self._waiting.values() for tag in waiting.values()]
        tags += self._aside.values()
        self._incoming.clear()
        self._waiting.clear()
        self._aside.clear()
        for tag in tags:
            self.deliveries.settle(tag, "back")
        return bool(tags)
