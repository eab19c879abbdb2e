"""A connection to a broker, which any thread may use."""

from __future__ import annotations

import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pika

from socorro_fast.errors import StorageUnavailable
from socorro_fast.fork_safe import ForkSafeLock
from socorro_fast.rabbitmq.channel import Channel, count, declare
from socorro_fast.rabbitmq.deliveries import Deliveries
from socorro_fast.rabbitmq.io_thread import IOThread
from socorro_fast.rabbitmq.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socorro_fast.rabbitmq.connection_options import ConnectionOptions

# A good close takes the broker milliseconds. Closing ends within 5 seconds, whatever it does.
_CLOSE_TIMEOUT = 2.5
_BREAK_TIMEOUT = 1.0


class Connection:
    """A connection to a broker. Any thread may use it: a thread of its own does all the work.

    It connects in its own time; whoever uses it waits. The three queues are there once it publishes
    or delivers: those that are not are made, durable.

    Args:
        options: Where to, and how.

    Raises:
        StorageUnavailable: From each method: the broker is to blame.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.thread = IOThread(_parameters(options), options.where, options.response_timeout)
        self._publisher: Publisher | None = None
        self._deliveries: Deliveries | None = None
        self._setting_up = ForkSafeLock()
        # One that nobody holds any more must not hold on to what was delivered to it. A thread that
        # runs is held by itself; one that has ended holds its error, whose stack holds us.
        weakref.finalize(self, _give_up, weakref.ref(self.thread))

    @property
    def is_alive(self) -> bool:
        """Whether it is open, or on its way to be."""
        return self.thread.is_alive

    def wait_open(self) -> None:
        """Wait until it is open."""
        self.thread.wait_open(self.options.connect_timeout)

    def publish(self, queue: str, crash_ids: Sequence[str]) -> list[StorageUnavailable | None]:
        """Queue crash IDs, and return when the broker has them on disk.

        Returns:
            For each, in order: None, or the error.
        """
        if not crash_ids:
            return []
        timeout = self.options.response_timeout + self.options.blocked_connection_timeout
        bodies = [crash_id.encode() for crash_id in crash_ids]
        return self._ready_publisher().publish(queue, bodies, timeout)

    def deliveries(self, prefetch_count: int) -> Deliveries:
        """Return what delivers here; `prefetch_count` is that of the first call."""
        with self._setting_up:
            if self._deliveries is None:
                self.declare()
                self._deliveries = Deliveries(self.thread, prefetch_count)
            elif self._deliveries.lost_queue is not None:
                self._deliveries.lost_queue = None
                self.declare()
            return self._deliveries

    def declare(self) -> None:
        """Make those of the three queues that are not there."""
        declare(self.thread, self.options.queue_names)

    def count(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        channel = Channel(self.thread, is_vital=False)
        messages = count(channel, queue)
        channel.close()
        return messages

    def purge(self, queue: str) -> int:
        """Take all messages that nobody holds off a queue; return how many those were."""
        channel = Channel(self.thread, is_vital=False)
        answer: Any = channel.ask(
            lambda done: channel.pika.queue_purge(queue, callback=done), f"purge queue {queue!r}"
        )
        channel.close()
        purged: int = answer.method.message_count
        return purged

    def commit(self) -> None:
        """Do nothing: a publish is confirmed when it returns."""

    def rollback(self) -> None:
        """Do nothing: what is confirmed stays."""

    def begin_close(self) -> None:
        """Begin to close it; what is being published gets a moment to be confirmed."""
        # Whoever sets up a publisher now is told that the connection is over.
        publisher = self._publisher
        with suppress(StorageUnavailable):
            if publisher is None:
                self.thread.close()
            else:
                self.thread.call(publisher.when_idle, self.thread.close)

    def close(self) -> None:
        """Close it, within 5 seconds."""
        close_all([self])

    def _ready_publisher(self) -> Publisher:
        if self._publisher is not None and not self._publisher.misses_queue:
            return self._publisher
        with self._setting_up:
            if self._publisher is None:
                self.declare()
                self._publisher = Publisher(self.thread)
            elif self._publisher.misses_queue:
                self._publisher.misses_queue = False
                self.declare()
            return self._publisher


def close_all(connections: Sequence[Connection]) -> None:
    """Close connections, all of them within 5 seconds: those that take too long are broken."""
    for connection in connections:
        connection.begin_close()
    _join(connections, _CLOSE_TIMEOUT)
    for connection in connections:
        connection.thread.give_up(ConnectionError("it was closed"))
    _join(connections, _BREAK_TIMEOUT)


def _give_up(thread: weakref.ref[IOThread]) -> None:
    running = thread()
    if running is not None:
        running.give_up(ConnectionError("nobody holds it"))


def _join(connections: Sequence[Connection], timeout: float) -> None:
    end = time.monotonic() + timeout
    for connection in connections:
        connection.thread.join(max(0, end - time.monotonic()))


def _parameters(options: ConnectionOptions) -> pika.ConnectionParameters:
    password = options.rabbitmq_password.get_secret_value()
    return pika.ConnectionParameters(
        host=options.host,
        port=options.port,
        virtual_host=options.virtual_host,
        credentials=pika.PlainCredentials(options.rabbitmq_user, password, erase_on_connect=True),
        heartbeat=options.heartbeat,
        blocked_connection_timeout=options.blocked_connection_timeout,
        socket_timeout=options.connect_timeout,
        stack_timeout=options.connect_timeout,
        connection_attempts=1,
        client_properties={"connection_name": "socorro-fast"},
    )
