"""Rows on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benches.results import Row, Spread

_HEADS = (
    ("operation", 22),
    ("on", 6),
    ("classic us", 11),
    ("ours us", 9),
    ("floor us", 9),
    ("classic:ours", 22),
    ("least", 6),
    ("aim", 6),
    ("ours:floor", 11),
    ("classic:floor", 14),
    ("once", 7),
    ("here", 7),
    ("verdict", 0),
)


def lines(rows: Iterable[Row]) -> Iterable[str]:
    """Yield the table, line by line, as the rows come."""
    yield _line([head for head, _ in _HEADS])
    for row in rows:
        yield _line(_cells(row))


def _line(cells: list[str]) -> str:
    widths = [width for _, width in _HEADS]
    named = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[2:-1], widths[2:-1], strict=True)]
    return "".join([*named, *numbers]) + "  " + cells[-1]


def _cells(row: Row) -> list[str]:
    times = [row.microseconds.get(who) for who in ("classic", "ours", "floor")]
    verdict = f"{row.verdict}: {row.why}" if row.why else row.verdict
    return [
        row.operation,
        row.file_system,
        *("" if time is None else f"{time:,.2f}" for time in times),
        _quartiles(row.ratio),
        _number(row.least),
        _number(row.aim),
        _number(row.ours_to_floor and row.ours_to_floor.median),
        _number(row.classic_to_floor and row.classic_to_floor.median),
        _number(row.floor_once),
        _number(row.floor_expected),
        verdict,
    ]


def _quartiles(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return f"{spread.median:.2f} [{spread.q1:.2f}, {spread.q3:.2f}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
