"""Which crashes there are: the raw crashes of a bucket, in all layouts that are read."""

from __future__ import annotations

from collections import defaultdict
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING

from socorro_fast.crash_id import date_of
from socorro_fast.errors import InvalidCrashID
from socorro_fast.s3.key_builders import RAW_CRASH, V1, V1_BY_DAY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

    from socorro_fast.s3.connection import Page
    from socorro_fast.s3.key_builders import Layout
    from socorro_fast.s3.keys import Keys

_ID_LENGTH = 36


class Listing:
    """The IDs of the raw crashes in a bucket. Each is listed once, days and IDs ascending.

    Args:
        page: Returns a page of the keys with a prefix, given prefix, delimiter and token.
        keys: Of the storage.
    """

    def __init__(self, page: Callable[[str, str, str | None], Page], keys: Keys) -> None:
        self._page = page
        self._keys = keys
        self._layouts = keys.layouts(RAW_CRASH)

    def of_day(self, day: dt.date) -> Iterator[str]:
        """Yield the IDs of one day, in constant memory."""
        return _distinct(
            merge(*(self._of_day(layout, f"{day:%Y%m%d}") for layout in self._layouts))
        )

    def all(self) -> Iterator[str]:
        """Yield all IDs. Those in layouts that do not begin with the day are held in memory."""
        held: dict[str, list[str]] = defaultdict(list)
        for layout in self._layouts:
            if layout != V1_BY_DAY:
                for crash_id in self._scan(layout):
                    held[_day(crash_id)].append(crash_id)
        days = set(self._days()) if V1_BY_DAY in self._layouts else set()
        for day in sorted(days.union(held)):
            listed = self._of_day(V1_BY_DAY, day) if day in days else iter(())
            yield from _distinct(merge(listed, sorted(held.pop(day, ()))))

    def _of_day(self, layout: Layout, day: str) -> Iterator[str]:
        if layout == V1:
            yield from (each for each in self._scan(layout) if _day(each) == day)
        elif layout == V1_BY_DAY:
            yield from self._ids(layout, f"{self._start(layout)}{day}/")
        else:
            for folder in self._folders(self._start(layout)):
                yield from self._ids(layout, f"{folder}{day}/")

    def _scan(self, layout: Layout) -> Iterator[str]:
        # Days are folders beside the keys of V1: a delimiter passes them over.
        return self._ids(layout, self._start(layout), "/" if layout == V1 else "")

    def _days(self) -> Iterator[str]:
        return (folder.split("/")[-2] for folder in self._folders(self._start(V1_BY_DAY)))

    def _start(self, layout: Layout) -> str:
        return self._keys.prefix + layout.start(RAW_CRASH)

    def _folders(self, prefix: str) -> Iterator[str]:
        for page in self._pages(prefix, "/"):
            yield from page.folders

    def _ids(self, layout: Layout, prefix: str, delimiter: str = "") -> Iterator[str]:
        for page in self._pages(prefix, delimiter):
            for key in page.keys:
                crash_id = key[-_ID_LENGTH:]
                if self._is_key(layout, key, crash_id):
                    yield crash_id

    def _is_key(self, layout: Layout, key: str, crash_id: str) -> bool:
        """Return whether a key is where a read would look: others have things in a bucket, too."""
        try:
            return key == self._keys.prefix + layout.key(RAW_CRASH, crash_id)
        except InvalidCrashID:
            return False

    def _pages(self, prefix: str, delimiter: str) -> Iterator[Page]:
        token = None
        while True:
            page = self._page(prefix, delimiter, token)
            yield page
            token = page.next
            if token is None:
                return


def _day(crash_id: str) -> str:
    return f"{date_of(crash_id):%Y%m%d}"


def _distinct(ordered: Iterable[str]) -> Iterator[str]:
    return (crash_id for crash_id, _ in groupby(ordered))
