"""The thread that owns a connection: pika is not safe for threads, so it is used in no other."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pika
from pika.adapters.select_connection import IOLoop

from socorro_fast.fork_safe import renew_in_children
from socorro_fast.rabbitmq.failures import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.errors import StorageUnavailable

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class _Loop(IOLoop):  # type: ignore[misc] # pika is not typed
    """pika's loop, which also knows what it watches: a child of a fork has to let go of that."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptors: set[int] = set()

    def add_handler(self, fd: int, handler: Callable[[int, int], None], events: int) -> None:
        self.descriptors.add(fd)
        super().add_handler(fd, handler, events)

    def remove_handler(self, fd: int) -> None:
        self.descriptors.discard(fd)
        super().remove_handler(fd)


class _Connection(pika.SelectConnection):  # type: ignore[misc] # pika is not typed
    """pika's connection, with the two things that it keeps to itself and its adapters."""

    def emit(self, data: bytes) -> None:
        """Send whole frames: in one piece and at once.

        pika makes a system call of each frame, one turn of its loop later.
        """
        self._output_marshaled_frames([data])
        self._transport._on_socket_writable()  # noqa: SLF001 - see above

    def abort(self, error: Exception) -> None:
        """Break the connection, whatever state it is in, without a word to the broker."""
        if not self.is_closed:
            self._terminate_stream(error)


class IOThread:
    """A connection, and the thread that reads, writes and keeps it alive.

    It connects at once, in its own time: `wait_open` waits for that. Any thread may call.
    The heartbeats go on whatever other threads do.

    Args:
        parameters: pika's.
        where: The broker, for messages.
        response_timeout: Seconds after which a broker that does not answer is given up.
    """

    def __init__(
        self, parameters: pika.ConnectionParameters, where: str, response_timeout: float
    ) -> None:
        self.where = where
        self.response_timeout = response_timeout
        self.lock = threading.Lock()
        self.connection: Any = None
        self.is_over = False
        self._is_open = False
        self._failure: BaseException | None = None
        self._todo: deque[Callable[[], object]] = deque()
        self._opened: Future[None] = Future()
        self._parameters = parameters
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._run, name=f"rabbitmq {where}", daemon=True)
        renew_in_children(self)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the connection is open, or on its way to be."""
        return not self.is_over and self._failure is None

    @property
    def is_current(self) -> bool:
        """Whether this is the thread that asks."""
        return threading.current_thread() is self._thread

    def wait_open(self, timeout: float) -> None:
        """Wait until the connection is open.

        Raises:
            StorageUnavailable: It does not come up.
        """
        if not self._is_open:
            self.wait(self._opened, "connect", timeout)

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Have `function` called in the thread, soon.

        Raises:
            StorageUnavailable: The connection is over.
        """
        with self.lock:
            if self.is_over:
                raise self.unavailable("use the connection")
            self._todo.append(partial(function, *args))
            self._loop.add_callback_threadsafe(self._run_todo)

    def wait(self, answer: Future[_T], doing: str, timeout: float | None = None) -> _T:
        """Return what `answer` gets.

        Raises:
            StorageUnavailable: It gets an error, or nothing in time: then the connection is broken.
        """
        patience = self.response_timeout if timeout is None else timeout
        try:
            return answer.result(patience)
        except TimeoutError:
            raise self.late(doing, patience) from self._failure
        except Exception as error:
            raise unavailable(doing, self.where, self._failure or error) from error

    def late(self, doing: str, patience: float) -> StorageUnavailable:
        """Break the connection, as the broker does not answer; return the error for that."""
        self.give_up(TimeoutError(f"no answer in {patience:g} s"))
        return self.unavailable(doing)

    def unavailable(self, doing: str) -> StorageUnavailable:
        """Return the error for something that was being done when the connection ended."""
        return unavailable(doing, self.where, self._failure or ConnectionError("it is closed"))

    def give_up(self, why: Exception) -> None:
        """Break the connection because of `why`; nothing if it is over."""
        with self.lock:
            self._failure = self._failure or why
            if not self.is_over:
                self._todo.append(partial(self._abort, why))
                self._loop.add_callback_threadsafe(self._run_todo)

    def close(self) -> None:
        """Begin to close the connection in the broker's good order."""
        with self.lock:
            if not self.is_over:
                self._todo.append(self._close)
                self._loop.add_callback_threadsafe(self._run_todo)

    def join(self, timeout: float) -> None:
        """Wait for the end, after `close` or `give_up`, but not for ever."""
        if not (self.is_current or self.is_over):
            self._thread.join(timeout)

    def renew_after_fork(self) -> None:
        """Let go of the parent's connection without a word to the broker."""
        self.lock = threading.Lock()
        if self.is_over:
            return
        self.is_over = True
        self._failure = ConnectionError("it is that of the process before the fork")
        # The descriptors must not keep the parent's connection open, nor be closed behind the back
        # of those who hold them: their numbers may be others' by then.
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in self._loop.descriptors:
            os.dup2(null, descriptor, inheritable=False)
        os.close(null)
        _INHERITED.append(self)

    def _run(self) -> None:
        try:
            self.connection = _Connection(
                self._parameters,
                on_open_callback=self._on_open,
                on_open_error_callback=self._on_end,
                on_close_callback=self._on_end,
                custom_ioloop=self._loop,
            )
            self._loop.start()
        except Exception as error:
            logger.exception("the connection to %s breaks", self.where)
            self._abort(error)
            if self.connection is not None and not self.connection.is_closed:
                self._loop.start()
        finally:
            self._end()

    def _run_todo(self) -> None:
        while self._todo:
            try:
                self._todo.popleft()()
            except Exception as error:
                logger.exception("the connection to %s is given up", self.where)
                self._abort(error)

    def _on_open(self, _connection: object) -> None:
        self._is_open = True
        self._opened.set_result(None)

    def _on_end(self, _connection: object, error: BaseException) -> None:
        self._failure = self._failure or error
        self._loop.stop()

    def _abort(self, why: Exception) -> None:
        self._failure = self._failure or why
        if self.connection is not None:
            self.connection.abort(why)

    def _close(self) -> None:
        self._failure = self._failure or ConnectionError("it is closed")
        if not (self.connection.is_closing or self.connection.is_closed):
            self.connection.close()

    def _end(self) -> None:
        with self.lock:
            self.is_over = True
        self._run_todo()
        if not self._opened.done():
            self._opened.set_exception(self._failure or ConnectionError("it is closed"))
        self._loop.close()
        # Others have these numbers from now on.
        self._loop.descriptors.clear()


# What a child of a fork inherited is kept: collecting it would close numbers it no longer owns.
_INHERITED: list[IOThread] = []
