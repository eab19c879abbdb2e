"""Forks wait for what takes locks that no child could open."""

import threading

import pytest

from contract.forking import in_child
from contract.samples import CRASH_ID, RAW
from socorro_fast import BotoCrashStorage, fork_safe
from socorro_fast.s3 import driver


@pytest.fixture(autouse=True)
def _as_long_as_it_takes(monkeypatch):
    monkeypatch.setattr(fork_safe._GATE, "longest_wait", 60)


def check(condition):
    assert condition()


@pytest.fixture
def fork_amid(forking):
    """Fork while a thread is inside of a call, which it leaves then; check that it had left."""

    def run(call, step):
        inside, left = threading.Event(), []

        def wait(*_args, **_kwargs):
            inside.set()
            forking.wait()
            left.append(True)

        step(wait)
        thread = threading.Thread(target=call)
        thread.start()
        inside.wait()
        status = in_child(lambda: check(lambda: left))
        thread.join()
        assert status == 0

    return run


def test_a_fork_waits_for_requests(fork_amid, faults, faulty):
    faulty.save_raw_crash(RAW, {}, CRASH_ID)
    fork_amid(lambda: faulty.get_raw_crash(CRASH_ID), lambda wait: setattr(faults, "choose", wait))


def test_a_fork_waits_for_a_client_that_is_being_made(fork_amid, make):
    make().save_raw_crash(RAW, {}, CRASH_ID)
    events = driver._SESSION._session.events

    def step(wait):
        events.register("creating-client-class.s3", wait, unique_id="test")

    another = make(BotoCrashStorage)
    try:
        fork_amid(lambda: another.get_raw_crash(CRASH_ID), step)
    finally:
        events.unregister("creating-client-class.s3", unique_id="test")
