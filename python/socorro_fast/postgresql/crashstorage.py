"""Raw and processed crashes in PostgreSQL, with their reports."""

from __future__ import annotations

import datetime as dt
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.checks import (
    check_batch,
    check_crash_id,
    check_day,
    check_item,
    check_raw_crash,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.codec import get_codec
from socorro_fast.crash_id import date_of, is_valid
from socorro_fast.dumps import check_dump_file, normalise_dumps
from socorro_fast.errors import CorruptCrash, CrashStorageError
from socorro_fast.postgresql import statements
from socorro_fast.postgresql.basic import PostgreSQLBasicCrashStorage
from socorro_fast.postgresql.dbapi2_util import execute_in_one_round_trip
from socorro_fast.postgresql.jsonb import stored_json
from socorro_fast.postgresql.raw_batches import RawBatches
from socorro_fast.postgresql.reports import ReportColumn, column_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SUBMITTED = ReportColumn("submitted_timestamp", "date_processed", "timestamp")
_GET_BATCH = 100
_LIST_BATCH = 1000
_FIRST_ID = "00000000-0000-0000-0000-000000000000"


class PostgreSQLCrashStorage(PostgreSQLBasicCrashStorage):
    """Keeps raw and processed crashes as jsonb, and their reports; dumps it does not keep.

    Dumps that are given are checked and left out, as in the original: put another storage beside
    this one for them. JSON comes back as data, with its keys in another order.

    A save is one message to the server, and one transaction. `save_many` sends hundreds of crashes
    at once.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec(self.options.codec)

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash, without its dumps."""
        row = self._raw_row(raw_crash, dumps, crash_id)
        self._execute(f"save raw crash {crash_id}", statements.SAVE_RAW, row)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash and its report, together or not at all."""
        self._check_open()
        crash_id = processed_crash_id(processed_crash)
        row = self._processed_row(processed_crash, crash_id)
        self._execute(f"save processed crash {crash_id}", self._processed_sql(row), row)

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both and the report, together or not at all."""
        check_same_crash(processed_crash, crash_id)
        row = self._raw_row(raw_crash, dumps, crash_id)
        row |= self._processed_row(processed_crash, crash_id)
        sql = f"{statements.SAVE_RAW};\n{self._processed_sql(row)}"
        self._execute(f"save crash {crash_id}", sql, row)

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Save raw crashes, hundreds at once.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        self._check_open()
        batches = RawBatches(self._database)
        for item in check_batch(items):
            self.quit_check()
            try:
                batches.add(self._raw_row(*check_item(item)))
            except CrashStorageError as error:
                batches.add_refused(error)
        return batches.finish()

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash."""
        return self._decoded(self.get_raw_crash_bytes(crash_id), "raw crash", crash_id)

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as JSON."""
        return self._get(statements.GET_RAW, "raw crash", crash_id)

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash."""
        data = self.get_unredacted_processed_bytes(crash_id)
        return self._decoded(data, "processed crash", crash_id)

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON."""
        return self._get(statements.GET_PROCESSED, "processed crash", crash_id)

    def get_many(self, crash_ids: Iterable[str]) -> list[dict[str, Any] | CrashStorageError]:
        """Return raw crashes, a hundred with each query.

        Returns:
            For each, in order: the raw crash, or the error; one failure does not stop the rest.
        """
        crash_ids = check_batch(crash_ids)
        found: list[dict[str, Any] | CrashStorageError] = []
        while batch := list(islice(self._checking_quit(crash_ids), _GET_BATCH)):
            found += self._outcomes(partial(self._one_of, self._get_batch(batch)), batch)
        return found

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, by date and ID; with `date`, those of that day."""
        self._check_open()
        day = check_day(date)
        return self._listed(day or dt.date.min, day or dt.date.max)

    _remove_sql: ClassVar[str] = statements.REMOVE

    def _listed(self, first: dt.date, last: dt.date) -> Iterator[str]:
        # In pages, as a cursor on the server would hold a connection for as long as the caller
        # takes, and see no end of a transaction.
        row = {"crash_date": first, "uuid": _FIRST_ID, "last": last, "limit": _LIST_BATCH}
        while True:
            self._check_open()
            page = self._execute("list crashes", statements.LIST, row)
            yield from (crash_id for _, crash_id in page)
            if len(page) < _LIST_BATCH:
                return
            row["crash_date"], row["uuid"] = page[-1]

    def _raw_row(self, raw_crash: object, dumps: object, crash_id: str) -> dict[str, Any]:
        row = self._key(crash_id)
        # What cannot be kept is refused by all that save it, whichever part of it they keep.
        for _, dump in normalise_dumps(dumps, self.options.dump_field) or ():
            if isinstance(dump, str):
                check_dump_file(dump)
        checked = check_raw_crash(raw_crash)
        stored = stored_json(self._codec.dumps(checked))
        return row | {
            "submitted": column_value(_SUBMITTED, checked),
            "raw_crash": stored.jsonb,
            "raw_exact": stored.exact,
        }

    def _processed_row(self, processed_crash: dict[str, Any], crash_id: str) -> dict[str, Any]:
        stored = stored_json(self._codec.dumps(processed_crash))
        return self._report_row(processed_crash, crash_id) | {
            "processed_crash": stored.jsonb,
            "processed_exact": stored.exact,
        }

    def _processed_sql(self, row: dict[str, Any]) -> str:
        return f"{self._report_sql(row)};\n{statements.SAVE_PROCESSED}"

    def _get(self, sql: str, kind: str, crash_id: str) -> bytes:
        rows = self._execute(f"get {kind} {crash_id}", sql, self._key(crash_id))
        if not rows:
            raise self._not_found(crash_id, kind)
        text: str = rows[0][0]
        return text.encode()

    def _get_batch(self, crash_ids: list[str]) -> dict[str, str]:
        self._check_open()
        good = [crash_id for crash_id in crash_ids if is_valid(crash_id)]
        row = {"dates": sorted({date_of(each) for each in good}), "uuids": good}
        call = partial(execute_in_one_round_trip, sql=statements.GET_RAW_MANY, parameters=row)
        return dict(self._database.run(f"get {len(good)} raw crashes", call))

    def _one_of(self, found: dict[str, str], crash_id: str) -> dict[str, Any]:
        if check_crash_id(crash_id) not in found:
            raise self._not_found(crash_id, "raw crash")
        return self._decoded(found[crash_id].encode(), "raw crash", crash_id)

    def _checking_quit(self, crash_ids: Iterator[str]) -> Iterator[str]:
        for crash_id in crash_ids:
            self.quit_check()
            yield crash_id

    def _decoded(self, data: bytes, kind: str, crash_id: str) -> dict[str, Any]:
        where = f"{kind} {crash_id} in {self._database.where}"
        try:
            crash = self._codec.loads(data)
        except ValueError as error:
            raise CorruptCrash(where, f"it is no JSON: {error}") from error
        if not isinstance(crash, dict):
            raise CorruptCrash(where, f"it is a JSON {type(crash).__name__}, not an object")
        return crash
