"""The part of socorro_fast that is written in Rust."""

# ruff: noqa: PYI021 - the docstrings live here

from collections.abc import Iterable, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Literal, Self, TypeAlias, final
from uuid import UUID

from socorro_fast.errors import CrashStorageError

__all__ = [
    "BUILD_PROFILE",
    "AntennaTree",
    "DayWalk",
    "QueuePass",
    "RadixTree",
    "SegmentPass",
    "SegmentStore",
    "__version__",
    "crash_id_from_uuid",
    "date_and_depth",
    "date_of",
    "depth_of",
    "is_plain_json",
    "is_valid",
    "needs_exact_json",
    "new_crash_id",
    "new_crash_ids",
    "radix_of",
    "reseed_after_fork",
    "shard_of",
    "survives_jsonb",
    "validate_many",
]

_StrPath: TypeAlias = str | PathLike[str]

__version__: str

# Crash IDs

def new_crash_id(date: date | None = None, depth: int = 2) -> str:
    """Make a crash ID that nobody else has.

    Args:
        date: The day that the ID names, of the years 2000 to 2099; a `datetime` counts as the day
            that it shows. Default: today in UTC.
        depth: How many radix levels the crash lies below its day, 1 to 4.

    Returns:
        A random UUID (version 4) whose last seven characters are the depth and the date, yymmdd.

    Raises:
        InvalidCrashID: An argument is out of its range.
        StorageUnavailable: The operating system gives no random bytes.
    """

def new_crash_ids(n: int, date: date | None = None, depth: int = 2) -> list[str]:
    """Make many crash IDs at once, which is faster than one by one.

    Args:
        n: How many, 0 to 10,000,000.
        date: As in `new_crash_id`.
        depth: As in `new_crash_id`.

    Returns:
        A list of `n` different IDs.

    Raises:
        InvalidCrashID: An argument is out of its range.
        StorageUnavailable: The operating system gives no random bytes.
    """

def crash_id_from_uuid(uuid: UUID | str, date: date | None = None, depth: int = 2) -> str:
    """Make the crash ID that shares its first 29 characters with a UUID.

    Args:
        uuid: A `uuid.UUID`, or its text in lower case.
        date: As in `new_crash_id`.
        depth: As in `new_crash_id`.

    Raises:
        InvalidCrashID: `uuid` is none, or another argument is out of its range.
    """

def date_of(crash_id: str) -> date:
    """Return the day that a crash ID names.

    Raises:
        InvalidCrashID: `crash_id` is none.
    """

def depth_of(crash_id: str, zero_depth: int = 4) -> int:
    """Return how many radix levels a crash lies below its day.

    Args:
        crash_id: The ID.
        zero_depth: What the depth digit 0 means, 0 to 9: 4 in IDs of Socorro's past (the
            default), 0 in those of today's Socorro and Antenna.

    Returns:
        0 to 9.

    Raises:
        InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
    """

def date_and_depth(crash_id: str, zero_depth: int = 4) -> tuple[date, int]:
    """Return `(date_of(crash_id), depth_of(crash_id, zero_depth))`.

    Raises:
        InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
    """

def radix_of(crash_id: str, zero_depth: int = 4) -> list[str]:
    """Return the radix levels of a crash: pairs of characters, from the left.

    From depth 5 on the pairs cut through the dashes, as they always did.

    Raises:
        InvalidCrashID: `crash_id` is none, or `zero_depth` is out of its range.
    """

def is_valid(crash_id: object, /) -> bool:
    """Say whether something is a crash ID; what is no `str` is none."""

def validate_many(ids: Iterable[object]) -> list[bool]:
    """Return a list of bool: `is_valid` of each of many.

    Args:
        ids: Any iterable but a `str`.

    Raises:
        InvalidCrashID: `ids` is a `str` or cannot be iterated over.
    """

def shard_of(crash_id: str, shards: int) -> int:
    """Return the shard of a crash, 0 to `shards - 1`, the same for all time.

    The jump consistent hash over XXH3-64 of the 36 characters: one more shard takes an even part
    of the crashes from the others and moves none between them.

    Args:
        crash_id: The ID.
        shards: How many shards there are, 1 to 2,147,483,647.

    Raises:
        InvalidCrashID: `crash_id` is none, or `shards` is out of its range.
    """

def reseed_after_fork() -> None:
    """Forget the pooled randomness of every thread, as a forked child must."""

# JSON

def needs_exact_json(data: bytes, /) -> bool:
    """Say whether `data` may hold an integer beyond 64 bits, which orjson reads as a float."""

def survives_jsonb(data: bytes, /) -> bool:
    """Say whether PostgreSQL's jsonb gives every value of `data` back; it sorts keys."""

