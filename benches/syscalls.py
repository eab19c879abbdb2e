"""System calls an operation, counted by strace between two marks."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benches.contestants import DATED
from benches.traced import MARK

COUNT = 200
# Enough slots that opening the directories above them, once a pass, does not show.
_COUNTS = {"drain-100": 2_000}

OPERATIONS = (
    "save",
    "save-processed",
    "raw-crash",
    "dumps-listed",
    "dumps-named",
    "processed",
    "drain",
    "drain-100",
    "remove-queued",
    "remove-drained",
)
"""What `benches.traced` can do; "drain" has 25 crashes a slot, "drain-100" has 100."""

_CALL = re.compile(r"^\d+\s+(\w+)\(")
_MEMORY = frozenset({"mmap", "munmap", "mremap", "brk", "madvise", "mprotect", "futex"})


def count(who: str, operation: str, fs_root: Path, class_name: str = DATED) -> dict[str, float]:
    """Return how many calls of each name one operation makes, on the average of `COUNT` or more.

    Args:
        who: "classic" or "ours".
        operation: A method of `benches.traced.Traced`, with dashes.
        fs_root: Where to make the tree; how deep it lies counts in `os.path.realpath`.
        class_name: A dated storage.
    """
    number = _COUNTS.get(operation, COUNT)
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as trace:
        program = [sys.executable, "-m", "benches.traced"]
        arguments = [who, class_name, operation, str(number), str(fs_root)]
        strace = ["strace", "-f", "-qq", "-s", "64", "-e", "signal=none", "-o", trace.name]
        subprocess.run([*strace, *program, *arguments], check=True, cwd=_ROOT)
        calls = Counter(_between_marks(trace.read().splitlines()))
    return {name: made / number for name, made in sorted(calls.items())}


def total(calls: dict[str, float]) -> float:
    """Return the calls of one operation together, rounded to a tenth."""
    return round(sum(calls.values()), 1)


_ROOT = Path(__file__).parent.parent


def _between_marks(lines: list[str]) -> list[str]:
    marks = [at for at, line in enumerate(lines) if MARK in line]
    first, last = marks[0], marks[-1]
    names = (match[1] for line in lines[first + 1 : last] if (match := _CALL.match(line)))
    return [name for name in names if name not in _MEMORY]
