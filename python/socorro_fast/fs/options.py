"""The options of the radix-tree storages."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from socorro_fast.options import Ack, CodecName, FileMode, StorageOptions


def as_path(value: object) -> object:
    """Return text as a path, and anything else as it is."""
    return Path(value) if isinstance(value, str) else value


class FSRootOptions(StorageOptions):
    """Options of everything that makes files below a root."""

    fs_root: Annotated[Path, BeforeValidator(as_path)] = Field(
        default=Path("crashes"),
        description="directory of the tree; made where it is missing",
    )
    umask: FileMode = Field(
        default=0o022,
        description="permission bits that files and directories do not get; the process's own "
        "umask is neither changed nor obeyed",
    )
    file_mode: FileMode | None = Field(
        default=None, description="permission bits of files; default: 0o666 without umask"
    )
    dir_mode: FileMode | None = Field(
        default=None, description="permission bits of directories; default: 0o777 without umask"
    )
    durability: Literal["os", "disk"] = Field(
        default="os",
        description='what a save waits for: "os" survives the death of the process, '
        '"disk" the loss of power',
    )

    def modes(self) -> tuple[int, int]:
        """Return the permission bits of files and of directories."""
        file_mode = 0o666 & ~self.umask if self.file_mode is None else self.file_mode
        dir_mode = 0o777 & ~self.umask if self.dir_mode is None else self.dir_mode
        return file_mode, dir_mode


class FSJsonOptions(FSRootOptions):
    """Options of every storage with its crashes in Rust."""

    codec: CodecName = Field(
        default="orjson",
        description='how JSON is written: "orjson" (fast) or "json" (as the original)',
    )


class FSOptions(FSJsonOptions):
    """Options of every radix-tree storage."""

    json_file_suffix: str = Field(default=".json", description="suffix of raw crashes")
    jsonz_file_suffix: str = Field(default=".jsonz", description="suffix of processed crashes")
    dump_file_suffix: str = Field(default=".dump", description="suffix of dumps")
    name_branch_base: str = Field(
        default="name", description="directory of the crashes below a day"
    )
    zero_depth: int = Field(
        default=4,
        ge=0,
        le=9,
        description="the depth that the digit 0 in a crash ID means: 4 for Socorro's past, "
        "0 for today's Socorro and Antenna",
    )
    compression_level: int = Field(
        default=6, ge=0, le=9, description="gzip level of processed crashes"
    )
    prune_empty_dirs: bool = Field(
        default=True, description="whether a removal takes the directories that it empties"
    )
    follow_day_links: bool = Field(
        default=False, description="whether day directories may be symbolic links"
    )
    layout_check: bool = Field(
        default=True,
        description="whether to look, when opening, that the tree is of this class's family",
    )


class FSDatedOptions(FSOptions):
    """Options of the storages with a queue."""

    date_branch_base: str = Field(default="date", description="directory of the queue below a day")
    minute_slice_interval: int = Field(
        default=4, ge=1, le=60, description="length of a slot, in seconds"
    )
    ack: Ack = Field(
        default="explicit",
        description='when a crash leaves the queue: at ack_crash ("explicit"), '
        'or when the next one is asked for ("advance", as the original)',
    )
    now: Callable[[], datetime] | None = Field(
        default=None,
        description="the time used for slots, as an aware datetime; default: the clock's",
    )


class FSTemporaryOptions(FSDatedOptions):
    """Options of the storage whose day directories come round every month."""

    recycle_after: int = Field(
        default=86_400,
        ge=0,
        description="age in seconds at which what another month left in a day directory is "
        "removed, unless it is queued",
    )
