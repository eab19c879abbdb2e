"""The tables of docs/performance.md, from files of `benches.side_by_side --json`.

usage: python -m benches.page FILE...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORDER = ("classic", "segments", "radix", "sqlite", "lmdb", "diskcache", "files")
_LEVELS = {
    False: "saves survive the death of the process",
    True: "saves survive the loss of power",
}


def main(paths: list[Path]) -> None:
    """Print the tables of each file, and what must be reached."""
    runs = [json.loads(path.read_text()) for path in paths]
    for run in runs:
        print("\n".join(_results(run)))
    print("\n".join(_verdicts(runs)))


def _results(run: dict[str, Any]) -> Iterator[str]:
    for place in dict.fromkeys(row["place"] for row in run["results"]):
        yield from _table([row for row in run["results"] if row["place"] == place])
    if run["latencies"]:
        yield from _latencies(run["latencies"])


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    names = [name for name in _ORDER if any(name in row["microseconds"] for row in rows)]
    yield f"### {rows[0]['place']}: {_LEVELS[rows[0]['durable']]}\n"
    yield f"| task | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for row in rows:
        fastest = min(each["median"] for each in row["microseconds"].values())
        cells = [_cell(row["microseconds"].get(name), fastest) for name in names]
        yield f"| {row['task']} | {' | '.join(cells)} |"
    yield ""


def _cell(spread: dict[str, float] | None, fastest: float) -> str:
    if spread is None:
        return ""
    said = f"{spread['median']:,.1f}"
    return f"**{said}**" if spread["median"] == fastest else said


def _latencies(found: dict[str, dict[str, float]]) -> Iterator[str]:
    yield "| a durable save under a mixed load, ms | p50 | p99 | longest |"
    yield "|---|---|---|---|"
    for name, at in found.items():
        yield f"| {name} | {at['p50']:.2f} | {at['p99']:.2f} | {at['max']:.2f} |"
    yield ""


def _verdicts(runs: list[dict[str, Any]]) -> Iterator[str]:
    yield "| segments must reach | on | measured | wanted | |"
    yield "|---|---|---|---|---|"
    for run in runs:
        for each in run["verdicts"]:
            at = each["measured"]
            measured = f"{at['median']:.2f} [{at['q1']:.2f}, {at['q3']:.2f}]"
            said = f"{each['verdict']}: {each['why']}" if each["why"] else each["verdict"]
            yield f"| {each['what']} | {each['place']} | {measured} | {each['wanted']} | {said} |"


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
