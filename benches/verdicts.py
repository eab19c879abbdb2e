"""What must be reached by segments, and whether it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benches.targets import MUSTS, Must
from socorro_fast.bench.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from socorro_fast.bench.report import Result


@dataclass
class Verdict:
    """One thing that must be reached.

    Attributes:
        what: In words.
        place: Where.
        measured: The ratio, by round.
        wanted: What it must be, in words.
        verdict: "ok", "missed" or "refused".
        why: What it rests on, where that is not plain.
    """

    what: str
    place: str
    measured: Spread
    wanted: str
    verdict: str
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return asdict(self) | {"measured": self.measured._asdict()}

    def line(self) -> str:
        """Return it for a terminal."""
        said = f"{self.verdict}: {self.why}" if self.why else self.verdict
        return f"{self.what:60}{self.place:8}{self.measured!s:>28}{self.wanted:>10}  {said}"


def of_results(results: Sequence[Result]) -> Iterator[Verdict]:
    """Yield a verdict on each thing that was measured."""
    found = {(result.task, result.place): result for result in results}
    for must in MUSTS:
        ours = found.get((must.task, must.place))
        other = found.get((must.over_task or must.task, must.place))
        if ours and other and "segments" in ours.times and must.over in other.times:
            yield _verdict(must, ours, other)


def at_most(what: str, place: str, measured: Spread, most: float, why: str = "") -> Verdict:
    """Return whether a ratio is small enough: missed if even the lower quartile is not."""
    verdict = "ok" if measured.q1 <= most else "missed"
    return Verdict(what, place, measured, f"<= {most:g}", verdict, why)


def _verdict(must: Must, ours: Result, other: Result) -> Verdict:
    measured = Spread.of(
        [taken / other.count for taken in other.times[must.over]],
        [taken / ours.count for taken in ours.times["segments"]],
    )
    than = f"{must.over} {must.over_task}" if must.over_task else must.over
    level = ", durable" if ours.durable else ""
    verdict = "ok" if measured.q3 >= must.least else "missed"
    what = f"{ours.task}{level}: against {than}"
    made = Verdict(what, must.place, measured, f">= {must.least:g}", verdict)
    if must.control is not None and ours.control is not None:
        made.why = f"two threads of pure work did {ours.control:.2f} times that of one"
        made.verdict = verdict if ours.control >= must.control else "refused"
    return made
