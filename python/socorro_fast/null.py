"""A storage that keeps nothing."""

from collections.abc import Iterable
from typing import Any

from socorro_fast.base import CrashStorageBase
from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping


class NullCrashStorage(CrashStorageBase):
    """Accepts every crash, keeps none, and finds every crash to be empty.

    For a place in a composition where nothing is wanted. As in the original, what it does not have
    is empty and not an error.
    """

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:  # noqa: ARG002
        """Return an empty dict."""
        return {}

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:  # noqa: ARG002
        """Return no bytes."""
        return b""

    def get_raw_dumps(
        self,
        crash_id: str,  # noqa: ARG002
        names: Iterable[str | None] | None = None,  # noqa: ARG002
    ) -> MemoryDumpsMapping:
        """Return an empty mapping."""
        return MemoryDumpsMapping()

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:  # noqa: ARG002
        """Return an empty mapping."""
        return FileDumpsMapping()

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:  # noqa: ARG002
        """Return an empty dict."""
        return {}

    def remove(self, crash_id: str) -> None:
        """Do nothing."""
