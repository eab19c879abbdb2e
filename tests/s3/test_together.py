"""Several calls at once."""

import threading

import pytest

from socorro_fast.s3.together import together


def test_results_come_in_order_and_calls_run_side_by_side():
    meet = threading.Barrier(4, timeout=20)
    calls = [lambda n=n: (meet.wait(), n)[1] for n in range(4)]
    assert together(calls, at_once=4) == [0, 1, 2, 3]
    assert together([], at_once=4) == []


def test_no_more_run_at_once_than_allowed():
    running, most = [], []

    def call():
        running.append(1)
        most.append(len(running))
        threading.Event().wait(0.005)
        running.pop()

    together([call] * 20, at_once=3)
    assert max(most) <= 3


def test_the_first_error_in_order_is_raised_and_no_more_begun():
    begun = []
    meet = threading.Barrier(2, timeout=20)

    def fail(number):
        begun.append(number)
        if number < 2:
            meet.wait()
        raise ValueError(number)

    calls = [lambda n=n: fail(n) for n in range(20)]
    with pytest.raises(ValueError, match="0") as caught:
        together(calls, at_once=2)
    assert caught.value.__notes__[0] == "beside it: ValueError(1)"
    assert len(begun) <= 4


def test_an_interrupt_ends_it():
    begun = []
    here = threading.current_thread()

    def call():
        begun.append(1)
        if threading.current_thread() is here:
            raise KeyboardInterrupt
        threading.Event().wait(0.05)

    with pytest.raises(KeyboardInterrupt):
        together([call] * 100, at_once=2)
    assert len(begun) < 50
