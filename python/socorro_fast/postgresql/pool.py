"""A bounded pool of connections that knows threads and forks."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from typing import TYPE_CHECKING

from socorro_fast.errors import CrashStorageError, StorageUnavailable
from socorro_fast.fork_safe import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class


class ConnectionPool:
    """At most `most` connections; a thread gets the one that it had last, if that one is free.

    Args:
        connect: Makes a connection.
        most: The bound.
        timeout: Seconds to wait for a connection when all are taken.
    """

    def __init__(self, connect: Callable[[], Connection], most: int, timeout: float) -> None:
        self._connect = connect
        self._most = most
        self._timeout = timeout
        self._closed = False
        self._idle: list[tuple[int, Connection]] = []
        self._taken: dict[int, Connection] = {}
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        """Let go of the parent's connections, without a word on the wire that is the parent's."""
        for connection in [*self._taken.values(), *(each for _, each in self._idle)]:
            with contextlib.suppress(Exception):
                os.close(connection.fileno())
        self._changed = threading.Condition()
        self._idle = []
        self._taken = {}
        self._count = 0
        self._want_new: set[int] = set()

    def take(self) -> Connection:
        """Return a connection that works, for the caller alone until it is put back.

        Raises:
            StorageUnavailable: All were taken for longer than `timeout`.
            psycopg2.Error: A new one was needed and could not be made.
        """
        with self._changed:
            connection = self._take_idle(threading.get_ident())
        if connection is None:
            connection = self._make()
        with self._changed:
            self._taken[id(connection)] = connection
        return connection

    def put_back(self, connection: Connection) -> None:
        """Take a connection back; one that broke, or is left in a transaction, is closed."""
        fit = not self._closed and _is_idle(connection)
        with self._changed:
            if self._taken.pop(id(connection), None) is None:
                return  # the parent's: this is a child of a fork
            if fit:
                self._idle.append((threading.get_ident(), connection))
            else:
                self._count -= 1
            self._changed.notify()
        if not fit:
            _close(connection)

    def renew(self) -> None:
        """Have the next `take` of this thread make a new connection."""
        with self._changed:
            self._want_new.add(threading.get_ident())

    def close(self) -> None:
        """Close what is idle now, and what is taken when it is put back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._count -= len(idle)
            self._changed.notify_all()
        for _, connection in idle:
            _close(connection)

    @property
    def size(self) -> int:
        """How many connections there are."""
        return self._count

    def _take_idle(self, thread: int) -> Connection | None:
        """Return an idle connection, or None after making room for a new one."""
        if not self._changed.wait_for(self._is_ready, self._timeout):
            raise StorageUnavailable(
                f"none of the {self._most} connections was free within {self._timeout:g} s"
            )
        if self._closed:
            raise CrashStorageError("the pool of connections is closed")
        wants_new = thread in self._want_new
        self._want_new.discard(thread)
        while self._idle:
            connection = self._pop(thread)
            if not wants_new and _is_fit(connection):
                return connection
            self._count -= 1
            _close(connection)
            if wants_new:
                break
        self._count += 1
        return None

    def _is_ready(self) -> bool:
        return self._closed or bool(self._idle) or self._count < self._most

    def _pop(self, thread: int) -> Connection:
        own = (at for at, (owner, _) in enumerate(self._idle) if owner == thread)
        return self._idle.pop(next(own, -1))[1]

    def _make(self) -> Connection:
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._count -= 1
                self._changed.notify()
            raise


def _is_fit(connection: Connection) -> bool:
    """Whether the server still holds the other end: no round trip, its farewell would be there."""
    if not _is_idle(connection):
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def _is_idle(connection: Connection) -> bool:
    from psycopg2.extensions import TRANSACTION_STATUS_IDLE  # noqa: PLC0415 - not without a storage

    return not connection.closed and (connection.info.transaction_status == TRANSACTION_STATUS_IDLE)


def _close(connection: Connection) -> None:
    with contextlib.suppress(Exception):
        connection.close()
