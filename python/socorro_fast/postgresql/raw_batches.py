"""Raw crashes on their way to the server, hundreds in one statement."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from socorro_fast.errors import CrashStorageError, InvalidCrash
from socorro_fast.postgresql.dbapi2_util import execute_values_in_one_round_trip
from socorro_fast.postgresql.statements import SAVE_RAW_MANY

if TYPE_CHECKING:
    from socorro_fast.postgresql.database import Database

_MOST_ROWS = 500
_MOST_CHARACTERS = 8 << 20


class RawBatches:
    """Collects rows, saves them when they are enough, and remembers each one's outcome.

    Of several rows of a crash in one batch the last is saved. Where a batch is refused for what is
    in it, its crashes are saved one by one to find out which is to blame.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outcomes: list[CrashStorageError | None] = []
        self._rows: list[tuple[int, dict[str, Any]]] = []
        self._characters = 0

    def add(self, row: dict[str, Any]) -> None:
        """Take the row of a crash."""
        self._rows.append((len(self._outcomes), row))
        self._outcomes.append(None)
        self._characters += len(row["raw_crash"]) + len(row["raw_exact"] or "")
        if len(self._rows) >= _MOST_ROWS or self._characters >= _MOST_CHARACTERS:
            self._flush()

    def add_refused(self, error: CrashStorageError) -> None:
        """Take the outcome of a crash that is not to be saved."""
        self._outcomes.append(error)

    def finish(self) -> list[CrashStorageError | None]:
        """Save the rest, and return the outcomes in order."""
        self._flush()
        return self._outcomes

    def _flush(self) -> None:
        rows, self._rows, self._characters = self._rows, [], 0
        if not rows:
            return
        try:
            self._save([row for _, row in rows])
        except InvalidCrash as error:
            self._save_each(rows, error)
        except CrashStorageError as error:
            self._blame(rows, error)

    def _save_each(self, rows: list[tuple[int, dict[str, Any]]], error: InvalidCrash) -> None:
        if len(rows) == 1:
            self._blame(rows, error)
            return
        for number, row in rows:
            try:
                self._save([row])
            except CrashStorageError as own:
                self._blame([(number, row)], own)

    def _blame(self, rows: list[tuple[int, dict[str, Any]]], error: CrashStorageError) -> None:
        for number, _ in rows:
            self._outcomes[number] = error

    def _save(self, rows: list[dict[str, Any]]) -> None:
        # Sorted, as two batches that lock the same rows in another order would wait for each other.
        last = {row["uuid"]: row for row in rows}
        values = [_values(last[crash_id]) for crash_id in sorted(last)]
        call = partial(execute_values_in_one_round_trip, sql=SAVE_RAW_MANY, rows=values)
        what = f"raw crash {rows[0]['uuid']}" if len(rows) == 1 else f"{len(rows)} raw crashes"
        self._database.run(f"save {what}", call, {row["crash_date"] for row in rows})


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("crash_date", "uuid", "submitted", "raw_crash", "raw_exact")
    return tuple(row[name] for name in names)
