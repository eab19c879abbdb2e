"""Factories of connections to RabbitMQ, for `with`: plain, pooled and shared."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

from socorro_fast.drivers import check_drivers
from socorro_fast.errors import CrashStorageError, StorageUnavailable
from socorro_fast.fork_safe import ForkSafeLock, renew_in_children
from socorro_fast.rabbitmq.connection_options import ConnectionOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from socorro_fast.rabbitmq.connection import Connection


class ConnectionContext:
    """Makes a connection for each `with`, and closes it at the end.

    Nothing connects before the first `with`, so it may be made before a server forks.

    Args:
        **options: As `ConnectionOptions` declares them.

    Raises:
        ConfigurationError: An option is unknown or wrong, or pika is not installed.
    """

    extra: ClassVar[str | None] = "rabbitmq"
    drivers: ClassVar[tuple[str, ...]] = ("pika",)
    operational_exceptions: tuple[type[BaseException], ...] = ()
    conditional_exceptions: tuple[type[BaseException], ...] = (StorageUnavailable,)

    def __init__(self, **options: Any) -> None:
        check_drivers(type(self))
        self.options = ConnectionOptions.build(type(self).__name__, options)
        self._is_closed = False

    @classmethod
    def from_config(cls, config: object) -> Self:
        """Make one with what `config` has, as keys or attributes, of the options.

        Raises:
            ConfigurationError: An option is wrong.
        """
        return cls(**ConnectionOptions.find(config))

    def __call__(self) -> AbstractContextManager[Connection]:
        """Give a connection that is open.

        Raises:
            StorageUnavailable: It cannot be made.
        """
        return self._one()

    @contextmanager
    def _one(self) -> Iterator[Connection]:
        connection = self._connect()
        try:
            connection.wait_open()
            yield connection
        finally:
            connection.close()

    def is_operational_exception(self, error: BaseException) -> bool:
        """Return whether trying again may help."""
        return isinstance(error, StorageUnavailable) and error.retryable

    def force_reconnect(self) -> None:
        """Do nothing: every connection is new."""

    def close(self) -> None:
        """Close what is kept, within 5 seconds; no more connections are given."""
        close_contexts(self)

    def surrender(self) -> list[Connection]:
        """Give no more connections; return those that are kept, for the caller to close."""
        self._is_closed = True
        return []

    @property
    def where(self) -> str:
        """The broker and virtual host, as messages name them."""
        return self.options.where

    def _connect(self) -> Connection:
        from socorro_fast.rabbitmq.connection import Connection  # noqa: PLC0415 - it loads the driver

        if self._is_closed:
            raise CrashStorageError(f"the connections to {self.where} are closed")
        return Connection(self.options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options.changed()})"


class _Keeping(ConnectionContext):
    """Keeps connections by key, as long as they live; a child of a fork keeps none of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: dict[threading.Thread | None, Connection] = {}
        self._lock = ForkSafeLock()
        renew_in_children(self)

    def _key(self) -> threading.Thread | None:
        return None

    def __call__(self) -> _Lent:
        """Give the connection that is kept, or a new one where that is no more.

        Raises:
            StorageUnavailable: It cannot be made.
        """
        return _Lent(self)

    def ready(self) -> Connection:
        """Return the connection that is kept, or a new one, when it is open."""
        key = self._key()
        connection = self._kept.get(key)
        if connection is None or not connection.is_alive:
            with self._lock:
                connection = self._kept.get(key)
                if connection is None or not connection.is_alive:
                    connection = self._kept[key] = self._connect()
        connection.wait_open()
        return connection

    def force_reconnect(self) -> None:
        """Have the next call in this thread give a new connection."""
        with self._lock:
            connection = self._kept.pop(self._key(), None)
        if connection is not None:
            connection.begin_close()

    def surrender(self) -> list[Connection]:
        """Give no more connections; return those that are kept, for the caller to close."""
        with self._lock:
            self._is_closed = True
            kept, self._kept = [*self._kept.values()], {}
        return kept

    def renew_after_fork(self) -> None:
        """Forget the parent's connections."""
        self._kept = {}


class _Lent:
    """A connection out of a context that keeps it; quicker than a generator, as saves are many."""

    def __init__(self, context: _Keeping) -> None:
        self._context = context

    def __enter__(self) -> Connection:
        return self._context.ready()

    def __exit__(self, *_exc_info: object) -> None:
        pass


class ConnectionContextShared(_Keeping):
    """Keeps one connection for all threads: what they publish together is confirmed together.

    Options: `ConnectionOptions`.
    """

    def force_reconnect(self) -> None:
        """Give up the connection if it is broken; if not, other threads are using it."""
        with self._lock:
            if (connection := self._kept.get(None)) is not None and not connection.is_alive:
                del self._kept[None]


class ConnectionContextPooled(_Keeping):
    """Keeps a connection for each thread, and closes it when the thread has ended.

    Options: `ConnectionOptions`.
    """

    def _key(self) -> threading.Thread:
        return threading.current_thread()

    def _connect(self) -> Connection:
        ended = [key for key in self._kept if key is not None and not key.is_alive()]
        for key in ended:
            self._kept.pop(key).begin_close()
        return super()._connect()


def close_contexts(*contexts: ConnectionContext) -> None:
    """Close contexts, all of them within 5 seconds, whatever the broker does."""
    connections = [it for context in contexts for it in context.surrender()]
    if connections:
        from socorro_fast.rabbitmq.connection import close_all  # noqa: PLC0415 - loads the driver

        close_all(connections)
