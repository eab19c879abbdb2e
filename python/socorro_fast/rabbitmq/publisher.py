"""Publishing that is confirmed, many messages of many threads at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import pika
from pika import frame, spec

from socorro_fast.errors import StorageUnavailable
from socorro_fast.rabbitmq.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socorro_fast.rabbitmq.io_thread import IOThread

_PERSISTENT = pika.BasicProperties(content_type="text/plain", delivery_mode=2)
_PATIENCE_MAX = 0.001
"""So many seconds the I/O thread waits at the most for those who are about to save again."""


class _Batch:
    """The messages of one call, and what became of each: None is confirmed."""

    def __init__(self, size: int) -> None:
        self.outcomes: list[StorageUnavailable | None] = [None] * size
        self.is_abandoned = False
        self._left = size
        self._woken = threading.Lock()
        self._woken.acquire()

    def settle(self) -> bool:
        """Note that one more is settled; return whether that was the last."""
        self._left -= 1
        return not self._left

    def wake(self) -> None:
        self._woken.release()

    def wait(self, timeout: float) -> bool:
        return self._woken.acquire(timeout=timeout)


class _Message(NamedTuple):
    batch: _Batch
    place: int
    queue: str
    body: bytes

    def fail(self, error: StorageUnavailable) -> None:
        self.batch.outcomes[self.place] = error


class Publisher:
    """Publishes to queues, for any thread; what it has not confirmed is not there.

    What threads hand in while the I/O thread is busy goes out in one piece, and the broker, which
    writes to disk before it confirms, confirms it in one piece: eight threads wait for one write.
    So that they stay together, what is sent next waits a little for those who have been confirmed.
    They wake one another: woken all at once, they would take the interpreter from one another.

    Raises:
        StorageUnavailable: The broker refuses.
    """

    def __init__(self, thread: IOThread) -> None:
        self.misses_queue = False
        self._thread = thread
        self._queued: deque[_Message] = deque()
        self._flying: dict[int, _Message] = {}
        self._settled: deque[_Batch] = deque()
        self._expected = 0
        self._is_gathering = False
        self._gathered = threading.Lock()
        self._gathered.acquire()
        self._sent_at = 0.0
        self._took = 0.0
        self._last_tag = 0
        self._is_woken = False
        self._when_idle: Callable[[], object] | None = None
        self._heads: dict[tuple[str, int], bytes] = {}
        self._channel = Channel(thread, is_vital=True)
        self._channel.ask(self._prepare, "have publishes confirmed")

    def _prepare(self, done: Callable[[Any], object]) -> None:
        channel = self._channel.pika
        channel.add_on_return_callback(self._on_return)
        channel.add_on_close_callback(self._on_close)
        channel.confirm_delivery(self._on_confirm, callback=done)

    def publish(
        self, queue: str, bodies: Sequence[bytes], timeout: float
    ) -> list[StorageUnavailable | None]:
        """Publish persistent messages, and wait until the broker has them on disk.

        Args:
            queue: Its name.
            bodies: One or more.
            timeout: Seconds to wait.

        Returns:
            For each, in order: None, or the error; there may be no such queue.

        Raises:
            StorageUnavailable: The connection ended, or the broker did not confirm in time.
        """
        batch = _Batch(len(bodies))
        messages = [_Message(batch, place, queue, body) for place, body in enumerate(bodies)]
        try:
            with self._thread.lock:
                self._queued.extend(messages)
                wake, self._is_woken = not self._is_woken, True
                if self._is_gathering and len(self._queued) >= self._expected:
                    self._is_gathering = False
                    self._gathered.release()
            if wake:
                self._thread.call(self._send)
            if not batch.wait(timeout):
                raise self._thread.late(f"publish to queue {queue!r}", timeout)
        finally:
            # Whoever wakes it from now on goes on to the next, as it may be past doing so.
            batch.is_abandoned = True
            self._wake_next()
        return batch.outcomes

    def when_idle(self, function: Callable[[], object]) -> None:
        """Have `function` called when all that was handed in is confirmed; in the I/O thread."""
        self._when_idle = function
        self._check_idle()

    def _send(self) -> None:
        messages = self._collected()
        if not self._channel.pika.is_open:
            self._fail(messages)
        elif messages:
            self._thread.connection.emit(b"".join(map(self._launched, messages)))
            self._sent_at = time.monotonic()

    def _collected(self) -> deque[_Message]:
        self._gather()
        with self._thread.lock:
            self._is_woken = False
            messages, self._queued = self._queued, deque()
        return messages

    def _gather(self) -> None:
        """Wait until so many messages are handed in as callers are expected, for a while.

        Fewer, larger writes are less work for all, and for the broker's disk most of all.
        """
        with self._thread.lock:
            self._is_gathering = waits = len(self._queued) < self._expected
        if waits and not self._gathered.acquire(timeout=min(self._took / 2, _PATIENCE_MAX)):
            with self._thread.lock:
                is_late, self._is_gathering = self._is_gathering, False
            if not is_late:
                self._gathered.acquire()  # the last of them came just now
        self._expected = 0

    def _launched(self, message: _Message) -> bytes:
        self._last_tag += 1
        self._flying[self._last_tag] = message
        kind = message.queue, len(message.body)
        head = self._heads.get(kind)
        if head is None:
            head = self._heads[kind] = self._head(*kind)
        body: bytes = frame.Body(self._channel.number, message.body).marshal()
        return head + body

    def _head(self, queue: str, length: int) -> bytes:
        number = self._channel.number
        method = spec.Basic.Publish(exchange="", routing_key=queue, mandatory=True)
        head: bytes = (
            frame.Method(number, method).marshal()
            + frame.Header(number, length, _PERSISTENT).marshal()
        )
        return head

    def _on_confirm(self, confirm: Any) -> None:
        tag, refused = confirm.method.delivery_tag, isinstance(confirm.method, spec.Basic.Nack)
        tags = [tag]
        if confirm.method.multiple:
            # Tags ascend: those confirmed are at the front.
            tags = []
            for each in self._flying:
                if each > tag:
                    break
                tags.append(each)
        # Whoever waited for these is likely to save more at once, and need not wake this thread.
        with self._thread.lock:
            self._is_woken = True
        self._took = time.monotonic() - self._sent_at
        for each in tags:
            message = self._flying.pop(each)
            if refused:
                message.fail(self._refused(message))
            if message.batch.settle():
                self._settled.append(message.batch)
                self._expected += 1
        self._wake_next()
        self._send()
        self._check_idle()

    def _wake_next(self) -> bool:
        """Wake one of those whose messages are all settled, who wakes the next; or return False."""
        while self._settled:
            try:
                batch = self._settled.popleft()
            except IndexError:
                break  # another thread was quicker
            if not batch.is_abandoned:
                batch.wake()
                return True
        return False

    def _on_return(self, _channel: object, method: Any, _properties: object, body: bytes) -> None:
        # It comes before its confirm, and the oldest of equal messages comes back first.
        self.misses_queue = True
        for message in self._flying.values():
            is_same = (message.queue, message.body) == (method.routing_key, body)
            if is_same and message.batch.outcomes[message.place] is None:
                message.fail(self._unroutable(message))
                break

    def _on_close(self, _channel: object, _error: Exception) -> None:
        flying, self._flying = self._flying, {}
        self._fail(flying.values())

    def _fail(self, messages: Any) -> None:
        for message in messages:
            message.fail(self._thread.unavailable(f"publish to queue {message.queue!r}"))
            if message.batch.settle():
                self._settled.append(message.batch)
        while self._wake_next():
            pass
        self._check_idle()

    def _check_idle(self) -> None:
        if self._when_idle is not None and not self._flying and not self._queued:
            function, self._when_idle = self._when_idle, None
            function()

    def _refused(self, message: _Message) -> StorageUnavailable:
        return StorageUnavailable(f"cannot publish to queue {message.queue!r} at {self._at}: full")

    def _unroutable(self, message: _Message) -> StorageUnavailable:
        what = f"cannot publish to queue {message.queue!r} at {self._at}"
        return StorageUnavailable(f"{what}: there is no such queue", retryable=False)

    @property
    def _at(self) -> str:
        return self._thread.where
