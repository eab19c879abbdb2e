"""Containers that keep each crash in one member, which its ID tells."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from socorro_fast.checks import check_batch, check_crash_id, check_item
from socorro_fast.containers.base import ContainerBase
from socorro_fast.errors import CrashStorageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from socorro_fast.base import CrashStorageBase


class RoutingContainer(ContainerBase):
    """A container in which a crash ID says which member has the crash. Batches stay batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._keepers = self.roles

    @abstractmethod
    def _home(self, crash_id: str) -> CrashStorageBase:
        """Return the member that a crash belongs to.

        Raises:
            InvalidCrashID: It is none.
        """

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        if self._closed:
            self._check_open()
        if not isinstance(crash_id, str):
            check_crash_id(crash_id)
        getattr(self._home(crash_id), operation)(*args)

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        if self._closed:
            self._check_open()
        if not isinstance(crash_id, str):
            check_crash_id(crash_id)
        return getattr(self._home(crash_id), operation)(crash_id, *args)

    def remove(self, crash_id: str) -> None:
        """Remove a crash from the member that it belongs to."""
        self._read("remove", crash_id)

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that have a raw crash where they belong, dates ascending."""
        listing = self._with("list_crashes", self.roles)
        self._check_open()
        if not listing:
            raise self._unsupported("list_crashes")
        return self._merged(
            [self._at_home(member, member.list_crashes(date)) for member in listing.values()]
        )

    def _at_home(self, member: CrashStorageBase, listing: Iterator[str]) -> Iterator[str]:
        return (crash_id for crash_id in listing if self._home(crash_id) is member)

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Save raw crashes, each `(raw_crash, dumps, crash_id)`, a batch for each member."""
        return self._in_batches("save_many", items, lambda item: check_item(item)[2])

    def get_many(self, crash_ids: Iterable[str]) -> list[dict[str, Any] | CrashStorageError]:
        """Return raw crashes, a batch from each member."""
        return self._in_batches("get_many", crash_ids, lambda crash_id: crash_id)

    def remove_many(self, crash_ids: Iterable[str]) -> list[CrashStorageError | None]:
        """Remove crashes, a batch from each member."""
        return self._in_batches("remove_many", crash_ids, lambda crash_id: crash_id)

    def _in_batches(
        self, operation: str, items: Iterable[Any], id_of: Callable[[Any], Any]
    ) -> list[Any]:
        self._check_open()
        outcomes: list[Any] = []
        batches: dict[int, dict[int, Any]] = {}
        for place, item in enumerate(check_batch(items)):
            self.quit_check()
            outcomes.append(None)
            try:
                home = self._home(check_crash_id(id_of(item)))
            except CrashStorageError as error:
                outcomes[place] = error
            else:
                batches.setdefault(self.members.index(home), {})[place] = item
        for number, batch in batches.items():
            found = _outcomes_of(getattr(self.members[number], operation), [*batch.values()])
            for place, outcome in zip(batch, found, strict=True):
                outcomes[place] = outcome
        return outcomes


def _outcomes_of(call: Callable[[list[Any]], list[Any]], batch: list[Any]) -> list[Any]:
    # A member that fails as a whole must not keep the other batches from theirs.
    try:
        return call(batch)
    except CrashStorageError as error:
        return [error] * len(batch)