def is_plain_json(value: object, others: tuple[type, ...], /) -> bool:
    """Say whether `value` is made of nothing but the types of JSON, finite floats, and `others`.

    Subclasses count as other types.
    """

# RadixTree: the crashes of one root

BUILD_PROFILE: str

@final
class RadixTree:
    """Crashes in a radix tree of directories."""

    def __new__(
        cls,
        fs_root: _StrPath,
        *,
        leaf: bool,
        dated: bool,
        day_of_month: bool,
        zero_depth: int,
        name_branch_base: str,
        date_branch_base: str,
        json_file_suffix: str,
        jsonz_file_suffix: str,
        dump_file_suffix: str,
        dump_field: str,
        minute_slice_interval: int,
        file_mode: int,
        dir_mode: int,
        sync: bool,
        compression_level: int,
        prune_empty_dirs: bool,
        follow_day_links: bool,
    ) -> Self: ...
    @property
    def path(self) -> Path:
        """The root, absolute."""
    def renewed(self) -> RadixTree:
        """Return the same tree without locks and claims: for the child of a fork."""
    def sample(self) -> Literal["leaf", "legacy", "other days"] | None:
        """Say what the newest days show the tree to be."""
    def save_raw_crash(
        self,
        crash_id: str,
        raw_crash: bytes,
        dumps: Sequence[tuple[str, bytes | _StrPath]] | None,
        queue: bool,
        second: int | None,
        /,
    ) -> None:
        """Save a raw crash and its dumps, and queue it in the slot of that second of the day."""
    def save_many(
        self,
        items: Sequence[tuple[str, bytes, Sequence[tuple[str, bytes | _StrPath]] | None]],
        second: int | None,
    ) -> list[CrashStorageError | None]:
        """Save and queue many; None or the exception for each, in order."""
    def save_processed(self, crash_id: str, processed_crash: bytes) -> None:
        """Compress and save a processed crash."""
    def get_raw_crash(self, crash_id: str) -> bytes:
        """Return the raw crash as stored."""
    def get_many(self, crash_ids: Sequence[str]) -> list[bytes | CrashStorageError]:
        """Return many raw crashes; the bytes or the exception for each, in order."""
    def get_raw_dump(self, crash_id: str, name: str) -> bytes:
        """Return one dump; the main dump has the empty name or `dump_field`."""
    def get_raw_dumps(
        self, crash_id: str, names: Sequence[str] | None = None
    ) -> list[tuple[str, bytes]]:
        """Return dumps by name: those of the names given, or all."""
    def get_raw_dump_paths(self, crash_id: str) -> list[tuple[str, str]]:
        """Return the paths of the stored dump files, by name."""
    def get_processed(self, crash_id: str) -> bytes:
        """Return the processed crash, expanded."""
    def remove(self, crash_id: str, second: int | None) -> None:
        """Remove everything of one crash."""
    def remove_many(
        self, crash_ids: Sequence[str], second: int | None
    ) -> list[CrashStorageError | None]:
        """Remove many; None or the exception for each, in order."""
    def paths_of(self, crash_id: str) -> tuple[Path, str, str]:
        """Return a crash's directory and the file names of its raw and processed crash."""
    def days(self) -> list[str]:
        """Return the day directories, oldest first."""
    def ack(self, crash_id: str, second: int | None) -> bool:
        """Acknowledge a crash; whether this tree had handed it out."""
    def release(self, crash_id: str) -> bool:
        """Give a crash back; whether this tree had handed it out."""
    def release_all(self) -> None:
        """Give back everything that was handed out."""
    def recycle(self, crash_id: str, older_than: int) -> int:
        """Clear the crash's day-of-the-month directory of other months; how many crashes went."""

@final
class QueuePass:
    """One pass over the queue of a dated tree."""

    def __new__(cls, tree: RadixTree, second: int | None, /) -> Self: ...
    def next_batch(self, limit: int) -> tuple[list[str], list[str]]:
        """Return the next new crashes, at most `limit`, and what was met and left alone."""
    def close(self) -> None:
        """End the pass: what it has not handed out is anybody's."""

@final
class SegmentPass:
    """One pass over the queue of a segment storage."""

    def __new__(cls, store: SegmentStore, /) -> Self: ...
    def next_batch(self, limit: int) -> tuple[list[str], list[str]]:
        """Return the next new crashes, at most `limit`, and what was met and left alone."""
    def close(self) -> None:
        """End the pass; claims do not hang on it."""

@final
class DayWalk:
    """A walk over the raw crashes of one day."""

    def __new__(cls, tree: RadixTree, day: str, /) -> Self: ...
    def next_batch(self, limit: int) -> list[str]:
        """Return the next crashes, about `limit`; none at the end."""

