"""What rivals of ours have in common: a crash is a few named blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from socorro_fast.bench.stores import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BATCH = 1_000
"""Crashes that are taken off a queue together."""

RAW, PROCESSED, DUMP = "r", "p", "d:"
"""The names of the raw and the processed crash, and how those of dumps begin."""

MAIN_DUMP = f"{DUMP}upload_file_minidump"


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
        blobs = [(RAW, orjson.dumps(raw_crash))]
        self.put(crash_id, blobs + [(DUMP + name, dumps[name]) for name in dumps], queue=True)

    def get_raw(self, crash_id: str) -> dict[str, Any]:
        """Return the raw crash."""
        found: dict[str, Any] = orjson.loads(self.get(crash_id, RAW))
        return found

    def get_dumps(self, crash_id: str) -> Mapping[str, bytes]:
        """Return the dumps."""
        return {name.removeprefix(DUMP): blob for name, blob in self.all(crash_id)}

    def save_processed(self, crash_id: str, processed_crash: dict[str, Any]) -> None:
        """Save the processed crash."""
        self.put(crash_id, [(PROCESSED, orjson.dumps(processed_crash))], queue=False)

    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return the processed crash."""
        found: dict[str, Any] = orjson.loads(self.get(crash_id, PROCESSED))
        return found
