"""Bars as SVG, with nothing but text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from socorro_fast.bench.report import Result

_COLOURS = {
    "segments": "#1b7837",
    "radix": "#5aae61",
    "classic": "#762a83",
    "sqlite": "#8c96a8",
    "lmdb": "#a8afbd",
    "diskcache": "#c3c8d2",
    "files": "#d9dce3",
}
_OTHER = "#8c96a8"
_BAR, _GAP, _GROUP_GAP = 14, 3, 26
_LEFT, _WIDTH, _RIGHT, _TOP = 96, 420, 150, 44


def bars(title: str, results: Sequence[Result]) -> str:
    """Return a plot: a group of bars for each result, microseconds a crash, shorter is better.

    Bars are medians, lines quartiles. Each group has a scale of its own, from 0.
    """
    body, y = [], _TOP
    for result in results:
        body += list(_group(result, y))
        y += len(result.times) * (_BAR + _GAP) + _GROUP_GAP
    width = _LEFT + _WIDTH + _RIGHT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        f'viewBox="0 0 {width} {y}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{y}" fill="white"/>'
        f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>'
    )
    return "\n".join([head, *body, "</svg>", ""])


def _group(result: Result, y: int) -> Iterator[str]:
    yield f'<text x="8" y="{y}" font-weight="bold">{escape(result.task)}</text>'
    spreads = {name: result.microseconds(name) for name in result.times}
    longest = max(spread.q3 for spread in spreads.values())
    y += 6
    for name, spread in sorted(spreads.items(), key=lambda item: item[1].median):
        scale = _WIDTH / longest
        colour = _COLOURS.get(name, _OTHER)
        middle = y + _BAR / 2
        yield f'<text x="{_LEFT - 6}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
        yield (
            f'<rect x="{_LEFT}" y="{y}" width="{spread.median * scale:.1f}" height="{_BAR}" '
            f'fill="{colour}"/>'
        )
        yield (
            f'<line x1="{_LEFT + spread.q1 * scale:.1f}" x2="{_LEFT + spread.q3 * scale:.1f}" '
            f'y1="{middle}" y2="{middle}" stroke="black"/>'
        )
        right = _LEFT + spread.q3 * scale + 6
        yield f'<text x="{right:.1f}" y="{y + 11}">{spread.median:,.1f} us</text>'
        y += _BAR + _GAP


def write(directory: Path, results: Sequence[Result]) -> None:
    """Write two plots for each place that was measured in: saves, and the rest."""
    directory.mkdir(parents=True, exist_ok=True)
    for place in dict.fromkeys(result.place for result in results):
        here = [result for result in results if result.place == place]
        level = "durable saves" if here[0].durable else "saves left to the system"
        name = "".join(c if c.isalnum() else "-" for c in place).strip("-")
        saves = [result for result in here if result.task.startswith("save-")]
        rest = [result for result in here if result not in saves]
        for part, rows in (("saves", saves), ("others", rest)):
            if rows:
                title = f"{place}, {level}: microseconds a crash, shorter is better"
                (directory / f"{name}-{part}.svg").write_text(bars(title, rows))
