"""The service `crash` over PostgreSQL: reports as they are in their table."""

from __future__ import annotations

import datetime as dt
from typing import Any

from socorro_fast.postgresql.basic import PostgreSQLBasicCrashStorage
from socorro_fast.services import REPORT_FIELDS, CrashServiceBase


class PostgreSQLCrash(CrashServiceBase):
    """Reports of the storage that is given, else of a `PostgreSQLBasicCrashStorage`.

    They come out of the table `reports`, the processed crashes are not read; dates are ISO text.
    """

    storage_class = PostgreSQLBasicCrashStorage

    def _report(self, crash_id: str) -> dict[str, Any]:
        if not isinstance(self.storage, PostgreSQLBasicCrashStorage):
            return super()._report(crash_id)
        report = self.storage.get_report(crash_id)
        by_key = {key: report.get(field) for key, field in REPORT_FIELDS.items()}
        self.storage.redactor.redact(by_key)
        return {field: _plain(by_key.get(key)) for key, field in REPORT_FIELDS.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
