"""Forked processes never make the ID of another: real forks, with and without other threads."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from threading import Event, Thread

import pytest

from socorro_fast.crash_id import new_crash_id, new_crash_ids

IDS = 500
"""More than one pool holds."""

DEADLOCK = 30
"""Seconds after which a child is taken for hung, and killed."""


def make() -> list[str]:
    return [new_crash_id() for _ in range(IDS)]


def forked(work: Callable[[], list[str]]) -> Callable[[], list[str]]:
    """Start work in a child; return what waits for it and returns its result."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(DEADLOCK)
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                pipe.write("\n".join(work()))
        finally:
            os._exit(0)
    os.close(writer)

    def result() -> list[str]:
        with os.fdopen(reader) as pipe:
            lines = pipe.read().split()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        return lines

    return result


def test_children_and_their_parent_make_different_ids():
    made = [new_crash_id()]  # fills the pool that the children would share
    children = [forked(make) for _ in range(4)]
    made += make()
    for result in children:
        made += result()
    assert len(set(made)) == len(made) == 1 + 5 * IDS


def test_grandchildren_too():
    def family() -> list[str]:
        made = make()
        pair = [forked(make), forked(make)]
        return made + [crash_id for result in pair for crash_id in result()]

    new_crash_id()
    made = [crash_id for result in [forked(family), forked(family)] for crash_id in result()]
    assert len(set(made)) == len(made) == 2 * 3 * IDS


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_while_other_threads_make_ids():
    def in_both_threads() -> list[str]:
        made = make()
        other = Thread(target=lambda: made.extend(new_crash_ids(IDS)))
        other.start()
        other.join()
        return made

    stop, by_threads = Event(), list[str]()

    def keep_making() -> None:
        while not stop.is_set():
            by_threads.extend(make() + new_crash_ids(IDS))

    threads = [Thread(target=keep_making) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        by_children = [forked(in_both_threads)() for _ in range(20)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    made = by_threads + [crash_id for child in by_children for crash_id in child]
    assert len(set(made)) == len(made) > 20 * 2 * IDS


EARLY_HANDLER = """
import os, sys

def in_child():
    from socorro_fast.crash_id import new_crash_id
    print(new_crash_id(), flush=True)

os.register_at_fork(after_in_child=in_child)
from socorro_fast.crash_id import new_crash_id
new_crash_id()
for _ in range(3):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
"""


def test_handlers_that_run_in_the_child_ahead_of_ours_make_different_ids():
    command = [sys.executable, "-c", EARLY_HANDLER]
    done = subprocess.run(command, capture_output=True, encoding="ascii", check=True)
    assert len(set(done.stdout.split())) == 3
