"""As `PrimaryDeferredStorage`, with a third storage for processed crashes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from socorro_fast.containers.deferred import DeferredOptions, PrimaryDeferredStorage
from socorro_fast.containers.options import ContainerOptions, Member  # noqa: TC001 - pydantic reads it
from socorro_fast.operations import with_derived


class DeferredProcessedOptions(DeferredOptions):
    """Options of `PrimaryDeferredProcessedStorage`."""

    processed: Member = Field(description="where processed crashes go")


class PrimaryDeferredProcessedStorage(PrimaryDeferredStorage):
    """Saves raw crashes as `PrimaryDeferredStorage` does, and processed ones to a third storage.

    Processed crashes are read from there only; removals go to all three. `save_raw_and_processed`
    must not queue the crash: a raw storage that has a queue is given both halves, as that is how it
    is told so. Options: `DeferredProcessedOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = DeferredProcessedOptions
    options: DeferredProcessedOptions
    member_options: ClassVar[tuple[str, ...]] = ("primary", "deferred", "processed")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.processed = self.options.processed
        self._asked = {"primary": self.primary, "deferred": self.deferred}
        self._queueing = [*self._with("new_crashes", self._asked).values()]

    @property
    def capabilities(self) -> frozenset[str]:
        """What the raw storages have for raw crashes, and the third one for processed ones."""
        raw = frozenset(name for name in super().capabilities if "processed" not in name)
        offered = self.processed.capabilities
        only = self.processed.capabilities - self.primary.capabilities - self.deferred.capabilities
        processed = frozenset(name for name in offered if "processed" in name)
        return with_derived(raw - only | processed)

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        self._check_open()
        if operation == "save_processed":
            self.processed.save_processed(*args)
        elif operation == "save_raw_crash":
            super()._save(operation, crash_id, *args)
        else:
            self._save_both(*args)

    def _save_both(self, raw_crash: Any, dumps: Any, processed_crash: Any, crash_id: str) -> None:
        destination = self._destination(raw_crash, crash_id)
        if destination in self._queueing or destination is self.processed:
            destination.save_raw_and_processed(raw_crash, dumps, processed_crash, crash_id)
        else:
            destination.save_raw_crash(raw_crash, dumps, crash_id)
        if destination is not self.processed:
            self.processed.save_processed(processed_crash)

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        if "processed" not in operation:
            return super()._read(operation, crash_id, *args)
        self._check_open()
        return getattr(self.processed, operation)(crash_id, *args)
