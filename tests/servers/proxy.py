"""A TCP proxy that does to connections what networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator


@dataclass
class _Link:
    """One connection through the proxy: both its ends, and how much went to the client."""

    client: socket.socket
    server: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        """Break the connection at both ends at once, unread data or not."""
        with self.lock:
            for each in (self.client, self.server):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Stands in front of `target`, a port of 127.0.0.1, at `port`, one of its own.

    Attributes:
        latency: Seconds that each piece of data waits, in both directions.
        swallows: Whether data goes nowhere, as behind a half-open connection.
        loses_answers: Whether a connection is cut when the server answers, before it arrives.
        refuses: Whether new connections are closed as soon as they are there.
        cut_after: Cut a connection when so many bytes went through it to the server; None: never.
            It cuts in the middle of a piece: the first bytes of it still arrive.
        holds: The server's data from a match on waits, unless the client has sent something since
            the data before, until it does.
        accepted: How many connections were ever made.
        most: How many were open at the same time, at most.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.latency = 0.0
        self.swallows = False
        self.loses_answers = False
        self.refuses = False
        self.cut_after: int | None = None
        self.holds: re.Pattern[bytes] | None = None
        self.accepted = 0
        self.most = 0
        self._links: list[_Link] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    def cut(self) -> int:
        """Cut every connection there is; return how many those were."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            link.cut()
        return len(links)

    def cut_one(self) -> bool:
        """Cut the oldest connection, if there is one."""
        with self._lock:
            link = self._links.pop(0) if self._links else None
        if link is not None:
            link.cut()
        return link is not None

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._links)

    @contextlib.contextmanager
    def while_(self, **faults: object) -> Iterator[None]:
        """Set attributes for as long as the block runs."""
        before = {name: getattr(self, name) for name in faults}
        vars(self).update(faults)
        try:
            yield
        finally:
            vars(self).update(before)

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        if self.refuses:
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(client, server)
        with self._lock:
            self._links.append(link)
            self.most = max(self.most, len(self._links))
        ends = threading.Barrier(2)
        for source, sink in ((client, server), (server, client)):
            thread = threading.Thread(
                target=self._pump, args=(link, source, sink, ends), daemon=True
            )
            thread.start()

    def _pump(
        self, link: _Link, source: socket.socket, sink: socket.socket, ends: threading.Barrier
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.latency:
                    self._closed.wait(self.latency)
                if self.swallows:
                    continue
                if self.loses_answers and sink is link.client:
                    break
                limit = self.cut_after if sink is link.server else None
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[: limit - passed])
                    break
                if sink is link.client:
                    data = self._hold(link, data)
                else:
                    link.asked.set()
                sink.sendall(data)
                passed += len(data)
        link.cut()
        self._forget(link)
        # The last of the two threads closes: a number that is closed may be another's at once.
        with contextlib.suppress(threading.BrokenBarrierError):
            if ends.wait(60) == 0:
                source.close()
                sink.close()

    def _hold(self, link: _Link, data: bytes) -> bytes:
        """Send what may go to the client at once; return the rest when it may."""
        match = self.holds.search(data) if self.holds else None
        free = match.start() if match else len(data)
        if free:
            link.asked.clear()
        if match:
            link.client.sendall(data[:free])
            link.asked.wait(60)
        return data[free:] if match else data

    def _forget(self, link: _Link) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._links.remove(link)
