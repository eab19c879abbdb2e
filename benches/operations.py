"""The operations that are measured: what each contestant does, and what comes before and after."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from socorro_fast.bench import workload

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Work:
    """What the timed functions get.

    Attributes:
        storage: One of the contestants, open.
        ids: The crashes of a round.
        raw: The raw crash to be saved.
        dumps: The dumps to be saved.
        processed: The processed crash to be saved; its `uuid` is changed for each.
    """

    storage: Any
    ids: list[str]
    raw: dict[str, Any]
    dumps: dict[str, bytes]
    processed: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        name: As on the command line and in `benches.targets`.
        count: Crashes a round.
        classic: What the original does in a round.
        ours: What ours does.
        floor: The command of the floor, or none.
        once: Steps of `benches.arena.Arena` before the first round.
        before: Steps before each round, untimed.
        after: Steps after each round, untimed.
        dump_size: Bytes of the one dump.
        distinct: How many different crashes those are, if they are read again and again.
        is_long: Left out of `--quick`, and measured in three rounds only.
    """

    name: str
    count: int
    classic: Callable[[Work], None]
    ours: Callable[[Work], None]
    floor: str | None
    once: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    dump_size: int = workload.DUMP_64K
    distinct: int | None = None
    is_long: bool = False


def save(work: Work) -> None:
    for crash_id in work.ids:
        work.storage.save_raw_crash(work.raw, work.dumps, crash_id)


def save_in_two_threads(work: Work) -> None:
    half = len(work.ids) // 2
    parts = work.ids[:half], work.ids[half:]
    works = [Work(work.storage, ids, work.raw, work.dumps, work.processed) for ids in parts]
    threads = [threading.Thread(target=save, args=(part,)) for part in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def save_processed(work: Work) -> None:
    for crash_id in work.ids:
        work.processed["uuid"] = crash_id
        work.storage.save_processed(work.processed)


def calling(name: str, *arguments: object) -> Callable[[Work], None]:
    """Return work that calls a method of the storage for every ID."""

    def call(work: Work) -> None:
        method = getattr(work.storage, name)
        for crash_id in work.ids:
            method(crash_id, *arguments)

    return call


def drain(work: Work) -> None:
    taken = 0
    for crash_id in work.storage.new_crashes():
        work.storage.ack_crash(crash_id)
        taken += 1
    # What was put off until later must not stay out of the measure.
    work.storage.close()
    if taken != len(work.ids):
        raise AssertionError(f"{taken} of {len(work.ids)} crashes came out of the queue")


def take_first_thousand(work: Work) -> None:
    crashes = work.storage.new_crashes()
    if len(list(islice(crashes, 1_000))) != 1_000:
        raise AssertionError("the queue had no 1,000 crashes")


HOT = 20
"""Dumps that fit a processor's cache, as when the floor was first measured: copies are cheap."""

_NAMED = ("upload_file_minidump",)
_DRAIN: dict[str, Any] = {"before": ("queue",), "after": ("remove",), "dump_size": 0}

OPERATIONS = (
    Operation("save-64K", 200, save, save, "save", after=("remove",)),
    Operation("save-1M", 40, save, save, "save", after=("remove",), dump_size=workload.DUMP_1M),
    Operation(
        "save-64K-2-threads",
        400,
        save_in_two_threads,
        save_in_two_threads,
        "save-2-threads",
        after=("remove",),
    ),
    Operation(
        "get-raw-dict",
        500,
        calling("get_raw_crash"),
        calling("get_raw_crash"),
        "raw",
        once=("save",),
    ),
    Operation(
        "get-raw-bytes",
        500,
        calling("get_raw_crash"),
        calling("get_raw_crash_bytes"),
        "raw",
        once=("save",),
    ),
    Operation(
        "get-dumps-64K",
        300,
        calling("get_raw_dumps"),
        calling("get_raw_dumps"),
        "dumps-listed",
        once=("save",),
        distinct=HOT,
    ),
    Operation(
        "get-dumps-64K-named",
        300,
        calling("get_raw_dumps"),
        calling("get_raw_dumps", _NAMED),
        "dumps-named",
        once=("save",),
        distinct=HOT,
    ),
    Operation(
        "get-dumps-1M",
        40,
        calling("get_raw_dumps"),
        calling("get_raw_dumps"),
        "dumps-listed",
        once=("save",),
        dump_size=workload.DUMP_1M,
    ),
    Operation(
        "save-processed",
        20,
        save_processed,
        save_processed,
        "save-processed",
        once=("save",),
        after=("drop-processed",),
    ),
    Operation(
        "get-processed-dict",
        40,
        calling("get_processed"),
        calling("get_processed"),
        "processed",
        once=("save", "save-processed"),
    ),
    Operation(
        "get-processed-bytes",
        40,
        calling("get_processed"),
        calling("get_unredacted_processed_bytes"),
        "processed",
        once=("save", "save-processed"),
    ),
    Operation("drain-10k", 10_000, drain, drain, "drain", **_DRAIN),
    Operation("drain-100k", 100_000, drain, drain, "drain", is_long=True, **_DRAIN),
    Operation("first-1000", 10_000, take_first_thousand, take_first_thousand, None, **_DRAIN),
    Operation(
        "remove",
        300,
        calling("remove"),
        calling("remove"),
        "remove",
        before=("save",),
        dump_size=100,
    ),
    Operation(
        "remove-1M",
        40,
        calling("remove"),
        calling("remove"),
        "remove",
        before=("save",),
        dump_size=workload.DUMP_1M,
    ),
)
