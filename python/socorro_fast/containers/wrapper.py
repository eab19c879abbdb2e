"""Containers round one storage."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast.checks import check_batch
from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.options import ContainerOptions, Member

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from socorro_fast.errors import CrashStorageError


class WrapperOptions(ContainerOptions):
    """Options of a container with one member."""

    storage: Member = Field(description="the storage that does the work")


class WrapperContainer(ContainerBase):
    """A container that hands every call on to its one member, through `_run`."""

    Options: ClassVar[type[ContainerOptions]] = WrapperOptions
    options: WrapperOptions
    member_options: ClassVar[tuple[str, ...]] = ("storage",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.storage = self.options.storage
        self._keepers = self.roles

    def _run(self, operation: str, call: Callable[..., Any], *args: Any) -> Any:  # noqa: ARG002
        """Return `call(*args)`, which is `operation` of the member."""
        if self._closed:
            self._check_open()
        return call(*args)

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:  # noqa: ARG002
        self._run(operation, getattr(self.storage, operation), *args)

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        return self._run(operation, getattr(self.storage, operation), crash_id, *args)

    def remove(self, crash_id: str) -> None:
        """Remove a crash."""
        self._run("remove", self.storage.remove, crash_id)

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash, as the member does."""
        listing: Iterator[str] = self._run("list_crashes", self.storage.list_crashes, date)
        return listing

    def new_crashes(self) -> Iterator[str]:
        """Yield the queued crashes of the member."""
        self._check_open()
        return self._pass(self.storage.new_crashes())

    def _pass(self, walk: Iterator[str]) -> Iterator[str]:
        try:
            while True:
                self._check_walk()
                crash_id = self._run("new_crashes", next, walk, None)
                if crash_id is None:
                    return
                yield crash_id
        finally:
            # Ends with this one: what "advance" has not acknowledged is given back now.
            if isinstance(walk, Generator):
                walk.close()

    def ack_crash(self, crash_id: str) -> str:
        """Acknowledge a crash to the member; return its ID."""
        self._run("ack_crash", self.storage.ack_crash, crash_id)
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Give a crash back to the member; return its ID."""
        self._run("release_crash", self.storage.release_crash, crash_id)
        return crash_id

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Save raw crashes, each `(raw_crash, dumps, crash_id)`, as one batch of the member."""
        outcomes: list[CrashStorageError | None]
        outcomes = self._run("save_many", self.storage.save_many, self._checked(items))
        return outcomes

    def get_many(self, crash_ids: Iterable[str]) -> list[dict[str, Any] | CrashStorageError]:
        """Return raw crashes, as one batch of the member."""
        outcomes: list[dict[str, Any] | CrashStorageError]
        outcomes = self._run("get_many", self.storage.get_many, self._checked(crash_ids))
        return outcomes

    def remove_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Remove crashes, as one batch of the member."""
        outcomes: list[CrashStorageError | None]
        outcomes = self._run("remove_many", self.storage.remove_many, self._checked(crash_ids))
        return outcomes

    def _checked(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in check_batch(items):
            self.quit_check()
            yield item
