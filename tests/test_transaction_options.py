"""The options that storages behind a service share, and the executors made of them."""

import contextlib
import threading

import pytest

from socorro_fast import ConfigurationError
from socorro_fast.transaction import (
    TransactionExecutor,
    TransactionExecutorWithInfiniteBackoff,
    TransactionExecutorWithLimitedBackoff,
)
from socorro_fast.transaction_options import TransactionOptions


class Context:
    operational_exceptions = (OSError,)
    conditional_exceptions = ()

    @contextlib.contextmanager
    def __call__(self):
        yield self

    def commit(self):
        pass

    rollback = force_reconnect = commit


def build(**options):
    return TransactionOptions.build("Remote", options)


def test_the_default_tries_again_a_few_times():
    executor = build(backoff_delays="1, 2.5", jitter=0.5, wait_log_interval=0).executor(Context())
    assert type(executor) is TransactionExecutorWithLimitedBackoff
    assert executor.backoff_delays == (1, 2.5)
    assert (executor.jitter, executor.wait_log_interval) == (0.5, 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (TransactionExecutor, TransactionExecutor),
        ("TransactionExecutor", TransactionExecutor),
        ("TransactionExecutorWithInfiniteBackoff", TransactionExecutorWithInfiniteBackoff),
        ("socorro_fast.transaction.TransactionExecutor", TransactionExecutor),
    ],
)
def test_an_executor_is_given_as_a_class_or_by_name(given, expected):
    assert type(build(transaction_executor_class=given).executor(Context())) is expected


@pytest.mark.parametrize("given", ["Nonsense", "no.such.Class", "", "time", int, 5])
def test_what_is_no_executor_is_refused(given):
    with pytest.raises(ConfigurationError, match="'transaction_executor_class' of Remote cannot"):
        build(transaction_executor_class=given)


@pytest.mark.parametrize(
    "options", [{"backoff_delays": "soon"}, {"jitter": 2}, {"wait_log_interval": -1}]
)
def test_bad_delays_are_refused(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        build(**options)


def test_one_operation_may_have_an_executor_of_its_own():
    executor = build().executor(Context(), TransactionExecutor)
    assert type(executor) is TransactionExecutor


def test_the_event_ends_a_wait():
    closed = threading.Event()
    executor = build(backoff_delays=[300]).executor(Context(), quit_event=closed)

    def fail(_connection):
        closed.set()
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        executor(fail)
