"""What opening a root of segments takes: closed in order, and after its writer was killed."""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socorro_fast.bench import workload
from socorro_fast.bench.spread import Spread
from socorro_fast.bench.stores import SEGMENTS
from socorro_fast.bench.tasks import KB, Crashes, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TRAILER = 24


@dataclass(frozen=True)
class Opening:
    """What it took, by round.

    Attributes:
        crashes: How many there were.
        size: Bytes that were read for comparison.
        opened: Nanoseconds until the storage was open and had returned a raw crash.
        bare: Nanoseconds of doing the least: mapping the footers; reading the unsealed tail twice.
    """

    crashes: int
    size: int
    opened: list[int]
    bare: list[int]

    @property
    def ratio(self) -> Spread:
        """How many times as long opening takes."""
        return Spread.of(self.opened, self.bare)


def closed(directory: Path, crashes: int, rounds: int) -> Opening:
    """Open a root that was closed in order, beside opening its segments and mapping footers."""
    root = directory / "closed"
    store = SEGMENTS.open(root, False)  # noqa: FBT003
    made = Crashes.make(workload.crash_ids(crashes), (0,))
    save(store, made)
    store.close()
    opened, bare, size = [], [], 0
    for _ in range(rounds):
        bare.append(_timed(lambda: _map_footers(root)))
        opened.append(_timed(lambda: _open(root, made.ids[-1])))
    size = _map_footers(root)
    return Opening(crashes, size, opened, bare)


def killed(directory: Path, crashes: int, rounds: int) -> Opening:
    """Open a root whose writer was killed, beside reading what it had not sealed twice."""
    root = directory / "killed"
    made = Crashes.make(workload.crash_ids(crashes), (64 * KB,))
    pid = os.fork()
    if pid == 0:
        save(SEGMENTS.open(root, False), made)  # noqa: FBT003
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    size = sum(64 * KB + workload.RAW_BYTES for _ in made.ids)
    opened, bare = [], []
    for number in range(rounds):
        copy = directory / f"killed{number}"
        shutil.copytree(root, copy)
        bare.append(2 * _timed(lambda copy=copy: _read_segments(copy, size)))  # type: ignore[misc]
        opened.append(_timed(lambda copy=copy: _open(copy, made.ids[-1])))  # type: ignore[misc]
        shutil.rmtree(copy)
    return Opening(crashes, size, opened, bare)


def _open(root: Path, crash_id: str) -> None:
    store = SEGMENTS.open(root, False)  # noqa: FBT003
    store.get_raw(crash_id)
    store.close()


def _timed(call: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - start


def _map_footers(root: Path) -> int:
    """Map the footer of each segment and look at every page; return their bytes."""
    total = 0
    for path in root.glob("*/*.seg"):
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            at = int.from_bytes(os.pread(file.fileno(), 8, size - _TRAILER), "little")
            page = at // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
            with mmap.mmap(
                file.fileno(), size - page, offset=page, access=mmap.ACCESS_READ
            ) as mapped:
                _ = [mapped[each] for each in range(0, len(mapped), mmap.PAGESIZE)]
            total += size - at
    return total


def _read_segments(root: Path, size: int) -> None:
    left = size
    for path in root.glob("*/*.seg"):
        with path.open("rb", buffering=0) as file:
            while left > 0 and (data := file.read(1 << 20)):
                left -= len(data)
