"""Where the parts of a crash lie in a bucket: the layouts that Socorro wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socorro_fast.crash_id import date_of

RAW_CRASH = "raw_crash"
DUMP_NAMES = "dump_names"
MAIN = "dump"
PROCESSED_CRASH = "processed_crash"
CRASH_REPORT = "crash_report"

ENTROPY = 3
"""How many characters of the crash ID spread the keys of a day."""


@dataclass(frozen=True)
class Layout:
    """A form of keys: `{thing}`, `{entropy}`, `{day}` and `{crash_id}` are put into it."""

    template: str

    def key(self, thing: str, crash_id: str) -> str:
        """Return the key of a thing of a crash, without a prefix."""
        return self.template.format(
            thing=thing,
            entropy=crash_id[:ENTROPY],
            day=f"{date_of(crash_id):%Y%m%d}",
            crash_id=crash_id,
        )

    def start(self, thing: str) -> str:
        """Return what the keys of a thing of all crashes begin with."""
        return self.template[: self.template.index("{thing}")] + thing + "/"


V1 = Layout("v1/{thing}/{crash_id}")
V1_BY_DAY = Layout("v1/{thing}/{day}/{crash_id}")
V2_BY_DAY = Layout("v2/{thing}/{entropy}/{day}/{crash_id}")


class KeyBuilderBase:
    """`v1/<thing>/<crash_id>`: the oldest layout, which cannot list a day without listing all.

    A key builder of your own derives from this one and sets `layouts`, or replaces `build_keys`;
    in the latter case it can list no crashes.
    """

    layouts: ClassVar[tuple[Layout, ...]] = (V1,)
    """The layout that is written, then the older ones that are read after it."""
    layouts_of: ClassVar[dict[str, tuple[Layout, ...]]] = {}
    """Likewise, for the things that have layouts of their own."""

    def layouts_for(self, thing: str) -> tuple[Layout, ...]:
        """Return the layouts of a thing: the one that is written, then the older ones."""
        return self.layouts_of.get(thing, self.layouts)

    def build_keys(self, prefix: str, name_of_thing: str, crash_id: str) -> list[str]:
        """Return the keys of a thing: the one that is written, then the older ones to read."""
        layouts = self.layouts_for(name_of_thing)
        return [prefix + layout.key(name_of_thing, crash_id) for layout in layouts]


class DatePrefixKeyBuilder(KeyBuilderBase):
    """`v2/raw_crash/<first three characters>/<YYYYMMDD>/<crash_id>`, all else in `v1` without date.

    Raw crashes are looked for in `v1` as well.
    """

    layouts_of: ClassVar[dict[str, tuple[Layout, ...]]] = {RAW_CRASH: (V2_BY_DAY, V1)}


class SimpleDatePrefixKeyBuilder(KeyBuilderBase):
    """`v1/<thing>/<YYYYMMDD>/<crash_id>` for everything.

    Everything is looked for in `v1` without a date as well, raw crashes in `v2` before that.
    """

    layouts: ClassVar[tuple[Layout, ...]] = (V1_BY_DAY, V1)
    layouts_of: ClassVar[dict[str, tuple[Layout, ...]]] = {RAW_CRASH: (V1_BY_DAY, V2_BY_DAY, V1)}


class GCSKeyBuilder(KeyBuilderBase):
    """The layout of today's Socorro and Antenna, which they have in Google's store.

    `v1/<thing>/<YYYYMMDD>/<crash_id>` for raw crashes and crash reports, which are looked for in
    the older layouts as well; `v1/<thing>/<crash_id>` for all else.
    """

    layouts_of: ClassVar[dict[str, tuple[Layout, ...]]] = {
        RAW_CRASH: (V1_BY_DAY, V2_BY_DAY, V1),
        CRASH_REPORT: (V1_BY_DAY, V1),
    }