# AntennaTree: the crashes of one root in Antenna's layout

@final
class AntennaTree:
    """Crashes as Antenna stores them: a directory for each kind of object, below the day."""

    def __new__(cls, fs_root: _StrPath, *, file_mode: int, dir_mode: int, sync: bool) -> Self: ...
    @property
    def path(self) -> Path:
        """The root, absolute."""
    def renewed(self) -> AntennaTree:
        """Return the same tree without locks: for the child of a fork."""
    def save_crash(
        self,
        crash_id: str,
        raw_crash: bytes,
        dump_names: bytes,
        dumps: Sequence[tuple[str, bytes | _StrPath]],
        /,
    ) -> None:
        """Save a crash, given as JSON, its dumps and the JSON list of their names."""
    def get_raw_crash(self, crash_id: str) -> bytes:
        """Return the raw crash as stored."""
    def get_dump_names(self, crash_id: str) -> bytes:
        """Return the names of the crash's dumps as stored: a JSON list."""
    def get_dump(self, crash_id: str, name: str) -> bytes:
        """Return one dump, whether or not there is a raw crash."""

@final
class SegmentStore:
    """Crashes in segments."""

    def __new__(
        cls,
        fs_root: _StrPath,
        *,
        dump_field: str,
        file_mode: int,
        dir_mode: int,
        sync: bool,
        segment_bytes: int,
        compression: int | None,
        sync_interval: int,
        keep_free: int,
        max_open: int,
        allow_network: bool,
    ) -> Self: ...
    @property
    def path(self) -> Path:
        """The root, absolute."""
    def renewed(self) -> SegmentStore:
        """Return the same storage without anything of the parent's: for the child of a fork."""
    def close(self) -> None:
        """Seal what is open, and end what runs beside."""
    def take_notes(self) -> list[str]:
        """Return what was met and left alone, repaired or given up since the last call."""
    def index_size(self) -> tuple[int, int]:
        """Return the bytes of memory that the index takes, and how many crashes it knows."""
    def save(
        self,
        crash_id: str,
        raw_crash: bytes | None,
        dumps: Sequence[tuple[str, bytes | _StrPath]] | None,
        processed_crash: bytes | None,
        queue: bool,
        /,
    ) -> None:
        """Save a raw crash, its dumps and a processed crash, what there is, in one record."""
    def save_many(
        self,
        items: Sequence[tuple[str, bytes, Sequence[tuple[str, bytes | _StrPath]] | None]],
    ) -> list[CrashStorageError | None]:
        """Save and queue many; None or the exception for each, in order."""
    def save_processed(self, crash_id: str, processed_crash: bytes) -> None:
        """Save a processed crash."""
    def get_raw_crash(self, crash_id: str) -> bytes:
        """Return the raw crash as stored."""
    def get_many(self, crash_ids: Sequence[str]) -> list[bytes | CrashStorageError]:
        """Return many raw crashes; the bytes or the exception for each, in order."""
    def get_raw_dump(self, crash_id: str, name: str) -> bytes:
        """Return one dump; the main dump has the empty name or `dump_field`."""
    def get_raw_dumps(
        self, crash_id: str, names: Sequence[str] | None = None
    ) -> list[tuple[str, bytes]]:
        """Return dumps by name: those of the names given, or all."""
    def get_processed(self, crash_id: str) -> bytes:
        """Return the processed crash."""
    def remove(self, crash_id: str) -> None:
        """Remove everything of one crash."""
    def remove_many(self, crash_ids: Sequence[str]) -> list[CrashStorageError | None]:
        """Remove many; None or the exception for each, in order."""
    def ack(self, crash_id: str) -> bool:
        """Take a crash that was handed out off the queue; False if it was not handed out here."""
    def ack_many(self, crash_ids: Sequence[str]) -> None:
        """Take crashes off the queue; those not handed out here are passed over."""
    def release(self, crash_id: str) -> bool:
        """Give a crash back that was handed out; False if it was not handed out here."""
    def release_all(self) -> None:
        """Give everything back that was handed out and not acknowledged."""
    def prune(self, day: int) -> bool:
        """Remove a day, yyyymmdd, and all its crashes; whether it was there."""
    def compact(self, day: int, percent: int) -> tuple[int, int]:
        """Rewrite what counts of segments of a day that are dead by `percent` at least.

        Returns:
            How many segments went, and how many of their bytes were not copied.
        """
    def days(self) -> list[int]:
        """Return the days there are, oldest first, as yyyymmdd."""
    def list_day(self, day: int, after: str | None, limit: int) -> list[str]:
        """Return the next raw crashes of a day behind `after`, in order; none at the end."""
