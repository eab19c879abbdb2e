"""Transactions: committed or rolled back, tried again when it helps, quick to quit."""

import threading
from contextlib import contextmanager

import pytest

from socorro_fast import ConfigurationError
from socorro_fast.transaction import (
    TransactionExecutor,
    TransactionExecutorWithInfiniteBackoff,
    TransactionExecutorWithLimitedBackoff,
)


class OperationalError(Exception):
    pass


class ProgrammingError(Exception):
    pass


class AbandonedError(Exception):
    abandon_transaction = True


class Context:
    """A connection context that writes down what happens to it; it is its own connection."""

    operational_exceptions = (OperationalError,)
    conditional_exceptions = (ProgrammingError,)

    def __init__(self, **failing):
        self.events = []
        self.failing = failing

    @contextmanager
    def __call__(self):
        self._happens("open")
        try:
            yield self
        finally:
            self._happens("close")

    def _happens(self, event):
        self.events.append(event)
        if event in self.failing:
            raise self.failing[event]

    def commit(self):
        self._happens("commit")

    def rollback(self):
        self._happens("rollback")

    def force_reconnect(self):
        self._happens("reconnect")

    def is_operational_exception(self, error):
        return "EOF" in str(error)


def failing(*errors):
    left = list(errors)

    def function(connection, *args, **kwargs):
        connection.events.append("call")
        if left:
            raise left.pop(0)
        return args, kwargs

    return function


ONCE = ["open", "call", "commit", "close"]
FAILED = ["open", "call", "rollback", "close"]
EXECUTORS = {
    "plain": TransactionExecutor,
    "limited": lambda context, **options: TransactionExecutorWithLimitedBackoff(
        context, backoff_delays=[2, 4], **options
    ),
    "infinite": lambda context, **options: TransactionExecutorWithInfiniteBackoff(
        context, backoff_delays="2, 4", **options
    ),
}


@pytest.fixture(params=EXECUTORS.values(), ids=EXECUTORS)
def make(request):
    return request.param


@pytest.fixture
def slept():
    return []


def test_what_works_is_committed(make):
    context = Context()
    assert make(context)(failing(), 1, key=2) == ((1,), {"key": 2})
    assert context.events == ONCE


def test_what_is_abandoned_is_rolled_back_and_no_error(make):
    context = Context()
    assert make(context)(failing(AbandonedError())) is None
    assert context.events == FAILED


@pytest.mark.parametrize(
    "error", [ValueError("x"), ProgrammingError("syntax"), KeyboardInterrupt()]
)
def test_other_errors_are_rolled_back_and_raised_at_once(make, error):
    context = Context()
    with pytest.raises(type(error)) as caught:
        make(context)(failing(error))
    assert caught.value is error
    assert context.events[:4] == FAILED
    assert context.events.count("call") == 1


def test_the_plain_executor_reconnects_after_any_error():
    context = Context()
    with pytest.raises(OperationalError):
        TransactionExecutor(context)(failing(OperationalError()))
    assert context.events == [*FAILED, "reconnect"]


@pytest.mark.parametrize("error", [OperationalError("down"), ProgrammingError("SSL EOF")])
@pytest.mark.parametrize("name", ["limited", "infinite"])
def test_operational_errors_are_tried_again(name, error, slept):
    context = Context()
    EXECUTORS[name](context, sleep=slept.append)(failing(error))
    assert context.events == [*FAILED, "reconnect", *ONCE]
    assert sum(slept) == 2


def test_failing_to_connect_is_tried_again(slept):
    context = Context(open=OperationalError("refused"))

    def mend(seconds):
        slept.append(seconds)
        context.failing.clear()

    EXECUTORS["limited"](context, sleep=mend)(failing())
    assert context.events == ["open", "reconnect", *ONCE]


def test_a_commit_that_fails_is_rolled_back(make):
    context = Context(commit=ValueError("cannot"))
    with pytest.raises(ValueError, match="cannot"):
        make(context)(failing())
    assert context.events[:5] == ["open", "call", "commit", "rollback", "close"]


def test_limited_gives_up_after_the_last_delay_with_the_last_error(slept):
    context = Context()
    errors = [OperationalError(number) for number in range(9)]
    with pytest.raises(OperationalError) as caught:
        EXECUTORS["limited"](context, sleep=slept.append)(failing(*errors))
    assert caught.value is errors[2]
    assert context.events.count("call") == 3
    assert context.events[-1] == "reconnect"
    assert sum(slept) == 2 + 4


