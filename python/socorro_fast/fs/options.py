"""The options of the radix-tree storages."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from socorro_fast.options import Ack, CodecName, FileMode, StorageOptions


def as_path(value: object) -> object:
    """Return text as a path, and anything else as it is.

    Raises:
        ValueError: The text is no path.
    """
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError("it must name a file or a directory")
    return Path(value)


def _branch(value: str) -> str:
    if not value or value.startswith(".") or "/" in value or "\0" in value:
        raise ValueError("it must be a plain directory name")
    return value


def _suffix(value: str) -> str:
    if len(value) < len(".x") or not value.startswith(".") or "/" in value or "\0" in value:
        raise ValueError("it must be a dot and a name, like '.json'")
    return value


Branch = Annotated[str, AfterValidator(_branch)]
"""The name of a directory below a day."""

Suffix = Annotated[str, AfterValidator(_suffix)]
"""What the names of files end with."""


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

    json_file_suffix: Suffix = Field(default=".json", description="suffix of raw crashes")
    jsonz_file_suffix: Suffix = Field(
        default=".jsonz", validate_default=True, description="suffix of processed crashes"
    )
    dump_file_suffix: Suffix = Field(
        default=".dump", validate_default=True, description="suffix of dumps"
    )
    name_branch_base: Branch = Field(
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

    @field_validator("jsonz_file_suffix", "dump_file_suffix")
    @classmethod
    def _distinct(cls, value: str, info: ValidationInfo) -> str:
        for name in ("json_file_suffix", "jsonz_file_suffix"):
            other = info.data.get(name)
            if other is not None and (value.endswith(other) or other.endswith(value)):
                raise ValueError(f"it must be different from {name}, {other!r}")
        return value


class FSDatedOptions(FSOptions):
    """Options of the storages with a queue."""

    date_branch_base: Branch = Field(
        default="date", validate_default=True, description="directory of the queue below a day"
    )
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

    @field_validator("date_branch_base")
    @classmethod
    def _not_name_branch(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("name_branch_base"):
            raise ValueError("it must not be name_branch_base")
        return value


class FSTemporaryOptions(FSDatedOptions):
    """Options of the storage whose day directories come round every month."""

    recycle_after: int = Field(
        default=86_400,
        ge=0,
        description="age in seconds at which what another month left in a day directory is "
        "removed, unless it is queued",
    )
