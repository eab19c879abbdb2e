"""Example configurations, made of what the storage classes declare."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from socorro_fast.config.classes import find_class
from socorro_fast.config.declared import FROM_PYTHON, Declared, declared
from socorro_fast.config.toml import header, key, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WIDTH = 100
_TYPICAL = """\
# Crashes go to a disk; while that fails, to a spare one. Check a copy of this file with
# `socorro-fast config check FILE`. A line that begins with # and a name shows the default.
# SOCORRO_FAST_STORAGES__DISK__FS_ROOT in the environment goes over fs_root of [storages.disk].

storage = "collector"

[apps.collector]
storage = "collector"

[apps.reader]
storage = {class = "ReadOnlyCrashStorage", storage = "disk"}
"""
_TYPICAL_STORAGES = (
    ("collector", "FallbackCrashStorage", {"primary": "disk", "fallback": "spare"}),
    ("disk", "FSDatedRadixTreeStorage", {"fs_root": "crashes"}),
    ("spare", "FSDatedRadixTreeStorage", {"fs_root": "spare-crashes"}),
)
_MADE_UP = {"integer": 1, "number": 1.0, "true or false": True, "path": "change-me"}


def example(class_names: Iterable[str] = ()) -> str:
    """Return a configuration in TOML, with comments, that can be checked and opened as it is.

    Args:
        class_names: The classes to show; default: a typical composition.

    Raises:
        ConfigurationError: There is no such class.
    """
    names = list(dict.fromkeys(class_names))
    lines = list(_of_classes(names)) if names else [*_TYPICAL.splitlines(), *_typical()]
    return "\n".join([*lines, ""])


def _typical() -> Iterator[str]:
    shown = set()
    for name, class_name, given in _TYPICAL_STORAGES:
        if class_name in shown:
            yield from ["", header("storages", name), f"class = {written(class_name)}"]
            yield from (f"{key(option)} = {written(value)}" for option, value in given.items())
        else:
            yield from _storage(name, class_name, given)
        shown.add(class_name)


def _of_classes(class_names: list[str]) -> Iterator[str]:
    for class_name in class_names:
        name = class_name.rpartition(".")[2]
        options = declared(find_class(class_name))
        members = {option.name: option.kind for option in options if option.kind in _MEMBERS}
        given: dict[str, object] = {option: f"{name}-{option}" for option in members}
        several = [option for option, kind in members.items() if kind != "storage"]
        given |= {option: [f"{name}-{option}-{n}" for n in (1, 2)] for option in several}
        yield from _storage(name, class_name, given)
        for member in _texts(given.values()):
            yield from ["", header("storages", member), 'class = "FSDatedRadixTreeStorage"']
            yield f"fs_root = {written(member)}"


_MEMBERS = ("storage", "storages: a list, or by name")


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from value if isinstance(value, list) else [str(value)]


def _storage(name: str, class_name: str, given: Mapping[str, object]) -> Iterator[str]:
    doc = find_class(class_name).__doc__ or ""
    yield from ["", f"# {doc.splitlines()[0]}" if doc else "#"]
    yield from [header("storages", name), f"class = {written(class_name)}"]
    for option in declared(find_class(class_name)):
        yield from ["", *_comment(f"{option.description} ({option.kind})")]
        yield _line(option, given)


def _line(option: Declared, given: Mapping[str, object]) -> str:
    if option.name in given:
        return f"{option.name} = {written(given[option.name])}"
    if option.required:
        value = _MADE_UP.get(option.kind.partition(",")[0], "change-me")
        return f"{option.name} = {written(option.example or value)}"
    default = option.default_text()
    if default is not None:
        return f"#{option.name} = {default}"
    if option.kind == FROM_PYTHON:
        return f"# {option.name}: not from a file"
    return f"# {option.name}: not set"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
