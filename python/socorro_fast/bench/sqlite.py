"""Crashes in SQLite."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from socorro_fast.bench.rival import BATCH, Rival

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    crash_id TEXT NOT NULL, name TEXT NOT NULL, day TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (crash_id, name)
);
CREATE TABLE IF NOT EXISTS queue (crash_id TEXT PRIMARY KEY, at INTEGER);
CREATE INDEX IF NOT EXISTS days ON blobs (day);
"""


class SQLite(Rival):
    """A row a blob; write-ahead log; durable: synchronous=FULL, else NORMAL."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / "crashes.sqlite"
        self._synchronous = "FULL" if durable else "NORMAL"
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._connection().executescript(_SCHEMA)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=60, isolation_level=None, check_same_thread=False
            )
            for pragma in (
                "page_size=16384",
                "journal_mode=WAL",
                f"synchronous={self._synchronous}",
                "wal_autocheckpoint=4000",
                "mmap_size=1073741824",
                "temp_store=MEMORY",
            ):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            self._all.append(connection)
        return connection

    def put(self, crash_id: str, blobs: list[tuple[str, bytes]], *, queue: bool) -> None:
        """Insert a row for each blob, in one transaction."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        rows = [(crash_id, name, crash_id[-6:], blob) for name, blob in blobs]
        connection.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)", rows)
        if queue:
            connection.execute("INSERT OR REPLACE INTO queue VALUES (?, NULL)", (crash_id,))
        connection.execute("COMMIT")

    def get(self, crash_id: str, name: str) -> bytes:
        """Select one blob."""
        query = "SELECT data FROM blobs WHERE crash_id = ? AND name = ?"
        (blob,) = self._connection().execute(query, (crash_id, name)).fetchone()
        found: bytes = blob
        return found

    def all(self, crash_id: str) -> Iterator[tuple[str, bytes]]:
        """Select the dumps."""
        query = "SELECT name, data FROM blobs WHERE crash_id = ? AND name > 'd:' AND name < 'd;'"
        yield from self._connection().execute(query, (crash_id,))

    def remove(self, crash_id: str) -> None:
        """Delete the rows of a crash."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        for table in ("blobs", "queue"):
            connection.execute(f"DELETE FROM {table} WHERE crash_id = ?", (crash_id,))  # noqa: S608
        connection.execute("COMMIT")

    def drain(self) -> int:
        """Select and delete a thousand at a time."""
        connection, taken = self._connection(), 0
        query = f"SELECT rowid, crash_id FROM queue ORDER BY rowid LIMIT {BATCH}"  # noqa: S608
        while rows := connection.execute(query).fetchall():
            taken += len(rows)
            connection.execute("DELETE FROM queue WHERE rowid <= ?", (rows[-1][0],))
        return taken

    def prune(self, day: dt.date) -> None:
        """Delete the rows of a day."""
        connection = self._connection()
        connection.execute("DELETE FROM blobs WHERE day = ?", (f"{day:%y%m%d}",))
        connection.execute("DELETE FROM queue WHERE crash_id LIKE ?", (f"%{day:%y%m%d}",))

    def close(self) -> None:
        """Close every connection."""
        for connection in self._all:
            connection.close()
