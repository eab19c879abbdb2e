"""Giving up servers that do not answer: the driver itself waits for ever."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

from socorro_fast.errors import StorageUnavailable
from socorro_fast.fork_safe import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class


class Watchdog:
    """Breaks connections on which a call waits for more than `seconds`; 0: never.

    The driver cannot be interrupted, but its socket can be shut down from another thread. There is
    one such thread, as long as calls come.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        """Watch nothing: what was watched is the parent's."""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._calls: dict[_Call, None] = {}

    @contextlib.contextmanager
    def watching(self, connection: Connection) -> Iterator[None]:
        """Break `connection` if the block takes too long.

        Raises:
            StorageUnavailable: It did.
        """
        if not self._seconds:
            yield
            return
        call = _Call(connection, time.monotonic() + self._seconds)
        self._watch(call)
        try:
            yield
        except Exception as error:
            if call.is_broken:
                why = f"the server did not answer within {self._seconds:g} s"
                raise StorageUnavailable(why) from error
            raise
        finally:
            with self._changed:
                self._calls.pop(call, None)

    def _watch(self, call: _Call) -> None:
        with self._changed:
            self._calls[call] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif len(self._calls) == 1:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            # All have the same time, so the oldest is the first that is due.
            # A call may come between the end of the wait and the lock: it is looked for once more.
            while self._calls or self._changed.wait(self._seconds) or self._calls:
                call = next(iter(self._calls), None)
                left = call.due - time.monotonic() if call else 0
                if call and left <= 0:
                    del self._calls[call]
                    call.break_off()
                elif call:
                    self._changed.wait(left)
            self._thread = None


class _Call:
    """A call on a connection that is to be over when it is due."""

    def __init__(self, connection: Connection, due: float) -> None:
        self._connection = connection
        self.due = due
        self.is_broken = False

    def break_off(self) -> None:
        """Have the driver see the end of the connection."""
        self.is_broken = True
        with contextlib.suppress(Exception), _socket_of(self._connection) as end:
            end.shutdown(socket.SHUT_RDWR)


def _socket_of(connection: Connection) -> socket.socket:
    return socket.socket(fileno=os.dup(connection.fileno()))
