"""A channel, and the answers that are waited for on it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from socorro_fast.errors import StorageUnavailable
from socorro_fast.rabbitmq.connection_options import one_line
from socorro_fast.rabbitmq.failures import is_not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from socorro_fast.rabbitmq.io_thread import IOThread

_T = TypeVar("_T")


class Channel:
    """A channel of pika. Any thread may ask; `pika` itself is the I/O thread's.

    Args:
        thread: Whose connection it is on.
        is_vital: Whether the connection is of no use once the broker has closed this channel.

    Raises:
        StorageUnavailable: It cannot be opened.
    """

    def __init__(self, thread: IOThread, *, is_vital: bool) -> None:
        self.thread = thread
        self.pika: Any = None
        self.number = 0
        self._is_vital = is_vital
        self._waiting: set[Future[Any]] = set()
        self.ask(self._open, "open a channel")

    def ask(self, start: Callable[[Callable[[_T], object]], object], doing: str) -> _T:
        """Return what the broker answers.

        Args:
            start: Called in the I/O thread with the callback that is to get the answer.
            doing: What is being done, for messages.

        Raises:
            StorageUnavailable: The broker refuses or does not answer.
        """
        answer: Future[_T] = Future()
        self.thread.call(self._start, start, answer)
        return self.thread.wait(answer, doing)

    def close(self) -> None:
        """Close it, without waiting for the broker."""
        self.thread.call(lambda: self.pika.close() if self.pika.is_open else None)

    def _open(self, done: Callable[[Any], object]) -> None:
        self.pika = self.thread.connection.channel(on_open_callback=done)
        self.number = self.pika.channel_number
        self.pika.add_on_close_callback(self._on_close)

    def _start(self, start: Callable[..., object], answer: Future[Any]) -> None:
        self._waiting.add(answer)

        def done(value: Any) -> None:
            self._waiting.discard(answer)
            if not answer.done():
                answer.set_result(value)

        try:
            start(done)
        except Exception as error:  # noqa: BLE001 - it is the asker's
            self._fail(answer, error)

    def _on_close(self, _channel: object, error: Exception) -> None:
        for answer in tuple(self._waiting):
            self._fail(answer, error)
        if self._is_vital and not self.thread.connection.is_closing:
            self.thread.give_up(error)

    def _fail(self, answer: Future[Any], error: Exception) -> None:
        self._waiting.discard(answer)
        if not answer.done():
            answer.set_exception(error)


def declare(thread: IOThread, names: Iterable[str]) -> None:
    """See to it that the queues are there: those that are not are made durable.

    Those that are there are taken as they are, with whatever limits, dead-letter exchange or type
    an administrator gave them.

    Raises:
        StorageUnavailable: The broker refuses.
    """
    channel = Channel(thread, is_vital=False)
    for name in names:
        try:
            count(channel, name)
        except StorageUnavailable as error:
            if not is_not_found(error.__cause__):
                raise
            channel = Channel(thread, is_vital=False)
            _make(channel, name)
    channel.close()


def count(channel: Channel, name: str) -> int:
    """Return how many messages wait in a queue.

    Raises:
        StorageUnavailable: There is no such queue; the broker has closed the channel.
    """
    answer: Any = channel.ask(
        lambda done: channel.pika.queue_declare(one_line(name), passive=True, callback=done),
        f"find queue {name!r}",
    )
    messages: int = answer.method.message_count
    return messages


def _make(channel: Channel, name: str) -> None:
    channel.ask(
        lambda done: channel.pika.queue_declare(name, durable=True, callback=done),
        f"make queue {name!r}",
    )
