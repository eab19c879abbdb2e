"""Many crashes in one call, the work done with the GIL released."""

from __future__ import annotations

from abc import abstractmethod
from itertools import islice
from typing import TYPE_CHECKING, Any

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_batch, check_crash_id, check_item, check_raw_crash
from socorro_fast.errors import CorruptCrash, CrashStorageError
from socorro_fast.fs.arguments import checked_id, dumps_argument, merge_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from socorro_fast._rust import RadixTree, SegmentStore
    from socorro_fast.codec import Codec
    from socorro_fast.fs.arguments import RustDumps

# Crashes a call: enough to make the crossing cheap, few enough to hold their dumps and to be quit.
_PART = 100


class FSBatches(CrashStorageBase):
    """The batch operations of a storage that keeps its crashes in Rust."""

    _tree: RadixTree | SegmentStore
    _codec: Codec

    @abstractmethod
    def _put_raw(
        self, crash_id: str, raw_crash: bytes, dumps: RustDumps | None, *, queue: bool
    ) -> None: ...

    @abstractmethod
    def _put_many(self, items: list[Any]) -> list[CrashStorageError | None]: ...

    @abstractmethod
    def _remove_many(self, crash_ids: list[str]) -> list[CrashStorageError | None]: ...

    @abstractmethod
    def _decode(self, data: bytes, crash_id: str, *, at: int) -> dict[str, Any]: ...

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Save raw crashes, each `(raw_crash, dumps, crash_id)`, with the GIL released.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        return self._in_parts(map(self._checked_item, check_batch(items)), self._put_many)

    def save_json(
        self,
        crash_id: str,
        raw_crash: bytes | None,
        dumps: Mapping[str, Any] | None,
        processed_crash: bytes | None,
        *,
        queue: bool,
    ) -> None:
        """Save JSON as it is, which is what a copy does.

        Args:
            crash_id: The ID of the crash.
            raw_crash: The raw crash as JSON, or None to save none.
            dumps: As `save_raw_crash` takes them; saved with the raw crash only.
            processed_crash: The processed crash as JSON, or None to save none.
            queue: Whether the raw crash is queued, where there is a queue.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; the raw crash may be saved already.
        """
        self._check_open()
        check_crash_id(crash_id)
        if raw_crash is not None:
            checked = dumps_argument(dumps, self.options)
            self._put_raw(crash_id, raw_crash, checked, queue=queue)
        if processed_crash is not None:
            self._tree.save_processed(crash_id, processed_crash)

    def _checked_item(self, item: object) -> CrashStorageError | tuple[Any, ...]:
        try:
            raw_crash, dumps, crash_id = check_item(item)
            raw = self._codec.dumps(check_raw_crash(raw_crash))
            return check_crash_id(crash_id), raw, dumps_argument(dumps, self.options)
        except CrashStorageError as error:
            return error

    def get_many(self, crash_ids: Iterable[str]) -> list[dict[str, Any] | CrashStorageError]:
        """Return raw crashes, read with the GIL released.

        Returns:
            For each ID, in order: the raw crash, or the error; one failure does not stop the rest.
        """
        return self._in_parts(map(checked_id, check_batch(crash_ids)), self._get_part)

    def _get_part(self, crash_ids: list[str]) -> list[dict[str, Any] | CrashStorageError]:
        return list(map(self._decoded, self._tree.get_many(crash_ids), crash_ids))

    def _decoded(
        self, found: bytes | CrashStorageError, crash_id: str
    ) -> dict[str, Any] | CrashStorageError:
        if isinstance(found, CrashStorageError):
            return found
        try:
            return self._decode(found, crash_id, at=1)
        except CorruptCrash as error:
            return error

    def remove_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Remove crashes with the GIL released.

        Returns:
            For each ID, in order: None, or the error; one failure does not stop the rest.
        """
        return self._in_parts(map(checked_id, check_batch(crash_ids)), self._remove_many)

    def _in_parts(
        self, checked: Iterator[Any], call: Callable[[list[Any]], list[Any]]
    ) -> list[Any]:
        self._check_open()
        outcomes: list[Any] = []
        while part := list(islice(checked, _PART)):
            self.quit_check()
            outcomes += merge_outcomes(part, call)
        return outcomes
