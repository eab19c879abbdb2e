"""An HTTP server in front of another one, which answers some requests itself, and badly."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_PER_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}


@dataclass(frozen=True)
class Answer:
    """An error in S3's words, without asking the server behind."""

    status: int
    code: str

    @property
    def body(self) -> bytes:
        return f"<Error><Code>{self.code}</Code><Message>by a test</Message></Error>".encode()


@dataclass(frozen=True)
class Truncate:
    """The server's answer, whose body ends after so many bytes."""

    after: int


@dataclass(frozen=True)
class Hang:
    """No answer as long as the event is not set; then the connection is closed."""

    until: threading.Event


@dataclass(frozen=True)
class Trickle:
    """An answer without end, a byte every so many seconds, until the event is set."""

    every: float
    until: threading.Event


Fault = Answer | Truncate | Hang | Trickle

SLOW_DOWN = Answer(503, "SlowDown")
INTERNAL_ERROR = Answer(500, "InternalError")


class HTTPFaults:
    """Stands in front of `target`, a port of 127.0.0.1, at `port`, one of its own.

    Attributes:
        choose: Returns the fault of a request, given method and path; None: pass it on.
        seen: Method and path of each request, in the order of their arrival.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.choose: Callable[[str, str], Fault | None] = lambda _method, _path: None
        self.seen: list[tuple[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.faults = self
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, fault: Fault, method: str, part: str = "", times: int = 1_000_000) -> None:
        """Have that fault for the next so many requests with that method and part of a path."""
        left = iter(range(times))

        def choose(asked: str, path: str) -> Fault | None:
            return (
                fault if asked == method and part in path and next(left, None) is not None else None
            )

        self.choose = choose

    def writes(self) -> list[str]:
        """Return what was written and removed, in order: `PUT v1/raw_crash`."""
        return [
            f"{method} {'/'.join(path.split('/')[2:-1])}"
            for method, path in self.seen
            if method in ("PUT", "DELETE")
        ]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    faults: HTTPFaults


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def faults(self) -> HTTPFaults:
        return self.server.faults

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client is gone: that is its business

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.faults.seen.append((self.command, self.path.partition("?")[0]))
        fault = self.faults.choose(self.command, self.path)
        if isinstance(fault, Hang):
            fault.until.wait()
            self.close_connection = True
        elif isinstance(fault, Trickle):
            self.trickle(fault)
        elif isinstance(fault, Answer):
            self.send(fault.status, {"Content-Type": "application/xml"}, fault.body)
        else:
            self.pass_on(body, fault.after if fault else None)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - the names are http.server's

    def trickle(self, fault: Trickle) -> None:
        self.send(200, {"Content-Length": "1000000"}, b" ")
        while not fault.until.wait(fault.every):
            self.wfile.write(b" ")
        self.close_connection = True

    def pass_on(self, body: bytes, truncate: int | None) -> None:
        behind = http.client.HTTPConnection("127.0.0.1", self.faults.target, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _PER_CONNECTION}
        try:
            behind.request(self.command, self.path, body, headers)
            answer = behind.getresponse()
            data = answer.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            behind.close()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in _PER_CONNECTION}
        self.send(answer.status, kept, data, truncate)

    def send(
        self, status: int, headers: dict[str, str], body: bytes, truncate: int | None = None
    ) -> None:
        self.send_response_only(status)
        headers = {k: v for k, v in headers.items() if k.lower() != "content-length"} | {
            "Content-Length": headers.get("Content-Length", str(len(body)))
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:truncate])
        if truncate is not None:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass
