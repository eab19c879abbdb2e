"""The reference of storage classes: a page made of what they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import socorro_fast
from socorro_fast.config.classes import storage_names
from socorro_fast.config.declared import Declared, declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socorro_fast.base import CrashStorageBase

_HEAD = """\
# Reference

Every storage class with its options, as the code declares them; `make docs` writes this page.
An option has one name: as a keyword, in a [configuration](configuration.md), in the environment.

Options of every storage but containers:

{common}

## Classes
"""
_TABLE = ("| option | takes | default | |", "|---|---|---|---|")
_LONG = 80


def reference() -> str:
    """Return the page as Markdown."""
    common = {option.name: option for option in declared(socorro_fast.CrashStorageBase)}
    lines = _HEAD.format(common="\n".join(_table([*common.values()]))).splitlines()
    for name in storage_names():
        lines += _section(name, getattr(socorro_fast, name), common)
    return "\n".join([*lines, ""])


def _section(
    name: str, storage_class: type[CrashStorageBase], common: dict[str, Declared]
) -> Iterator[str]:
    options = [each for each in declared(storage_class) if common.get(each.name) != each]
    yield from ["", f"### {name}", "", _summary(name, storage_class)]
    if storage_class.extra:
        yield from ["", f"Needs `pip install 'socorro-fast[{storage_class.extra}]'`."]
    if options:
        yield from ["", *_table(options)]


def _summary(name: str, storage_class: type[CrashStorageBase]) -> str:
    if name != storage_class.__name__:
        return f"Another name of [{storage_class.__name__}](#{storage_class.__name__.lower()})."
    return (storage_class.__doc__ or "").partition("\n\n")[0].strip().replace("\n", " ")


def _table(options: list[Declared]) -> Iterator[str]:
    yield from _TABLE
    for option in options:
        cells = [f"`{option.name}`", option.kind, _default(option), option.description]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(option: Declared) -> str:
    if option.required:
        return "must be given"
    text = option.default_text()
    if text is None:
        return ""
    return f"`{text}`" if len(text) <= _LONG else f"`{text[:_LONG]}…`"
