"""What must be reached, what is aimed at, and how the original once stood to the floor."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """Ratios of times; bigger means that the original is slower.

    Attributes:
        least: original : ours, which must be reached; None is not judged.
        aim: original : ours, which is within 5 % of the floor.
        floor: original : floor as first measured, from C; None where it was not.
        classic: Microseconds that the original took then; None where that was not written down.
    """

    least: float | None
    aim: float | None = None
    floor: float | None = None
    classic: float | None = None


STRAW_MAN = 1.25
"""The original may be this much slower against the floor than first measured, not more."""

GUARDED = ("save-64K", "save-1M", "get-")
"""How the operations begin that are judged under that condition only."""

CONTROL = 1.7
"""Two threads of pure work must do this times the work of one, else nothing is said of threads."""

SIZE = 1.03
"""A processed crash may be this times as large as with gzip 9."""

TARGETS: dict[tuple[str, str], Target] = {
    ("save-64K", "tmpfs"): Target(1.7, 1.95, 2.28, 92),
    ("save-64K", "ext4"): Target(1.4, 1.52, 1.72, 131),
    ("save-64K", "xfs"): Target(None, None, 1.79, 127),
    ("save-1M", "tmpfs"): Target(1.1, 1.15, 1.18, 383),
    ("save-1M", "ext4"): Target(1.2, 1.27, 1.33, 303),
    ("save-1M", "xfs"): Target(1.4, 1.55, 1.72, 157),
    ("save-64K-2-threads", "tmpfs"): Target(None),
    ("save-64K-2-threads", "ext4"): Target(2.4, 3.0, 3.3),
    ("get-raw-dict", "tmpfs"): Target(3.5, 4.0, 7.6, 21),
    ("get-raw-dict", "ext4"): Target(3.5, 4.0, 7.3, 21),
    ("get-raw-bytes", "tmpfs"): Target(5, 6, 7.6, 21),
    ("get-raw-bytes", "ext4"): Target(5, 6, 7.3, 21),
    ("get-dumps-64K", "tmpfs"): Target(2.2, 2.5, 2.6),
    ("get-dumps-64K", "ext4"): Target(2.2, 2.5, 2.6),
    ("get-dumps-64K-named", "tmpfs"): Target(3.5, 4.5, 3.8),
    ("get-dumps-64K-named", "ext4"): Target(3.5, 4.5, 5.5),
    ("get-dumps-1M", "tmpfs"): Target(1.15, 1.2, 1.22),
    ("get-dumps-1M", "ext4"): Target(1.4, 1.5, 1.51),
    ("save-processed", "tmpfs"): Target(5, 6.5, 76, 1190),
    ("save-processed", "ext4"): Target(5, 6.5, 31),
    ("get-processed-dict", "tmpfs"): Target(2.5, 2.9, 84),
    ("get-processed-dict", "ext4"): Target(2.5, 2.9, 77),
    ("get-processed-bytes", "tmpfs"): Target(9, 12, 84),
    ("get-processed-bytes", "ext4"): Target(9, 12, 77),
    ("drain-10k", "tmpfs"): Target(1.35, 1.5, 1.53, 16),
    ("drain-10k", "ext4"): Target(1.1, 1.15, 1.16, 38),
    ("drain-100k", "tmpfs"): Target(1.35, 1.5, 1.44),
    ("drain-100k", "ext4"): Target(1.1, 1.15, 1.13),
    ("first-1000", "tmpfs"): Target(15, 40),
    ("first-1000", "ext4"): Target(15, 40),
    ("remove", "tmpfs"): Target(2.8, 3.5, 3.9),
    ("remove", "ext4"): Target(1.65, 1.9, 1.99),
    ("remove-1M", "tmpfs"): Target(1.25, 1.35, 1.40),
    ("remove-1M", "ext4"): Target(1.25, 1.5, 1.67),
}


def target(operation: str, file_system: str) -> Target:
    """Return what an operation must reach on a file system; nothing is judged if not listed."""
    return TARGETS.get((operation, file_system), Target(None))


class Must(NamedTuple):
    """What segments must reach against another contestant in the same run.

    Attributes:
        task: Of segments.
        place: Where.
        over: The contestant that is to be slower.
        least: How many times slower it must be; a row is missed if even the upper quartile is less.
        aim: What it should come to.
        over_task: The task of the other, if it is not the same.
        control: What two threads of pure work must do for a verdict.
    """

    task: str
    place: str
    over: str
    least: float
    aim: float | None = None
    over_task: str | None = None
    control: float | None = None


SCALING_CONTROL = 1.9
"""Segments need a second processor that is all theirs to be judged at two threads."""

MUSTS = (
    Must("save-64K", "tmpfs", "classic", 2.4, 3),
    Must("save-64K", "ext4", "classic", 3.5, 5),
    Must("save-64K", "xfs", "classic", 6, 8),
    Must("save-1M", "tmpfs", "classic", 0.8),
    Must("save-1M", "ext4", "classic", 1.2),
    Must("save-1M", "xfs", "classic", 1.5),
    *(
        Must("save-64K-2-threads", place, "segments", 1.7, None, "save-64K", SCALING_CONTROL)
        for place in ("tmpfs", "ext4", "xfs")
    ),
    Must("save-64K-8-threads", "disk", "classic", 5, 10),
    Must("save-64K-8-threads", "disk", "classic", 20, None, "save-64K"),
    Must("save-64K-8-threads", "disk", "sqlite", 2),
    Must("save-64K-8-threads", "disk", "lmdb", 2),
    *(Must("get-raw", place, "radix", 1) for place in ("tmpfs", "ext4", "xfs")),
    Must("drain-100k", "tmpfs", "classic", 20),
    Must("drain-100k", "ext4", "classic", 40),
    *(Must("prune-100k", place, "radix", 200) for place in ("tmpfs", "ext4")),
)
"""For segments; what is no such ratio stands below."""

OPEN_CLOSED = 50
"""Opening what was closed in order may take this times mapping the footers bare."""

OPEN_KILLED = 1
"""Opening after a kill may take this times reading the unsealed tail twice."""

LATENCY = 3
"""The p99 of a durable save under a mixed load may be this times that of a bare fdatasync loop."""
