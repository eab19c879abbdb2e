"""The keys of one storage: those of a key builder, with the names of dumps kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socorro_fast.s3.key_builders import (
    CRASH_REPORT,
    DUMP_NAMES,
    MAIN,
    PROCESSED_CRASH,
    RAW_CRASH,
)

if TYPE_CHECKING:
    from socorro_fast.s3.key_builders import Layout
    from socorro_fast.s3.options import S3Options

_OWN = frozenset({RAW_CRASH, DUMP_NAMES, PROCESSED_CRASH, CRASH_REPORT, MAIN})
_ESCAPE = "dump_"


class Keys:
    """Keys of the things of a crash; the first is the one to write, the others are read after it.

    Args:
        options: Of the storage.
    """

    def __init__(self, options: S3Options) -> None:
        self._builder = options.keybuilder_class()
        self._depth = None if options.read_older_layouts else 1
        self._main = options.dump_field
        self.prefix = f"{options.prefix}/" if options.prefix or options.leading_slash else ""

    def layouts(self, thing: str) -> tuple[Layout, ...]:
        """Return the layouts in which a thing is written and read."""
        return self._builder.layouts_for(thing)[: self._depth]

    def of(self, thing: str, crash_id: str) -> list[str]:
        """Return the keys of a thing."""
        return self._builder.build_keys(self.prefix, thing, crash_id)[: self._depth]

    def of_dump(self, name: str, crash_id: str) -> list[str]:
        """Return the keys of the dump of that name."""
        things = [MAIN] if name == self._main else _things(name)
        return [key for thing in things for key in self.of(thing, crash_id)]


def _things(name: str) -> list[str]:
    """Return what a dump is called in keys.

    A name that is one of the store's own things, or looks as if it had been escaped, is escaped.
    The original did not do that: what only looks so is looked for under its plain name as well,
    if that is no other dump's.
    """
    if not _is_escaped(name):
        return [name]
    is_of_another = name in _OWN or _is_escaped(name.removeprefix(_ESCAPE))
    return [_ESCAPE + name] if is_of_another else [_ESCAPE + name, name]


def _is_escaped(name: str) -> bool:
    return name in _OWN or name.startswith(_ESCAPE)
