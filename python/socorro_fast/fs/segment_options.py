"""The options of the segment storage."""

import re
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from socorro_fast.fs.options import FSJsonOptions
from socorro_fast.options import Ack

_COMPRESSION = re.compile(r"zstd:(-?\d{1,2})", re.ASCII)
_LEVELS = range(-7, 20)


def _compression(value: str | None) -> str | None:
    match = value and _COMPRESSION.fullmatch(value)
    if value is None or (match and int(match[1]) in _LEVELS):
        return value
    raise ValueError('it is None or "zstd:LEVEL", of -7 (fastest) to 19 (smallest)')


class FSSegmentOptions(FSJsonOptions):
    """Options of `FSSegmentStorage`."""

    durability: Literal["os", "disk"] = Field(
        default="disk",
        description='what a save waits for: "os" survives the death of the process, '
        '"disk" the loss of power; savers that wait share their syncs',
    )
    segment_bytes: int = Field(
        default=64 << 20,
        ge=1 << 16,
        le=1 << 34,
        description="length in bytes at which a segment is sealed and another one begun",
    )
    compression: Annotated[str | None, AfterValidator(_compression)] = Field(
        default=None,
        description='how crashes are compressed: None, or "zstd:LEVEL" of -7 to 19; what it does '
        "not make smaller is stored as it is",
    )
    sync_interval: float = Field(
        default=0,
        ge=0,
        le=10,
        description='seconds that a sync waits for more savers to share it (durability="disk")',
    )
    max_open_segments: int = Field(
        default=8,
        ge=1,
        le=256,
        description="how many savers of one day can write at the same time, each to a segment of "
        'its own (durability="os"); with "disk" all share one, as every segment is a sync more',
    )
    keep_free: int = Field(
        default=0,
        ge=0,
        description="bytes of the file system that saves leave free: beyond, they fail as on a "
        "full disk",
    )
    ack: Ack = Field(
        default="explicit",
        description='when a crash leaves the queue: at ack_crash ("explicit"), '
        'or when the next one is asked for ("advance", as the original)',
    )
    temp_path: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="where get_raw_dumps_as_files writes",
    )
    allow_network: bool = Field(
        default=False,
        description="whether to go on where fs_root is on a network file system, whose locks and "
        "caches do not keep the storage's promises",
    )

    def compression_level(self) -> int | None:
        """Return the zstd level, or None for none."""
        return None if self.compression is None else int(self.compression.partition(":")[2])
