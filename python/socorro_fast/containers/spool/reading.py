"""Reading through a spool: what waits first, then what the storage behind has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.checks import check_crash_id
from socorro_fast.codec import get_codec
from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.spool.lane import Spooled, dumps_of
from socorro_fast.dumps import MemoryDumpsMapping
from socorro_fast.errors import CrashIDNotFound

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.containers.spool.lane import Lane
    from socorro_fast.containers.spool.locks import CrashLocks
    from socorro_fast.containers.spool.options import FSSpoolOptions
    from socorro_fast.redactor import Redactor

_CODEC = get_codec("orjson")


class SpoolReading(ContainerBase):
    """The reads of a spool."""

    options: FSSpoolOptions
    storage: CrashStorageBase
    _raw: Lane
    _processed: Lane
    _locks: CrashLocks

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        self._check_open()
        check_crash_id(crash_id)
        lane = self._processed if "processed" in operation else self._raw
        # While it is locked nobody takes it out of the spool, dump by dump.
        with self._locks.sharing(crash_id):
            found = lane.find(crash_id)
            if found is not None:
                answer = getattr(self, f"_spooled_{operation.removeprefix('get_')}")
                return answer(found, crash_id, *args)
        return super()._read(operation, crash_id, *args)

    def _spooled_raw_crash(self, found: Spooled, _crash_id: str) -> dict[str, Any]:
        return found.crash

    def _spooled_raw_crash_bytes(self, found: Spooled, _crash_id: str) -> bytes:
        return _CODEC.dumps(found.crash)

    def _spooled_raw_dump(self, found: Spooled, crash_id: str, name: str | None) -> bytes:
        (dump,) = self._spooled_raw_dumps(found, crash_id, [name]).values()
        return dump

    def _spooled_raw_dumps(
        self, found: Spooled, crash_id: str, names: list[str | None] | None
    ) -> MemoryDumpsMapping:
        if dumps_of(found, crash_id) is not None:
            return found.where.get_raw_dumps(crash_id, names)
        try:
            kept: MemoryDumpsMapping = super()._read("get_raw_dumps", crash_id, names)
        except CrashIDNotFound:
            if names is not None:
                raise
            return MemoryDumpsMapping()
        return kept

    def _spooled_raw_dumps_as_files(self, found: Spooled, crash_id: str) -> Any:
        dumps = self._spooled_raw_dumps(found, crash_id, None)
        return dumps.as_file_dumps_mapping(crash_id, self.options.temp_path, ".dump")

    def _spooled_unredacted_processed(self, found: Spooled, _crash_id: str) -> dict[str, Any]:
        return found.crash

    def _spooled_unredacted_processed_bytes(self, found: Spooled, _crash_id: str) -> bytes:
        return _CODEC.dumps(found.crash)

    def _spooled_processed(self, found: Spooled, _crash_id: str) -> dict[str, Any]:
        for redactor in _redactors(self.storage):
            redactor.redact(found.crash)
        return found.crash

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs of which the spool or the storage behind has a raw crash, each once."""
        behind = super().list_crashes(date)
        waiting = (self._raw.waiting_if_any(), self._raw.refused_if_any())
        return self._merged([each.list_crashes(date) for each in waiting if each] + [behind])


def _redactors(storage: CrashStorageBase) -> Iterator[Redactor]:
    """Yield what the storage behind would let a processed crash go through, and never less."""
    yield storage.redactor
    for member in storage.members:
        yield from _redactors(member)
