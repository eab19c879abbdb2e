"""Running SQL on a connection: the small functions of the original.

None of them commits. What the driver raises comes out as it is: a transaction executor judges it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from socorro_fast.errors import CrashStorageError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

    Parameters = Sequence[Any] | Mapping[str, Any] | None

_BATCH = 1000
_names = count()


class SQLDidNotReturnSingleValue(CrashStorageError, LookupError):  # noqa: N818 - the original's
    """A query that was to give one value gave no row."""


class SQLDidNotReturnSingleRow(CrashStorageError, LookupError):  # noqa: N818 - the original's
    """A query that was to give one row gave none."""


class FetchAllSequence(list[tuple[Any, ...]]):
    """The rows of a query; `names` are those of the columns."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> None:
        super().__init__(rows)
        self.names = tuple(names)

    def zipped(self) -> list[dict[str, Any]]:
        """Return each row as a dict, by column."""
        return [dict(zip(self.names, row, strict=True)) for row in self]


def single_value_sql(connection: Connection, sql: str, parameters: Parameters = None) -> Any:
    """Return the first column of the first row.

    Raises:
        SQLDidNotReturnSingleValue: There is no row.
    """
    row = _first_row(connection, sql, parameters)
    if row is None:
        raise SQLDidNotReturnSingleValue(f"no value came of {shown(sql)}")
    return row[0]


def single_row_sql(
    connection: Connection, sql: str, parameters: Parameters = None
) -> tuple[Any, ...]:
    """Return the first row.

    Raises:
        SQLDidNotReturnSingleRow: There is none.
    """
    row = _first_row(connection, sql, parameters)
    if row is None:
        raise SQLDidNotReturnSingleRow(f"no row came of {shown(sql)}")
    return row


def execute_query_iter(
    connection: Connection, sql: str, parameters: Parameters = None
) -> Iterator[tuple[Any, ...]]:
    """Yield rows as they come: a cursor on the server keeps them, here are a thousand at most."""
    name = f"socorro_fast_{next(_names)}"
    with connection.cursor(name, withhold=connection.autocommit) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(sql, parameters)
        yield from cursor


def execute_query_fetchall(
    connection: Connection, sql: str, parameters: Parameters = None
) -> FetchAllSequence:
    """Return all rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return FetchAllSequence(cursor.fetchall(), names)


def execute_no_results(connection: Connection, sql: str, parameters: Parameters = None) -> None:
    """Run a statement that gives no rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def execute_in_one_round_trip(
    connection: Connection, sql: str, parameters: Parameters = None
) -> list[tuple[Any, ...]]:
    """Run statements, in one transaction that is over when this returns; return the last's rows.

    What is sent as one message is one transaction. The driver's own transactions cost two messages
    more. The connection must not be in one.
    """
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        if not connection.closed:
            connection.autocommit = False


def execute_values_in_one_round_trip(
    connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run a statement over rows, which stand for the `%s` after its VALUES, as one transaction."""
    from psycopg2.extras import execute_values  # noqa: PLC0415 - not without a connection

    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            execute_values(cursor, sql, rows, page_size=len(rows))
    finally:
        if not connection.closed:
            connection.autocommit = False


def _first_row(connection: Connection, sql: str, parameters: Parameters) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
