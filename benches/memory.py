"""How much memory it takes to drain a million queued crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benches import filesystems
from benches.contestants import LEGACY_DATED, make
from socorro_fast.bench import workload

NAME = "drain-memory"
CRASHES = 1_000_000
PER_SLOT = 400
LIMIT = 100 << 20


def measure() -> int:
    """Build the queue, drain it in a process of its own, print its growth; return a status."""
    with filesystems.directory("tmpfs") as directory:
        print(f"making {CRASHES:,} queued crashes", flush=True)
        build_queue(directory)
        drain = [sys.executable, "-m", "benches.memory", str(directory)]
        answer = subprocess.run(drain, check=True, stdout=subprocess.PIPE, text=True)
    growth = int(answer.stdout)
    print(f"draining them took {growth / (1 << 20):.1f} MB, {LIMIT >> 20} MB are allowed")
    return int(growth > LIMIT)


def build_queue(fs_root: Path) -> None:
    """Queue crashes whose JSON is one file under many names, which is cheap to make."""
    day = fs_root / f"20{workload.DAY}"
    text = fs_root / "json"
    text.write_text("{}")
    for first in range(0, CRASHES, PER_SLOT):
        minute, part = divmod(first // PER_SLOT, 15)
        slot = f"{minute // 60:02}/{minute % 60:02}_{part}"
        (day / "date" / slot).mkdir(parents=True)
        for crash_id in workload.crash_ids(PER_SLOT, first):
            _queue(day, text, slot, crash_id)
    text.unlink()


def _queue(day: Path, text: Path, slot: str, crash_id: str) -> None:
    radix = f"{crash_id[:2]}/{crash_id[2:4]}"
    leaf = f"{day}/name/{radix}"
    try:
        os.link(text, f"{leaf}/{crash_id}.json")
    except FileNotFoundError:
        Path(leaf).mkdir(parents=True)
        os.link(text, f"{leaf}/{crash_id}.json")
    Path(leaf, crash_id).symlink_to(f"../../../date/{slot}")
    Path(day, "date", slot, crash_id).symlink_to(f"../../../name/{radix}")


def drain(fs_root: Path) -> int:
    """Drain the queue and return by how many bytes this process grew at most.

    Raises:
        AssertionError: Not every crash came out.
    """
    storage = make("ours", fs_root, LEGACY_DATED)
    before = _memory("VmRSS")
    taken = sum(1 for crash_id in storage.new_crashes() if storage.ack_crash(crash_id))
    storage.close()
    if taken != CRASHES:
        raise AssertionError(f"{taken:,} of {CRASHES:,} crashes came out of the queue")
    return _memory("VmHWM") - before


def _memory(what: str) -> int:
    # getrusage would do, but its peak is that of the process before it became this program, too.
    for line in Path("/proc/self/status").read_text().splitlines():
        name, value = line.split(":")
        if name == what:
            return int(value.removesuffix("kB")) * 1024
    raise LookupError(f"the kernel does not say {what}")


if __name__ == "__main__":
    print(drain(Path(sys.argv[1])))