def test_limited_without_delays_tries_once(slept):
    with pytest.raises(OperationalError):
        TransactionExecutorWithLimitedBackoff(Context(), backoff_delays="", sleep=slept.append)(
            failing(OperationalError())
        )
    assert slept == []


def test_infinite_repeats_the_last_delay(slept):
    context = Context()
    errors = [OperationalError()] * 20
    assert EXECUTORS["infinite"](context, sleep=slept.append)(failing(*errors)) == ((), {})
    assert sum(slept) == 2 + 19 * 4


@pytest.mark.parametrize("event", ["rollback", "close", "reconnect"])
def test_what_fails_on_the_way_out_does_not_hide_the_cause(make, event):
    context = Context(**{event: RuntimeError("gone too")})
    with pytest.raises(ValueError, match="the cause") as caught:
        make(context)(failing(ValueError("the cause")))
    # A backoff executor keeps the connection after such an error, so nothing of that can fail.
    noted = str(getattr(caught.value, "__notes__", ""))
    assert ("gone too" in noted) == (event in context.events)


@pytest.mark.parametrize("name", ["limited", "infinite"])
def test_an_error_that_cannot_be_judged_is_raised_itself(name):
    context = Context()
    context.is_operational_exception = lambda error: error.pgcode
    with pytest.raises(ProgrammingError) as caught:
        EXECUTORS[name](context)(failing(ProgrammingError("syntax")))
    assert "judging it failed as well: AttributeError" in caught.value.__notes__[0]


def test_a_connection_that_cannot_roll_back_is_given_up(make):
    context = Context(rollback=RuntimeError())
    with pytest.raises(ValueError, match="cause"):
        make(context)(failing(ValueError("cause")))
    assert "reconnect" in context.events


@pytest.mark.parametrize("error", [RuntimeError, OperationalError])
def test_what_is_committed_is_done_once_though_closing_fails(make, error, caplog):
    context = Context(close=error("gone"))
    assert make(context)(failing(), 1) == ((1,), {})
    assert context.events == [*ONCE, "reconnect"]
    assert "closing the connection failed, after the commit" in caplog.text


class Quit(BaseException):
    pass


def test_the_quit_check_comes_before_each_try(make):
    def quit_check():
        raise Quit

    context = Context()
    with pytest.raises(Quit):
        make(context, quit_check_callback=quit_check)(failing())
    assert context.events == []


def test_a_wait_asks_the_quit_check_every_second(slept):
    def quit_check():
        if len(slept) == 3:
            raise Quit

    executor = TransactionExecutorWithInfiniteBackoff(
        Context(), backoff_delays=[300], quit_check_callback=quit_check, sleep=slept.append
    )
    with pytest.raises(Quit):
        executor(failing(OperationalError()))
    assert slept == [1, 1, 1]


def test_an_event_ends_a_wait_at_once():
    quitting = threading.Event()
    caught = []
    executor = TransactionExecutorWithInfiniteBackoff(
        Context(), backoff_delays=[86_400], quit_event=quitting
    )
    tried = threading.Event()

    def function(_connection):
        tried.set()
        raise OperationalError

    def run():
        try:
            executor(function)
        except OperationalError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert tried.wait(30)
    quitting.set()
    thread.join(30)
    assert len(caught) == 1


def test_jitter_shortens_delays_within_its_part(slept):
    executor = TransactionExecutorWithLimitedBackoff(
        Context(), backoff_delays=[10] * 50, jitter=0.5, sleep=slept.append
    )
    executor(failing(*[OperationalError()] * 50))
    assert 50 * 5 <= sum(slept) < 50 * 10


@pytest.mark.parametrize(("interval", "lines"), [(10, 2), (0, 0), (29, 1), (30, 0)])
def test_waiting_is_logged_at_intervals(interval, lines, slept, caplog):
    executor = TransactionExecutorWithLimitedBackoff(
        Context(), backoff_delays=[30], wait_log_interval=interval, sleep=slept.append
    )
    with caplog.at_level("INFO"):
        executor(failing(OperationalError()))
    assert [record.levelname for record in caplog.records].count("INFO") == lines


@pytest.mark.parametrize(
    "options",
    [
        {"backoff_delays": "1, x"},
        {"backoff_delays": 5},
        {"backoff_delays": [-1]},
        {"backoff_delays": ["inf"]},
        {"wait_log_interval": -1},
        {"jitter": 1.5},
        {"jitter": "much"},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        TransactionExecutorWithLimitedBackoff(Context(), **options)


def test_infinite_needs_a_delay():
    with pytest.raises(ConfigurationError, match="must name a delay"):
        TransactionExecutorWithInfiniteBackoff(Context(), backoff_delays=[])
