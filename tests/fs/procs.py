"""Helpers for tests with processes: children that fork, and children under strace."""

import contextlib
import ctypes
import gc
import os
import pickle
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_SHARED_MEMORY = Path("/dev/shm")
_PR_SET_PTRACER, _ANY_PROCESS = 0x59616D61, -1
_CALL = re.compile(r"^(\w+)\((.*)$")
_END = "/end-of-the-traced-work"
# What the allocator, the interpreter and a debug build's checks of descriptors do beside the work.
_NOT_OURS = frozenset(
    {
        *("mmap", "munmap", "mremap", "brk", "madvise", "mprotect", "futex", "fcntl"),
        *("rt_sigtimedwait", "rt_sigprocmask"),
    }
)
PATIENCE = 60


def need_strace() -> None:
    """Skip the test, or fail it in CI, where there is no strace."""
    if shutil.which("strace"):
        return
    hint = "strace is missing: apt-get install strace"
    if os.environ.get("CI") == "true":
        pytest.fail(hint, pytrace=False)
    pytest.skip(hint)


@contextlib.contextmanager
def memory_directory() -> Iterator[Path]:
    """Make a directory in memory: journal-less disks take long to make what was just deleted."""
    parent = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="socorro-fast-", dir=parent) as directory:
        yield Path(directory)


def open_descriptors() -> int:
    """Count this process's open files."""
    return len(list(Path("/proc/self/fd").iterdir()))


class Child:
    """A forked child that calls `work` and hands its result, or what it raised, to the parent."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._results, theirs = os.pipe()
        gc.disable()  # nothing of the parent's must be collected in the child
        self.pid = os.fork()
        if self.pid == 0:
            gc.freeze()  # not even when the child collects its own
            os.close(self._results)
            _serve(work, theirs)
        gc.enable()
        os.close(theirs)

    def kill(self) -> None:
        """Kill the child as `kill -9` does, and wait for its end."""
        os.kill(self.pid, signal.SIGKILL)
        self.exit_code()

    def exit_code(self) -> int:
        """Wait for the end of the child; negative: the signal that ended it."""
        os.close(self._results)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def result(self) -> Any:
        """Wait for the child and return what `work` returned; raise what it raised."""
        with os.fdopen(os.dup(self._results), "rb") as results:
            data = results.read()
        code = self.exit_code()
        assert code == 0, f"the child ended with {code}"
        raised, value = pickle.loads(data)
        if raised:
            raise value
        return value


def _serve(work: Callable[[], Any], results: int) -> None:
    status = 1
    try:
        signal.alarm(PATIENCE)
        try:
            answer = (False, work())
        except Exception as error:  # noqa: BLE001 - it is the parent's
            answer = (True, error)
        with os.fdopen(results, "wb") as pipe:
            pickle.dump(answer, pipe)
        status = 0
    finally:
        os._exit(status)


def in_processes(works: list[Callable[[], Any]]) -> list[Any]:
    """Call each in a process of its own, all at once; return their results."""
    return [child.result() for child in [Child(work) for work in works]]


@dataclass(frozen=True)
class Call:
    """One system call: the `nth` of its name."""

    name: str
    nth: int
    line: str


class Traced:
    """A child that does `prepare()` freely and then what that returned under strace.

    Args:
        prepare: Called in the child; returns the work to be traced.
        options: Further options for strace.
        after: Called in the child after the work, with what it raised; its result is the child's.
    """

    def __init__(
        self,
        prepare: Callable[[], Callable[[], Any]],
        *options: str,
        after: Callable[[Exception | None], Any] = lambda error: error,
    ) -> None:
        ready, theirs = os.pipe()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        self.child = Child(lambda: _traced(prepare, after, theirs))
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(theirs)
        prepared = os.read(ready, 1)
        os.close(ready)
        assert prepared, "the child failed before it was traced"
        self._attach(options)

    def _attach(self, options: tuple[str, ...]) -> None:
        command = ["strace", "-s", "80", "-p", str(self.child.pid), *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as strace:
            assert strace.stderr is not None
            attached = strace.stderr.readline()
            assert "attached" in attached, attached
            os.kill(self.child.pid, signal.SIGUSR1)
            self.lines = strace.stderr.readlines()

    def calls(self) -> list[Call]:
        """Return the system calls of the work, in order."""
        seen: Counter[str] = Counter()
        calls = []
        for line in self.lines:
            match = _CALL.match(line)
            if _END in line:
                break
            if match and match[1] not in _NOT_OURS:
                seen[match[1]] += 1
                calls.append(Call(match[1], seen[match[1]], line.rstrip()))
        return calls


def _traced(
    prepare: Callable[[], Callable[[], Any]],
    after: Callable[[Exception | None], Any],
    ready: int,
) -> Any:
    # Some systems let a process be traced by nobody but its ancestors, unless it says otherwise.
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANY_PROCESS), 0, 0, 0)
    work = prepare()
    if hasattr(os, "sched_setaffinity"):
        # Work that shares itself out among processors stays in the thread that is traced.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.write(ready, b"r")
    signal.sigwait({signal.SIGUSR1})
    raised = None
    try:
        work()
    except Exception as error:  # noqa: BLE001 - judged by `after`
        raised = error
    os.path.exists(_END)  # noqa: PTH110 - a single call
    return after(raised)


def calls_of(prepare: Callable[[], Callable[[], Any]]) -> list[Call]:
    """Return the system calls of what `prepare` returns."""
    traced = Traced(prepare)
    raised = traced.child.result()
    if raised is not None:
        raise raised
    return traced.calls()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)
