"""Connection contexts: plain and pooled, in threads and over forks."""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from servers.process import quiet_ports
from socorro_fast import ConfigurationError, CrashStorageError, StorageUnavailable
from socorro_fast.postgresql import (
    ConnectionContext,
    ConnectionContextPooled,
    PostgreSQLCrashStorage,
)
from socorro_fast.transaction import TransactionExecutor


def pid_of(connection):
    return connection.info.backend_pid


def use(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    assert cursor.fetchone() == (1,)
    connection.rollback()
    return pid_of(connection)


def terminate(sql, pid):
    """End a backend, and wait until it has told its client."""
    assert sql("SELECT pg_terminate_backend(%s, 5000)", (pid,)) == [(True,)]


def test_a_plain_one_connects_each_time_and_closes(context):
    with context() as first, context() as second:
        assert use(first) != use(second)
    assert first.closed
    assert second.closed


def test_it_closes_after_an_exception_too(context):
    with pytest.raises(KeyError), context() as connection:
        raise KeyError
    assert connection.closed


def test_nothing_connects_before_it_is_used(free_port_options):
    ConnectionContextPooled(**free_port_options).close()
    with pytest.raises(psycopg2.OperationalError), ConnectionContext(**free_port_options)():
        pass


@pytest.fixture
def free_port_options(server):
    (port,) = quiet_ports(1, range(15_000, 18_000))
    return server.options() | {"database_port": port}


@pytest.mark.own_database
@pytest.mark.parametrize("cls", [ConnectionContext, ConnectionContextPooled])
def test_an_executor_works_with_it(cls, options, sql):
    sql("CREATE TABLE t (x int)")
    execute = TransactionExecutor(cls(**options))
    execute(lambda connection: connection.cursor().execute("INSERT INTO t VALUES (1)"))
    with pytest.raises(ZeroDivisionError):
        execute(lambda c: (c.cursor().execute("INSERT INTO t VALUES (2)"), 1 / 0))
    assert sql("SELECT x FROM t") == [(1,)]


class TestPooled:
    def test_a_thread_gets_its_own_connection_again(self, pooled):
        context, ready = pooled(), threading.Barrier(4)

        def twice(_number):
            with context() as first:
                ready.wait()
                pid = use(first)
            ready.wait()
            with context() as second:
                return pid, use(second)

        with ThreadPoolExecutor(4) as threads:
            pids = list(threads.map(twice, range(4)))
        assert [first for first, _ in pids] == [second for _, second in pids]
        assert len(set(pids)) == 4

    def test_it_is_bounded_and_waits(self, pooled, backends):
        context = pooled(max_connections=2)
        used = threading.Semaphore(0)

        def work(_number):
            with context() as connection:
                use(connection)
                used.release()

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(50)))
        assert backends() <= 2
        assert context.pool.size == backends()

    def test_it_waits_so_long_only(self, pooled):
        context = pooled(max_connections=1, pool_timeout=0.1)
        with context():
            with pytest.raises(
                StorageUnavailable, match=r"none of the 1 connections .* 0.1 s"
            ) as e:
                context.pool.take()
            assert e.value.retryable
        with context() as connection:
            use(connection)

    def test_one_that_was_given_back_ends_the_wait(self, pooled):
        context = pooled(max_connections=1, pool_timeout=60)
        with ThreadPoolExecutor(1) as thread:
            with context() as connection:
                waiting = thread.submit(context.pool.take)
                pid = use(connection)
            assert pid_of(waiting.result(10)) == pid

    def test_a_connection_that_the_server_left_is_not_given_out(self, pooled, sql, backends):
        context = pooled()
        with context() as connection:
            pid = use(connection)
        terminate(sql, pid)
        with context() as connection:
            assert use(connection) != pid
        assert backends() == 1

    def test_one_that_broke_in_use_is_not_kept(self, pooled, sql, backends):
        context = pooled()
        with context() as connection:
            terminate(sql, pid_of(connection))
            with pytest.raises(psycopg2.OperationalError):
                use(connection)
        assert context.pool.size == backends() == 0

    def test_one_left_in_a_transaction_is_not_kept(self, pooled, backends):
        context = pooled()
        with context() as connection:
            connection.cursor().execute("SELECT 1")
        assert context.pool.size == 0
        assert connection.closed

    def test_it_reconnects_when_told(self, pooled, backends):
        context = pooled(max_connections=1)
        with context() as connection:
            pid = use(connection)
        context.force_reconnect()
        with context() as connection:
            new = use(connection)
            assert new != pid
        with context() as connection:
            assert use(connection) == new
        assert backends() == 1

    def test_a_failed_connection_takes_no_place(self, free_port_options):
        context = ConnectionContextPooled(**free_port_options | {"max_connections": 1})
        for _ in range(3):
            with pytest.raises(psycopg2.OperationalError), context():
                pass
        assert context.pool.size == 0

    def test_closing_closes_what_is_idle_and_later_what_is_not(self, pooled, backends):
        context = pooled()
        with context() as one:
            with context() as two:
                use(two)
            context.close()
            assert two.closed
            assert use(one)
        assert one.closed
        assert context.pool.size == 0
        with pytest.raises(CrashStorageError, match="closed"), context():
            pass

    def test_closing_wakes_those_who_wait(self, pooled):
        context = pooled(max_connections=1, pool_timeout=60)
        with ThreadPoolExecutor(1) as thread, context():
            waiting = thread.submit(context.pool.take)
            context.close()
            with pytest.raises(CrashStorageError, match="closed"):
                waiting.result(10)

    def test_a_child_of_a_fork_has_connections_of_its_own(self, pooled, backends):
        context = pooled(max_connections=1)
        with context() as connection:
            pid, number = use(connection), connection.fileno()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with context() as connection:
                    status = int(use(connection) == pid)
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with context() as connection:
            assert (use(connection), connection.fileno()) == (pid, number)

    def test_a_fork_while_it_is_in_use_leaves_it_to_the_parent(self, pooled):
        context = pooled(max_connections=1)
        with context() as connection:
            pid = use(connection)
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    with context() as own:
                        status = int(use(own) == pid)
                    context.close()
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert use(connection) == pid


