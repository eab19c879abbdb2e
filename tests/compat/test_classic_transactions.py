"""The transaction executors with the original's constructors."""

import contextlib

import pytest

from socorro_fast import ConfigurationError
from socorro_fast.compat import classic
from socorro_fast.transaction_options import TransactionOptions


class UnreachableError(Exception):
    pass


class Source:
    """Connections that fail as often as is asked for, and then work."""

    operational_exceptions = (UnreachableError,)
    conditional_exceptions = ()

    def __init__(self, failures):
        self.failures = failures
        self.log = []

    @contextlib.contextmanager
    def __call__(self):
        yield self

    def commit(self):
        self.log.append("commit")

    def rollback(self):
        self.log.append("rollback")

    def force_reconnect(self):
        self.log.append("reconnect")

    def is_operational_exception(self, _error):
        return False


def work(source, word):
    if source.failures:
        source.failures -= 1
        raise UnreachableError
    return word


@pytest.mark.parametrize("quit_check", [None, lambda: None])
def test_once(quit_check):
    source = Source(failures=0)
    executor = classic.TransactionExecutor(classic.DotDict(), source, quit_check)
    assert executor(work, "done") == "done"
    assert source.log == ["commit"]
    assert (executor.is_infinite, executor.do_quit_check) == (False, True)
    assert executor.connection_source_type == __name__
    assert executor.db_conn_context_source is source
    with pytest.raises(UnreachableError):
        classic.TransactionExecutor({}, Source(failures=1))(work, "x")


@pytest.mark.parametrize("delays", ["0, 0", '"0,0"', [0, 0]])
def test_a_few_times(delays):
    config = classic.DotDict(backoff_delays=delays, wait_log_interval=1)
    source = Source(failures=2)
    executor = classic.TransactionExecutorWithLimitedBackoff(config, source, lambda: None)
    assert executor(work, "done") == "done"
    assert source.log == ["rollback", "reconnect"] * 2 + ["commit"]
    assert list(executor.backoff_generator()) == [0, 0]
    with pytest.raises(UnreachableError):
        classic.TransactionExecutorWithLimitedBackoff(config, Source(failures=3))(work, "x")


def test_for_ever():
    source = Source(failures=20)
    executor = classic.TransactionExecutorWithInfiniteBackoff({"backoff_delays": "0"}, source)
    assert (executor(work, "done"), executor.is_infinite) == ("done", True)
    delays = executor.backoff_generator()
    assert [next(delays) for _ in range(3)] == [0, 0, 0]
    default = classic.TransactionExecutorWithInfiniteBackoff(None, source)
    assert default.backoff_delays == (10, 30, 60, 120, 300)


def test_the_check_ends_it_and_a_wrong_option_is_named():
    def quit_check():
        raise KeyboardInterrupt

    source = Source(failures=1)
    with pytest.raises(KeyboardInterrupt):
        classic.TransactionExecutorWithInfiniteBackoff({}, source, quit_check)(work, "x")
    with pytest.raises(ConfigurationError, match="backoff_delays"):
        classic.TransactionExecutorWithLimitedBackoff({"backoff_delays": "soon"}, source)


def test_where_an_executor_of_this_package_is_wanted_one_of_these_will_do():
    options = TransactionOptions(
        transaction_executor_class=classic.TransactionExecutorWithLimitedBackoff,
        backoff_delays="0,0,0",
    )
    executor = options.executor(Source(failures=3), quit_check_callback=lambda: None)
    assert executor(work, "done") == "done"
    named = "socorro.database.transaction_executor.TransactionExecutorWithInfiniteBackoff"
    assert (
        Transacting({"transaction_executor_class": named}).options.executor(Source(0)).is_infinite
    )


class Transacting(classic.CrashStorageBase):
    Options = TransactionOptions
