"""The machine that is measured on, and whether it has a second processor right now."""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROUNDS = 5
_BUSY = 0.7
"""The load from which on two processors are not ours alone."""
_WORK = bytes(24 << 20)


def describe() -> dict[str, Any]:
    """Return what figures depend on."""
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def control() -> float:
    """Return how much of two threads' pure work, outside Python, gets done in the time of one's."""
    alone, together = [], []
    for _ in range(_ROUNDS):
        alone.append(_spin(1))
        together.append(_spin(2))
    return 2 * statistics.median(alone) / statistics.median(together)


def _spin(threads: int) -> float:
    work = [threading.Thread(target=hashlib.sha256, args=(_WORK,)) for _ in range(threads)]
    start = time.perf_counter()
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    return time.perf_counter() - start


def warnings(directory: Path) -> Iterator[str]:
    """Yield what makes figures from here worth little."""
    load = os.getloadavg()[0]
    if load > _BUSY:
        yield f"the load is {load:.1f}: others are at work, trust nothing"
    if _is_without_journal(directory):
        yield (
            f"{directory} is on ext4 without a journal: files made after others were deleted take "
            "up to 30 times as long, and everything looks alike"
        )


def _is_without_journal(directory: Path) -> bool:
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return False
    here = [each for each in mounts if directory.is_relative_to(each[1])]
    device, _point, kind, *_ = max(here, key=lambda each: len(each[1]), default=("", "", ""))
    journals = Path("/proc/fs/jbd2")
    name = Path(device).name
    return kind == "ext4" and not any(journals.glob(f"{name}-*"))
