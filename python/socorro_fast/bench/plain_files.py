"""Crashes in plain files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from socorro_fast.bench.rival import MAIN_DUMP, RAW, Rival

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        yield MAIN_DUMP, self.get(crash_id, MAIN_DUMP)

    def remove(self, crash_id: str) -> None:
        """Remove the files of a crash."""
        for name in (MAIN_DUMP, RAW):
            os.unlink(f"{self._root}/{crash_id[:2]}/{crash_id}.{name}")  # noqa: PTH108

    def close(self) -> None:
        """Do nothing."""
