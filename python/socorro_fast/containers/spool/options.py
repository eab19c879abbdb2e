"""Options of the spool."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import Field

from socorro_fast.containers.options import ContainerOptions, Member
from socorro_fast.containers.spool.lane import Durability, Layout  # noqa: TC001 - pydantic looks


class FSSpoolOptions(ContainerOptions):
    """Options of `FSSpoolStorage`."""

    storage: Member = Field(description="the storage behind the spool")
    fs_root: Path = Field(default=Path("spool"), description="directory of the spool")
    layout: Layout = Field(default="segments", description="what crashes wait in")
    durability: Durability = Field(
        default="disk",
        description='what a save survives: the death of the process ("os"), or power loss ("disk")',
    )
    max_crashes: int = Field(
        default=1_000_000, ge=1, description="how many crashes may wait before saves are held up"
    )
    max_bytes: int = Field(
        default=10 << 30, ge=1, description="how many bytes may wait before saves are held up"
    )
    save_timeout: float = Field(
        default=5.0,
        ge=0,
        description="seconds that a save waits for room before it raises StorageUnavailable",
    )
    background: bool = Field(
        default=True, description="whether a thread moves crashes; if not, drain() does"
    )
    batch_crashes: int = Field(default=50, ge=1, description="crashes that are moved together")
    batch_bytes: int = Field(
        default=16 << 20, ge=1, description="bytes from which on a batch takes no further crash"
    )
    drain_interval: float = Field(
        default=1.0, gt=0, description="seconds between looks for what other processes saved"
    )
    backoff_delays: str = Field(
        default="1,2,5,10,30",
        description="seconds between tries while the storage behind is away; the last one repeats",
    )
    temp_path: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="where get_raw_dumps_as_files writes the dumps of a crash that waits",
    )
