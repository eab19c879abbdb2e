"""Weekly partitions: named, made, found missing and dropped."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from socorro_fast.errors import InvalidCrash, shown
from socorro_fast.postgresql.dbapi2_util import execute_in_one_round_trip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

PARTITIONED = ("raw_crashes", "processed_crashes", "reports", "plugins_reports")
"""The tables that have a partition for each week."""


def monday_of(date: dt.date) -> dt.date:
    """Return the first day of the date's week."""
    return date - dt.timedelta(days=date.weekday())


def partition_name(table: str, date: dt.date) -> str:
    """Return the name of the partition that has crashes of that date: `reports_20180528`.

    Raises:
        InvalidCrash: `table` has no partitions, or `date` is none.
    """
    if table not in PARTITIONED or not isinstance(date, dt.date):
        raise InvalidCrash(f"there is no partition of {shown(table)} for {shown(date)}")
    return f"{table}_{monday_of(date):%Y%m%d}"


def make_partitions(connection: Connection, dates: Iterable[dt.date]) -> list[str]:
    """Make the partitions of the weeks of those dates where they are missing; return the new ones.

    Any number of processes may do that at once.
    """
    mondays = sorted({monday_of(date) for date in dates})
    sql = "SELECT create_weekly_partition(monday) FROM unnest(%s::date[]) AS monday"
    return _names(execute_in_one_round_trip(connection, sql, (mondays,)))


def make_partitions_ahead(
    connection: Connection, weeks: int, date: dt.date | None = None
) -> list[str]:
    """Make the partitions of the week of `date`, today if none, and of the next; return the new.

    Args:
        connection: Where.
        weeks: How many, the first included.
        date: Of the first week.
    """
    sql = "SELECT weekly_report_partitions(%s, %s)"
    return _names(execute_in_one_round_trip(connection, sql, (weeks, date)))


def drop_partitions(connection: Connection, before: dt.date) -> list[str]:
    """Drop the partitions whose weeks were over before that date; return their names.

    It is one statement: all go, or none.
    """
    sql = "SELECT drop_weekly_partitions(%s)"
    return _names(execute_in_one_round_trip(connection, sql, (before,)))


def _names(rows: list[tuple[str, ...]]) -> list[str]:
    return [name for (name,) in rows]