def test_a_plain_one_in_use_over_a_fork_stays_the_parents(context):
    with context() as connection:
        pid = use(connection)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                context_of_child = context()
                with context_of_child as own:
                    status = int(use(own) == pid)
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert use(connection) == pid


class TestOptions:
    def test_an_unknown_one_is_refused_and_the_nearest_named(self):
        with pytest.raises(ConfigurationError, match="did you mean 'database_name'"):
            ConnectionContext(database_nam="x")

    def test_they_come_from_a_config_object(self, options):
        class Config:
            database_name = options["database_name"]
            something_else = 1

        assert ConnectionContext.from_config(Config).options.database_name == Config.database_name

    def test_parameters_of_the_driver_reach_it(self, options):
        context = ConnectionContext(**options, database_parameters={"application_name": "mine"})
        with context() as connection:
            assert connection.info.dsn_parameters["application_name"] == "mine"

    @pytest.mark.parametrize("name", ["password", "sslpassword"])
    def test_a_password_among_them_is_refused_and_not_shown(self, name):
        with pytest.raises(ConfigurationError, match="use database_password") as caught:
            ConnectionContext(database_parameters={name: "hunter2"})
        assert "hunter2" not in str(caught.value)

    def test_the_password_is_shown_nowhere(self):
        context = ConnectionContext(database_password="hunter2")
        assert context.password == "hunter2"
        with PostgreSQLCrashStorage(database_password="hunter2") as storage:
            shown = [repr(storage), storage.describe(), str(vars(storage))]
        shown += [repr(context), context.where, repr(context.options), str(vars(context))]
        assert "hunter2" not in str(shown)


def test_a_missing_driver_names_the_extra(monkeypatch):
    monkeypatch.setattr(ConnectionContext, "drivers", ("no_such_driver",))
    with pytest.raises(ConfigurationError, match=r"pip install 'socorro-fast\[postgresql\]'"):
        ConnectionContext()


def test_a_server_that_accepts_and_says_nothing_is_given_up(server):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = server.options() | {"database_port": silent.getsockname()[1]}
        context = ConnectionContext(**options, connect_timeout=2)
        with pytest.raises(psycopg2.OperationalError, match="timeout"), context():
            pass
