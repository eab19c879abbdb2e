"""What compressing segments costs and saves, on minidumps that somebody gives."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socorro_fast.bench import workload
from socorro_fast.bench.stores import SEGMENTS, SEGMENTS_ZSTD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from socorro_fast.bench.stores import Store

_COUNT = 16


@dataclass
class Compression:
    """What one way of storing took.

    Attributes:
        size: Bytes on the disk for each byte of dumps.
        saved: Nanoseconds of saving, for each round.
        got: Nanoseconds of getting the dumps, for each round.
        megabytes: Of dumps, in a round.
    """

    size: float = 0
    saved: list[int] = field(default_factory=list)
    got: list[int] = field(default_factory=list)
    megabytes: float = 0


def measure(directory: Path, dumps: Sequence[bytes], rounds: int) -> dict[str, Compression]:
    """Save and get dumps, with and without compression, in turns."""
    contestants = (SEGMENTS, SEGMENTS_ZSTD)
    stores = {each.name: each.open(directory / each.name, False) for each in contestants}  # noqa: FBT003
    found = {name: Compression() for name in stores}
    count = _COUNT * len(dumps)
    total = _COUNT * sum(len(dump) for dump in dumps)
    for number in range(-1, rounds):
        ids = workload.crash_ids(count, (number + 1) * count)
        for name in random.sample([*stores], len(stores)):
            times = _saved(stores[name], ids, dumps), _got(stores[name], ids)
            if number >= 0:
                found[name].saved.append(times[0])
                found[name].got.append(times[1])
    for name, store in stores.items():
        store.close()
        stored = sum(path.stat().st_size for path in (directory / name).glob("*/*.seg"))
        found[name].size = stored / total / (rounds + 1)
        found[name].megabytes = total / 1e6
    return found


def _saved(store: Store, ids: Sequence[str], dumps: Sequence[bytes]) -> int:
    start = time.perf_counter_ns()
    for number, crash_id in enumerate(ids):
        store.save(crash_id, {}, {"upload_file_minidump": dumps[number % len(dumps)]})
    return time.perf_counter_ns() - start


def _got(store: Store, ids: Sequence[str]) -> int:
    start = time.perf_counter_ns()
    for crash_id in ids:
        store.get_dumps(crash_id)
    return time.perf_counter_ns() - start
