"""What one might use instead: plain files, SQLite, LMDB, diskcache; tuned as their docs say.

JSON is written and read by orjson, as ours is. Where a rival has a queue it is a table of its own,
written in the same transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from socorro_fast.bench.stores import Contestant, Store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

_BATCH = 1_000
_RAW, _PROCESSED, _DUMP = "r", "p", "d:"


class Rival(Store):
    """A store of named blobs, which a crash is made into."""

    def put(self, crash_id: str, blobs: list[tuple[str, bytes]], *, queue: bool) -> None:
        """Save blobs of a crash in one transaction, if there are any."""
        raise NotImplementedError

    def get(self, crash_id: str, name: str) -> bytes:
        """Return one blob."""
        raise NotImplementedError

    def all(self, crash_id: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and blobs of the dumps of a crash."""
        raise NotImplementedError

    def save(self, crash_id: str, raw_crash: dict[str, Any], dumps: Mapping[str, bytes]) -> None:
        """Save a raw crash and its dumps."""
        blobs = [(_RAW, orjson.dumps(raw_crash))]
        self.put(crash_id, blobs + [(_DUMP + name, dumps[name]) for name in dumps], queue=True)

    def get_raw(self, crash_id: str) -> dict[str, Any]:
        """Return the raw crash."""
        found: dict[str, Any] = orjson.loads(self.get(crash_id, _RAW))
        return found

    def get_dumps(self, crash_id: str) -> Mapping[str, bytes]:
        """Return the dumps."""
        return {name.removeprefix(_DUMP): blob for name, blob in self.all(crash_id)}

    def save_processed(self, crash_id: str, processed_crash: dict[str, Any]) -> None:
        """Save the processed crash."""
        self.put(crash_id, [(_PROCESSED, orjson.dumps(processed_crash))], queue=False)

    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return the processed crash."""
        found: dict[str, Any] = orjson.loads(self.get(crash_id, _PROCESSED))
        return found


class Files(Rival):
    """A file a blob, in 256 directories; durable: each file and its directory synced."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self._root = str(directory)
        self._durable = durable
        for number in range(256):
            Path(directory, f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def put(self, crash_id: str, blobs: list[tuple[str, bytes]], *, queue: bool) -> None:  # noqa: ARG002
        """Write each blob to a file of its own, under another name first."""
        directory = f"{self._root}/{crash_id[:2]}"
        for name, blob in blobs:
            self._write(f"{directory}/{crash_id}.{name}", blob)
        if self._durable:
            self._sync(directory)

    def _write(self, path: str, blob: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(f"{path}.tmp", flags, 0o666)
        try:
            os.write(descriptor, blob)
            if self._durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(f"{path}.tmp", path)  # noqa: PTH104 - no objects between, as fast as it comes

    def _sync(self, directory: str) -> None:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def get(self, crash_id: str, name: str) -> bytes:
        """Read a file."""
        with open(f"{self._root}/{crash_id[:2]}/{crash_id}.{name}", "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()

    def all(self, crash_id: str) -> Iterator[tuple[str, bytes]]:
        """Read the dump: with one directory for many crashes, its name must be known."""
        name = f"{_DUMP}upload_file_minidump"
        yield name, self.get(crash_id, name)

    def remove(self, crash_id: str) -> None:
        """Remove the files of a crash."""
        for name in (f"{_DUMP}upload_file_minidump", _RAW):
            os.unlink(f"{self._root}/{crash_id[:2]}/{crash_id}.{name}")  # noqa: PTH108

    def close(self) -> None:
        """Do nothing."""


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
        query = f"SELECT rowid, crash_id FROM queue ORDER BY rowid LIMIT {_BATCH}"  # noqa: S608
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


class Lmdb(Rival):
    """A value a blob; durable: synced at each commit, else left to the system."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        lmdb: Any = import_module("lmdb")
        directory.mkdir(parents=True, exist_ok=True)
        self._environment = lmdb.open(
            str(directory), map_size=1 << 36, max_dbs=2, sync=durable, metasync=durable
        )
        self._blobs = self._environment.open_db(b"blobs")
        self._queue = self._environment.open_db(b"queue")

    def put(self, crash_id: str, blobs: list[tuple[str, bytes]], *, queue: bool) -> None:
        """Put the blobs in one transaction."""
        with self._environment.begin(write=True, db=self._blobs) as transaction:
            for name, blob in blobs:
                transaction.put(_key(crash_id, name), blob)
            if queue:
                transaction.put(crash_id.encode(), b"", db=self._queue)

    def get(self, crash_id: str, name: str) -> bytes:
        """Get one blob."""
        with self._environment.begin(db=self._blobs) as transaction:
            found: bytes = transaction.get(_key(crash_id, name))
        return found

    def all(self, crash_id: str) -> Iterator[tuple[str, bytes]]:
        """Get the dumps."""
        start = _key(crash_id, _DUMP)
        with self._environment.begin(db=self._blobs) as transaction:
            cursor = transaction.cursor()
            found = cursor.set_range(start)
            while found and cursor.key().startswith(start):
                yield cursor.key()[len(crash_id) + 1 :].decode(), cursor.value()
                found = cursor.next()

    def remove(self, crash_id: str) -> None:
        """Delete the blobs of a crash."""
        start = crash_id.encode()
        with self._environment.begin(write=True, db=self._blobs) as transaction:
            cursor = transaction.cursor()
            found = cursor.set_range(start)
            while found and cursor.key().startswith(start):
                found = cursor.delete()
            transaction.delete(start, db=self._queue)

    def drain(self) -> int:
        """Delete a thousand at a time."""
        taken = 0
        while batch := self._drain_batch():
            taken += batch
        return taken

    def _drain_batch(self) -> int:
        with self._environment.begin(write=True, db=self._queue) as transaction:
            cursor, taken = transaction.cursor(), 0
            while taken < _BATCH and cursor.first():
                cursor.delete()
                taken += 1
        return taken

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()


def _key(crash_id: str, name: str) -> bytes:
    return f"{crash_id}/{name}".encode()


class DiskCache(Rival):
    """diskcache with nothing evicted; durable: values in its SQLite file, synchronous=FULL."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        diskcache: Any = import_module("diskcache")
        settings = {"size_limit": 1 << 50, "eviction_policy": "none", "cull_limit": 0}
        if durable:
            # Its files are never synced: what is to be durable must not be in one.
            settings |= {"sqlite_synchronous": 2, "disk_min_file_size": 1 << 40}
        self._cache = diskcache.Cache(str(directory), timeout=60, **settings)

    def put(self, crash_id: str, blobs: list[tuple[str, bytes]], *, queue: bool) -> None:  # noqa: ARG002
        """Set the blobs in one transaction."""
        with self._cache.transact(retry=True):
            for name, blob in blobs:
                self._cache.set(f"{crash_id}/{name}", blob)

    def get(self, crash_id: str, name: str) -> bytes:
        """Get one blob."""
        found: bytes = self._cache[f"{crash_id}/{name}"]
        return found

    def all(self, crash_id: str) -> Iterator[tuple[str, bytes]]:
        """Get the dump: a cache does not list keys by their beginning, its name must be known."""
        name = f"{_DUMP}upload_file_minidump"
        yield name, self.get(crash_id, name)

    def remove(self, crash_id: str) -> None:
        """Delete the blobs of a crash."""
        for name in (f"{_DUMP}upload_file_minidump", _RAW):
            self._cache.delete(f"{crash_id}/{name}", retry=True)

    def close(self) -> None:
        """Close it."""
        self._cache.close()


_NO_QUEUE = frozenset({"drain", "prune"})

RIVALS = (
    Contestant(
        "sqlite",
        lambda directory, durable: SQLite(directory, durable=durable),
        tuning="WAL, a BLOB row a dump, 16 KB pages, checkpoints every 64 MB, mmap; synchronous "
        "FULL when durable, else NORMAL",
    ),
    Contestant(
        "lmdb",
        lambda directory, durable: Lmdb(directory, durable=durable),
        module="lmdb",
        lacks=frozenset({"prune"}),
        tuning="a value a dump; sync when durable, else not",
    ),
    Contestant(
        "diskcache",
        lambda directory, durable: DiskCache(directory, durable=durable),
        module="diskcache",
        lacks=_NO_QUEUE,
        tuning="no eviction; when durable, all values inside SQLite with synchronous FULL",
    ),
    Contestant(
        "files",
        lambda directory, durable: Files(directory, durable=durable),
        lacks=_NO_QUEUE,
        tuning="a file a dump in 256 directories, renamed into place; when durable, file and "
        "directory synced",
    ),
)
