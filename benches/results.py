"""From times to rows and verdicts."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benches.machine import Machine
from benches.targets import CONTROL, GUARDED, SIZE, STRAW_MAN, target
from socorro_fast.bench.spread import Spread

if TYPE_CHECKING:
    from benches.arena import Times
    from benches.operations import Operation


@dataclass
class Row:
    """One operation on one file system.

    Attributes:
        operation: Its name.
        file_system: "tmpfs", "ext4", "xfs", or "-" where none is touched.
        microseconds: Contestant -> the median time of one crash.
        ratio: original : ours.
        classic_to_floor: original : floor.
        ours_to_floor: ours : floor.
        least: What `ratio` must reach.
        aim: What it should come to.
        floor_once: original : floor as first measured.
        floor_expected: The same, for the interpreter and the kernel of this machine.
        verdict: "ok", "missed", "refused" or "not judged".
        why: What the verdict rests on, where that is not plain.
    """

    operation: str
    file_system: str
    microseconds: dict[str, float]
    ratio: Spread | None = None
    classic_to_floor: Spread | None = None
    ours_to_floor: Spread | None = None
    least: float | None = None
    aim: float | None = None
    floor_once: float | None = None
    floor_expected: float | None = None
    verdict: str = "not judged"
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for a JSON file."""
        row = asdict(self)
        for name, value in row.items():
            if isinstance(value, Spread):
                row[name] = value._asdict()
        return row


def row(operation: Operation, file_system: str, times: Times) -> Row:
    """Return the row of measured times, judged."""
    per_crash = {
        who: round(statistics.median(taken) / operation.count / 1000, 2)
        for who, taken in times.items()
    }
    wanted = target(operation.name, file_system)
    made = Row(operation.name, file_system, per_crash)
    made.least, made.aim, made.floor_once = wanted.least, wanted.aim, wanted.floor
    made.floor_expected = Machine.measure().expected(wanted, per_crash.get("floor"))
    made.ratio = _spread(times, "classic", "ours")
    made.classic_to_floor = _spread(times, "classic", "floor")
    made.ours_to_floor = _spread(times, "ours", "floor")
    judge(made)
    return made


def judge(made: Row) -> None:
    """Set the verdict of a row by its ratios."""
    if is_straw_man(made):
        made.verdict = "refused"
        made.why = f"the original is more than {STRAW_MAN} times as slow as it should be"
    elif made.ratio is not None and made.least is not None:
        made.verdict = "ok" if made.ratio.q3 >= made.least else "missed"


def judge_control(made: Row, control: float) -> None:
    """Take the verdict back where there was no second processor during the run."""
    made.why = f"two threads of pure work did {control:.2f} times that of one"
    if control < CONTROL and made.verdict != "not judged":
        made.verdict = "refused"


def judge_sizes(made: Row, sizes: dict[str, int]) -> None:
    """Let a row miss if its processed crash is larger than the original's."""
    share = sizes["ours"] / sizes["classic"]
    made.why = f"{sizes['ours']:,} bytes, {share:.3f} times those of gzip 9"
    if share > SIZE:
        made.verdict = "missed"


def is_straw_man(made: Row) -> bool:
    """Whether the original is slower against the floor than it should be on this machine."""
    if made.classic_to_floor is None or made.floor_once is None or made.floor_expected is None:
        return False
    allowed = STRAW_MAN * max(made.floor_once, made.floor_expected)
    return made.operation.startswith(GUARDED) and made.classic_to_floor.q1 > allowed


def _spread(times: Times, over: str, under: str) -> Spread | None:
    if over not in times or under not in times:
        return None
    return Spread.of(times[over], times[under])
