"""Which dumps a raw crash has left behind, noted on its object: both count at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = "gone-dumps"
_MOST = 1800  # S3 takes 2 KB of metadata with an object, names included


def noted(names: Iterable[str]) -> dict[str, str]:
    """Return metadata that says that dumps of these names are none of this crash's any more.

    Names that do not fit are left out.
    """
    text = ""
    for name in sorted(names):
        longer = f"{text},{quote(name, safe='')}" if text else quote(name, safe="")
        if len(longer) <= _MOST:
            text = longer
    return {_KEY: text} if text else {}


def gone(metadata: dict[str, str] | None) -> frozenset[str]:
    """Return those names."""
    text = (metadata or {}).get(_KEY, "")
    return frozenset(unquote(name) for name in text.split(",") if name)
