"""The tree of today's Socorro, with the API of this package."""

import datetime as dt
from typing import ClassVar

from pydantic import Field

from socorro_fast.fs.options import FSOptions
from socorro_fast.fs.radix import FSLegacyRadixTreeStorage
from socorro_fast.options import CodecName


class SocorroOptions(FSOptions):
    """The options of today's Socorro: its own JSON, and no radix where the ID says 0."""

    zero_depth: int = Field(
        default=0, ge=0, le=9, description="the depth that the digit 0 in a crash ID means"
    )
    codec: CodecName = Field(
        default="json",
        description='how JSON is written: "json" (byte for byte as Socorro) or "orjson" (fast)',
    )


class SocorroRadixTreeStorage(FSLegacyRadixTreeStorage):
    """The tree of today's Socorro, with the API of this package.

    Options: `SocorroOptions`.
    """

    Options: ClassVar[type[SocorroOptions]] = SocorroOptions

    def _date_text(self, date: dt.date) -> str:
        """Return a datetime as Socorro writes it, without the zone."""
        if isinstance(date, dt.datetime):
            return date.strftime("%Y-%m-%d %H:%M:%S.%f")
        return super()._date_text(date)
