"""Forks wait for what takes locks that no child could open."""

import os
import threading

import pytest

from contract.forking import in_child
from socorro_fast import fork_safe
from socorro_fast.fork_safe import no_fork_meanwhile


def hold(inside, until, left):
    with no_fork_meanwhile():
        inside.set()
        until.wait()
        left.append(True)


@pytest.fixture
def holder():
    """Start a thread that holds up forks until an event; return the list that it fills then."""
    threads = []

    def start(until):
        inside, left = threading.Event(), []
        threads.append(threading.Thread(target=hold, args=(inside, until, left)))
        threads[-1].start()
        inside.wait()
        return left

    yield start
    for thread in threads:
        thread.join()


def check(condition):
    assert condition()


def test_a_fork_waits_for_who_is_inside(forking, holder, monkeypatch):
    monkeypatch.setattr(fork_safe._GATE, "longest_wait", 60)
    left = holder(forking)
    assert in_child(lambda: check(lambda: left == [True])) == 0


def test_a_fork_waits_no_longer_than_it_may(holder, monkeypatch):
    monkeypatch.setattr(fork_safe._GATE, "longest_wait", 0.01)
    until = threading.Event()
    left = holder(until)

    def pass_through():
        with no_fork_meanwhile():
            assert left == []
        assert in_child(lambda: None) == 0

    try:
        assert in_child(pass_through) == 0
        assert left == []
    finally:
        until.set()


def test_who_forks_inside_gets_a_child_that_can_go_on(monkeypatch):
    monkeypatch.setattr(fork_safe._GATE, "longest_wait", 0.01)
    with no_fork_meanwhile():
        child = os.fork()
    if child == 0:
        with no_fork_meanwhile():
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert in_child(lambda: check(lambda: fork_safe._GATE._inside == 0)) == 0
