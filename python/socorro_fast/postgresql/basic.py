"""The reports of processed crashes in PostgreSQL, and nothing else of them."""

from __future__ import annotations

import logging
import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_crash_id, processed_crash_id
from socorro_fast.crash_id import date_of
from socorro_fast.errors import ConfigurationError, CrashIDNotFound
from socorro_fast.postgresql import statements
from socorro_fast.postgresql.database import Database
from socorro_fast.postgresql.dbapi2_util import execute_in_one_round_trip
from socorro_fast.postgresql.options import PostgreSQLOptions
from socorro_fast.postgresql.reports import (
    REPORT_COLUMNS,
    ReportColumn,
    column_read,
    column_sql,
    column_value,
)

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from socorro_fast.postgresql.connection_context import ConnectionContext

_DATE_PROCESSED = ReportColumn("date_processed", "date_processed", "timestamp")
_PLUGIN = tuple(
    ReportColumn(key, column, limit=255)
    for key, column in (
        ("PluginFilename", "plugin_filename"),
        ("PluginName", "plugin_name"),
        ("PluginVersion", "plugin_version"),
    )
)
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*\Z")


class PostgreSQLBasicCrashStorage(CrashStorageBase):
    """Keeps the fields of processed crashes that have columns: for reports by SQL.

    The table `reports` gets a row for each, `plugins_reports` one for each crash of a plugin. A
    key that a crash does not have is null; text that is too long is cut off.

    Raises:
        ConfigurationError: An option is unknown or wrong, or psycopg2 is not installed.
    """

    Options: ClassVar[type[PostgreSQLOptions]] = PostgreSQLOptions
    options: PostgreSQLOptions
    extra: ClassVar[str | None] = "postgresql"
    drivers: ClassVar[tuple[str, ...]] = ("psycopg2",)

    reports_table_mappings: ClassVar[tuple[ReportColumn, ...]] = REPORT_COLUMNS
    """What is kept; a subclass may keep less, or more where the table has more columns."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._database = Database(self.options, self.quit_check)

    @property
    def connection_context(self) -> ConnectionContext:
        """Where connections come from, for SQL of one's own."""
        return self._database.context

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save the report of a processed crash."""
        self._check_open()
        crash_id = processed_crash_id(processed_crash)
        row = self._report_row(processed_crash, crash_id)
        self._execute(f"save report {crash_id}", self._report_sql(row), row)

    def get_report(self, crash_id: str) -> dict[str, Any]:
        """Return the report of a crash: column -> value.

        Raises:
            CrashIDNotFound: There is no such report.
        """
        rows = self._execute(f"get report {crash_id}", self._get_report, self._key(crash_id))
        if not rows:
            raise self._not_found(crash_id, "report")
        uuid, *values = rows[0]
        columns = zip(self.reports_table_mappings, values, strict=True)
        return {"uuid": uuid} | {each.column: column_read(each, value) for each, value in columns}

    def remove(self, crash_id: str) -> None:
        """Remove all that is kept of a crash."""
        rows = self._execute(f"remove crash {crash_id}", self._remove_sql, self._key(crash_id))
        if rows == [(0,)]:
            raise self._not_found(crash_id, "crash")

    def close(self) -> None:
        """Close the connections; those in use, when they are not any more."""
        super().close()
        self._database.close()

    _remove_sql: ClassVar[str] = statements.REMOVE_REPORT

    @cached_property
    def _save_report(self) -> str:
        columns = ("crash_date", "uuid", *self._columns())
        return statements.upsert("reports", columns)

    @cached_property
    def _get_report(self) -> str:
        self._columns()
        return statements.get_report([column_sql(each) for each in self.reports_table_mappings])

    def _columns(self) -> list[str]:
        columns = [each.column for each in self.reports_table_mappings]
        for column in columns:
            if not _IDENTIFIER.match(column):
                raise ConfigurationError(f"{column!r} cannot be a column of reports")
        return columns

    def _report_row(self, processed_crash: dict[str, Any], crash_id: str) -> dict[str, Any]:
        row = {
            each.column: column_value(each, processed_crash)
            for each in (*self.reports_table_mappings, _DATE_PROCESSED)
        }
        if processed_crash.get("process_type") == "plugin":
            row |= {each.column: column_value(each, processed_crash) for each in _PLUGIN}
        return row | self._key(crash_id)

    def _report_sql(self, row: dict[str, Any]) -> str:
        plugin = [row.get(each.column) for each in _PLUGIN]
        sql = [self._save_report, statements.FORGET_PLUGIN]
        if None not in plugin:
            sql.append(statements.SAVE_PLUGIN)
        elif "plugin_name" in row:
            logger.warning("crash %s of a plugin does not say which one", row["uuid"])
        return ";\n".join(sql)

    def _key(self, crash_id: str) -> dict[str, Any]:
        self._check_open()
        return {"uuid": check_crash_id(crash_id), "crash_date": date_of(crash_id)}

    def _execute(self, action: str, sql: str, row: dict[str, Any]) -> list[tuple[Any, ...]]:
        call = partial(execute_in_one_round_trip, sql=sql, parameters=row)
        return self._database.run(action, call, [row["crash_date"]])

    def _not_found(self, crash_id: str, kind: str) -> CrashIDNotFound:
        return CrashIDNotFound(crash_id, kind, self._database.where)
