"""Taking messages off queues, and settling what was taken."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pika import frame, spec

from socorro_fast.errors import StorageUnavailable
from socorro_fast.rabbitmq.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.rabbitmq.io_thread import IOThread

Settlement = Literal["done", "back", "reject"]
"""What becomes of a message: it is taken off, put back, or refused for good (dead-lettered)."""


class Message(NamedTuple):
    """A message as it was delivered."""

    queue: str
    tag: int
    body: bytes


class Deliveries:
    """A channel that messages are delivered on; only there can they be settled.

    Args:
        thread: Whose connection it is on.
        prefetch_count: How many messages of a queue may be here unsettled by prefetching.

    Raises:
        StorageUnavailable: The broker refuses.
    """

    def __init__(self, thread: IOThread, prefetch_count: int) -> None:
        self.thread = thread
        self.lost_queue: str | None = None
        self._prefetch_count = prefetch_count
        self._unsettled: dict[int, None] = {}
        self._settlements: list[tuple[int, Settlement]] = []
        self._is_woken = False
        self._got: Callable[[Message | None], object] | None = None
        self._one_get = threading.Lock()
        self._consumed: dict[str, str] = {}
        self._channel = Channel(thread, is_vital=True)
        self._channel.ask(self._prepare, "set the prefetch count")

    @property
    def is_alive(self) -> bool:
        """Whether its messages can still be settled."""
        return self.thread.is_alive

    def consume(self, queue: str, on_message: Callable[[Message], object]) -> str:
        """Have the messages of a queue pushed, `prefetch_count` at a time; return the consumer tag.

        Args:
            queue: Its name.
            on_message: Called in the I/O thread.

        Raises:
            StorageUnavailable: There is no such queue, or the broker refuses.
        """

        def deliver(_channel: object, method: Any, _properties: object, body: bytes) -> None:
            self._unsettled[method.delivery_tag] = None
            on_message(Message(queue, method.delivery_tag, body))

        tags: list[str] = []

        def start(done: Callable[[Any], object]) -> None:
            tags.append(self._channel.pika.basic_consume(queue, deliver, callback=done))
            self._consumed[tags[0]] = queue

        self._channel.ask(start, f"consume queue {queue!r}")
        return tags[0]

    def cancel(self, consumer_tag: str) -> None:
        """End what `consume` began.

        Raises:
            StorageUnavailable: The connection ended.
        """
        if self._consumed.pop(consumer_tag, None) is not None:
            self._channel.ask(
                lambda done: self._channel.pika.basic_cancel(consumer_tag, callback=done),
                "end consuming",
            )

    def get(self, queue: str) -> Message | None:
        """Return the next message of a queue, if one waits there.

        Raises:
            StorageUnavailable: There is no such queue, or the connection ended.
        """

        def start(done: Callable[[Message | None], object]) -> None:
            self._got = done
            self._channel.pika.basic_get(queue, take)

        def take(_channel: object, method: Any, _properties: object, body: bytes) -> None:
            self._unsettled[method.delivery_tag] = None
            self._settle_get(Message(queue, method.delivery_tag, body))

        with self._one_get:
            return self._channel.ask(start, f"look into queue {queue!r}")

    def settle(self, tag: int, how: Settlement) -> None:
        """Settle a message at once, without waiting for the broker; nothing if it is too late."""
        with self.thread.lock:
            self._settlements.append((tag, how))
            wake, self._is_woken = not self._is_woken, True
        if wake:
            # Of a connection that is over, the broker has put all messages back.
            with suppress(StorageUnavailable):
                self.thread.call(self._settle_all)

    def sync(self) -> None:
        """Wait until the broker has done all that was asked of it before.

        Raises:
            StorageUnavailable: The connection ended.
        """
        self._channel.ask(self._set_prefetch, "wait for the queues")

    def _prepare(self, done: Callable[[Any], object]) -> None:
        channel = self._channel.pika
        channel.add_callback(lambda _frame: self._settle_get(None), [spec.Basic.GetEmpty], False)  # noqa: FBT003 - pika's own signature
        channel.add_on_cancel_callback(self._on_cancel)
        self._set_prefetch(done)

    def _set_prefetch(self, done: Callable[[Any], object]) -> None:
        self._channel.pika.basic_qos(prefetch_count=self._prefetch_count, callback=done)

    def _settle_get(self, message: Message | None) -> None:
        got, self._got = self._got, None
        if got is not None:
            got(message)

    def _on_cancel(self, cancel: Any) -> None:
        self.lost_queue = self._consumed.pop(cancel.method.consumer_tag, self.lost_queue)

    def _settle_all(self) -> None:
        with self.thread.lock:
            self._is_woken = False
            settlements, self._settlements = self._settlements, []
        if not self._channel.pika.is_open:
            return
        done = {tag for tag, how in settlements if how == "done" and tag in self._unsettled}
        methods = [self._not_done(tag, how) for tag, how in settlements if how != "done"]
        methods += self._done(done)
        number = self._channel.number
        frames = b"".join(frame.Method(number, method).marshal() for method in methods)
        if frames:
            self.thread.connection.emit(frames)

    def _not_done(self, tag: int, how: Settlement) -> Any:
        self._unsettled.pop(tag, None)
        return spec.Basic.Nack(tag, multiple=False, requeue=how == "back")

    def _done(self, tags: set[int]) -> list[Any]:
        """Return the acks for `tags`: one for all at the front, if there are any, then one each."""
        front = 0
        for tag in self._unsettled:
            if tag not in tags:
                break
            front = tag
        first = [tag for tag in tags if tag <= front]
        for tag in tags:
            del self._unsettled[tag]
        rest = [spec.Basic.Ack(tag) for tag in sorted(tags.difference(first))]
        return [spec.Basic.Ack(front, multiple=True), *rest] if first else rest
