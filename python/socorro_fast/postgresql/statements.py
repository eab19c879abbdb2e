"""The SQL of the storages: fixed texts, with parameters for all that a crash brings."""
# ruff: noqa: S608 - the names in them are ours

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "crash_date, uuid"
"""What a row of each partitioned table is found by; the date, which the ID has, says the week."""

RAW_COLUMNS = ("crash_date", "uuid", "date_processed", "raw_crash", "exact")
PROCESSED_COLUMNS = ("crash_date", "uuid", "date_processed", "processed_crash", "exact")

_HERE = "crash_date = %(crash_date)s AND uuid = %(uuid)s"


def upsert(table: str, columns: Sequence[str], rows: str | None = None) -> str:
    """Return a statement that saves rows, new or not.

    Args:
        table: Where.
        columns: The key first.
        rows: The rows, as SQL; default: one, of parameters named as the columns.
    """
    rows = rows or "({})".format(", ".join(f"%({column})s" for column in columns))
    values = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns[2:])
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows} "
        f"ON CONFLICT ({KEY}) DO UPDATE SET {values}"
    )


SAVE_RAW = upsert(
    "raw_crashes",
    RAW_COLUMNS,
    "(%(crash_date)s, %(uuid)s, %(submitted)s, %(raw_crash)s, %(raw_exact)s)",
)
SAVE_RAW_MANY = upsert("raw_crashes", RAW_COLUMNS, "%s")
SAVE_PROCESSED = upsert(
    "processed_crashes",
    PROCESSED_COLUMNS,
    "(%(crash_date)s, %(uuid)s, %(date_processed)s, %(processed_crash)s, %(processed_exact)s)",
)

GET_RAW = f"SELECT coalesce(exact, raw_crash::text) FROM raw_crashes WHERE {_HERE}"
GET_PROCESSED = (
    f"SELECT coalesce(exact, processed_crash::text) FROM processed_crashes WHERE {_HERE}"
)
GET_RAW_MANY = """
SELECT uuid::text, coalesce(exact, raw_crash::text) FROM raw_crashes
WHERE crash_date = ANY (%(dates)s::date[]) AND uuid = ANY (%(uuids)s::uuid[])
"""

FORGET_PLUGIN = f"DELETE FROM plugins_reports WHERE {_HERE}"
SAVE_PLUGIN = """
INSERT INTO plugins (filename, name) SELECT %(plugin_filename)s, %(plugin_name)s
    WHERE NOT EXISTS (
        SELECT FROM plugins WHERE filename = %(plugin_filename)s AND name = %(plugin_name)s)
    ON CONFLICT DO NOTHING;
INSERT INTO plugins_reports (crash_date, uuid, plugin_id, date_processed, version)
    SELECT %(crash_date)s, %(uuid)s, id, %(date_processed)s, %(plugin_version)s
    FROM plugins WHERE filename = %(plugin_filename)s AND name = %(plugin_name)s
"""

REMOVE_REPORT = f"""
WITH plugin AS ({FORGET_PLUGIN}),
    report AS (DELETE FROM reports WHERE {_HERE} RETURNING 1)
SELECT count(*) FROM report
"""
REMOVE = f"""
WITH plugin AS ({FORGET_PLUGIN}),
    report AS (DELETE FROM reports WHERE {_HERE} RETURNING 1),
    processed AS (DELETE FROM processed_crashes WHERE {_HERE} RETURNING 1),
    raw AS (DELETE FROM raw_crashes WHERE {_HERE} RETURNING 1)
SELECT (SELECT count(*) FROM report) + (SELECT count(*) FROM processed)
    + (SELECT count(*) FROM raw)
"""

LIST = """
SELECT crash_date, uuid::text FROM raw_crashes
WHERE (crash_date, uuid) > (%(crash_date)s, %(uuid)s) AND crash_date <= %(last)s
    AND crash_date >= %(crash_date)s
ORDER BY crash_date, uuid LIMIT %(limit)s
"""


def get_report(columns: Sequence[str]) -> str:
    """Return the query for those columns of a report; the ID comes first."""
    return f"SELECT uuid::text, {', '.join(columns)} FROM reports WHERE {_HERE}"
