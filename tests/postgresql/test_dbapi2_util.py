"""The small functions for SQL on a connection."""

import resource
from pathlib import Path

import pytest

from socorro_fast import CrashStorageError
from socorro_fast.postgresql.dbapi2_util import (
    SQLDidNotReturnSingleRow,
    SQLDidNotReturnSingleValue,
    execute_no_results,
    execute_query_fetchall,
    execute_query_iter,
    single_row_sql,
    single_value_sql,
)

NOTHING = "SELECT 1 WHERE false"


@pytest.fixture
def connection(context):
    with context() as connection:
        yield connection


def test_a_single_value(connection):
    assert single_value_sql(connection, "SELECT %s || 'b', 2", ("a",)) == "ab"
    assert single_value_sql(connection, "SELECT %(x)s", {"x": "'; --"}) == "'; --"
    assert single_value_sql(connection, "SELECT generate_series(1, 3)") == 1
    with pytest.raises(SQLDidNotReturnSingleValue, match="SELECT 1 WHERE false"):
        single_value_sql(connection, NOTHING)


def test_a_single_row(connection):
    assert single_row_sql(connection, "SELECT 1, 'x'") == (1, "x")
    with pytest.raises(SQLDidNotReturnSingleRow):
        single_row_sql(connection, NOTHING)
    assert issubclass(SQLDidNotReturnSingleRow, CrashStorageError)


def test_all_rows(connection):
    rows = execute_query_fetchall(connection, "SELECT x, -x AS y FROM generate_series(1, 2) AS x")
    assert rows == [(1, -1), (2, -2)]
    assert rows.zipped() == [{"x": 1, "y": -1}, {"x": 2, "y": -2}]
    assert execute_query_fetchall(connection, NOTHING) == []


def test_none_commits(connection, sql):
    execute_no_results(connection, "CREATE TABLE t (x int)")
    connection.rollback()
    assert sql("SELECT to_regclass('t')") == [(None,)]


@pytest.mark.parametrize("autocommit", [True, False])
def test_rows_one_by_one(connection, autocommit):
    connection.autocommit = autocommit
    rows = execute_query_iter(connection, "SELECT generate_series(1, %s)", (2500,))
    assert [x for (x,) in rows] == list(range(1, 2501))
    assert list(execute_query_iter(connection, NOTHING)) == []


def test_rows_of_two_queries_side_by_side(connection):
    rows = [execute_query_iter(connection, "SELECT generate_series(1, 3)") for _ in range(2)]
    assert list(zip(*rows, strict=True)) == [((n,), (n,)) for n in (1, 2, 3)]


def resident():
    """How many bytes of memory this process holds: the driver's library is not Python's."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_rows_are_not_collected(connection):
    rows = execute_query_iter(connection, "SELECT repeat('x', 200) FROM generate_series(1, 1e6)")
    before = resident()
    grown = [resident() - before for at, _ in enumerate(rows) if at % 100_000 == 0]
    assert len(grown) == 10
    assert max(grown) < 30e6, "200 million bytes are on the server"


def test_an_error_of_the_driver_comes_out_as_it_is(connection):
    from psycopg2.errors import UndefinedTable

    with pytest.raises(UndefinedTable):
        execute_no_results(connection, "SELECT * FROM nowhere")
