"""Servers that tests start, pause, kill and start again, on loopback ports of their own."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def quiet_ports(count: int, among: range, twin: int = 0) -> list[int]:
    """Return ports of 127.0.0.1 that nothing listens on; all different.

    They stay free until their server is up, and while it is down, as the system gives none of them
    to a connection: those begin at 32768.

    Args:
        count: How many.
        among: Those to choose from.
        twin: What is so much higher than each has to be free, too.
    """
    free: list[int] = []
    for port in random.sample(among, len(among)):
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for each in {port, port + twin}:
                probes.enter_context(socket.socket()).bind(("127.0.0.1", each))
            free.append(port)
        if len(free) == count:
            break
    return free


class Guard:
    """Ends a process group when this process has died, of SIGKILL even; then runs `will`."""

    _SCRIPT = 'read -r _; kill -s KILL -- "-$0"; [ $# = 0 ] || exec "$@"'

    def __init__(self, group: int, will: Sequence[str] = (), env: Mapping[str, str] | None = None):
        # Nobody writes into the pipe: it ends when we do.
        read, self._end = os.pipe()
        with os.fdopen(read, "rb") as pipe:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", self._SCRIPT, str(group), *will],
                stdin=pipe,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=None if env is None else dict(env),
                start_new_session=True,
            )

    def dismiss(self) -> None:
        # Before the pipe ends: the number of the group may be another's by now.
        self._process.kill()
        self._process.wait()
        os.close(self._end)


class Server:
    """A server process with all its children, in a process group of its own.

    `is_ready` is called until it returns without raising: only a real client of the server knows.
    What the server prints goes to `log`, whose end is shown when it does not come up. When the
    process that started it dies, it is killed and `will` is run.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        is_ready: Callable[[], object],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        patience: float = 60,
        will: Sequence[str] = (),
    ) -> None:
        self.argv = [str(each) for each in argv]
        self.is_ready = is_ready
        self.log = log
        self.env = env
        self.cwd = cwd
        self.patience = patience
        self.will = will
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self.env is None else dict(self.env),
                cwd=self.cwd,
                start_new_session=True,
            )
        self.guard = Guard(self.process.pid, self.will, self.env)
        try:
            self._wait_until_ready(self.process)
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + self.patience
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"{self.argv[0]} ended with {process.returncode}: {self.tail()}")
            try:
                self.is_ready()
            except Exception as error:
                if time.monotonic() > end:
                    raise RuntimeError(f"{self.argv[0]} is not up: {self.tail()}") from error
                # A server of somebody else's has no event for this: its own client must try.
                threading.Event().wait(0.05)
            else:
                return

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def _signal(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the server in its own way, or by force if it takes too long; twice is once."""
        if self.process is None:
            return
        self.guard.dismiss()
        self._signal(signal.SIGCONT)
        self._signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    @property
    def is_up(self) -> bool:
        return self.process is not None
