"""Crashes in stores of keys and values: LMDB and diskcache."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from socorro_fast.bench.rival import BATCH, DUMP, MAIN_DUMP, RAW, Rival

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
        start = _key(crash_id, DUMP)
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
            while taken < BATCH and cursor.first():
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
        yield MAIN_DUMP, self.get(crash_id, MAIN_DUMP)

    def remove(self, crash_id: str) -> None:
        """Delete the blobs of a crash."""
        for name in (MAIN_DUMP, RAW):
            self._cache.delete(f"{crash_id}/{name}", retry=True)

    def close(self) -> None:
        """Close it."""
        self._cache.close()
