"""A configuration of ours, out of one of the original's."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING

from socorro_fast.config import toml
from socorro_fast.config.classes import find_class
from socorro_fast.config.configman import names, values
from socorro_fast.config.configman.reading import Name, Setting, Settings, read_settings
from socorro_fast.config.configuration import Configuration
from socorro_fast.config.declared import declared
from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.options import ENV_PREFIX, MASK, masked

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from socorro_fast.config.declared import Declared

_MAIN = "storage"


@dataclass(frozen=True)
class Translation:
    """What came of an old configuration.

    Attributes:
        toml: The new one, with the remarks as comments.
        unknown: What was not translated, each with its place.
        remarks: What was translated but needs a look.
        failures: Storages and options that could not be translated. They stand in the new
            configuration as they were, so that a check refuses them.
    """

    toml: str
    unknown: list[str]
    remarks: list[str]
    failures: list[str]


def translate(path: Path, *, with_secrets: bool = False) -> Translation:
    """Translate a file of configman's: .ini, .conf, .env or .json.

    Args:
        path: The file.
        with_secrets: Whether passwords are written; if not, a comment names the variable of the
            environment that each belongs into.

    Raises:
        ConfigurationError: It cannot be read.
    """
    settings = read_settings(path)
    translator = _Translator(settings, with_secrets=with_secrets)
    try:
        lines = translator.lines()
        Configuration(tomllib.loads("\n".join(lines)), {}, drivers=False)
    except RecursionError:
        raise ConfigurationError(f"{str(path)!r} is nested too deep") from None
    except ConfigurationError as error:
        translator.failures += [] if translator.failures else [str(error)]
    unknown = translator.unknown()
    head = [f"# Translated from {path.name} by `socorro-fast config from-configman`."]
    for title, notes in (
        ("Could not be translated:", translator.failures),
        ("Needs a look:", translator.remarks),
        ("Not translated, as no storage here has it:", unknown),
    ):
        head += [f"# {title}", *(f"#   {_oneline(note)}" for note in notes)] if notes else []
    text = "\n".join([*head, *lines, ""])
    return Translation(text, unknown, translator.remarks, translator.failures)


@dataclass
class _Table:
    steps: Name
    lines: list[str] = field(default_factory=list)
    below: list[_Table] = field(default_factory=list)

    def all_lines(self) -> Iterator[str]:
        yield from ["", toml.header(*self.steps), *self.lines]
        for table in self.below:
            yield from table.all_lines()


class _Translator:
    def __init__(self, settings: Settings, *, with_secrets: bool) -> None:
        self._given = settings.given
        self._all = settings.defaults | settings.given
        self._with_secrets = with_secrets
        self._used: set[Name] = set()
        self.remarks = [*settings.remarks]
        self.failures: list[str] = []

    def lines(self) -> list[str]:
        """Return the lines of all storages."""
        tables: dict[str, _Table] = {}
        for key in sorted(filter(_is_class, self._all), key=_outermost_first):
            # Those of members are used up by the storage above them.
            if key not in self._used and self._is_storage(key):
                name = _new_name("_".join(key[:-1]) or _MAIN, tables)
                tables[name] = self._storage(("storages", name), key)
        if not tables:
            self.failures.append("it names no class of a storage")
        main = next(iter(tables)) if len(tables) == 1 else _MAIN
        top = ["", f"storage = {toml.written(main)}"] if main in tables else []
        return [*top, *(line for table in tables.values() for line in table.all_lines())]

    def _is_storage(self, key: Name) -> bool:
        is_known = names.our_class(self._all[key].value) is not None
        return is_known or (key in self._given and bool(self._all[key].value))

    def unknown(self) -> list[str]:
        """Return what was not used."""
        left = [(name, it) for name, it in self._given.items() if name not in self._used]
        return [f"{'.'.join(name)} = {_shown(name, it.value)} ({it.where})" for name, it in left]

    def _storage(self, steps: Name, key: Name) -> _Table:
        setting = self._all[key]
        self._used.add(key)
        if key not in self._given:
            self.remarks.append(f"{'.'.join(steps)}: its class is a default ({setting.where})")
        return self._of_class(steps, key[:-1], setting.value)

    def _of_class(self, steps: Name, at: Name, dotted: str) -> _Table:
        table = _Table(steps)
        name = names.our_class(dotted)
        table.lines.append(f"class = {toml.written(name or dotted)}")
        if name is None:
            self.failures.append(f"{'.'.join(steps)}: there is no {dotted!r} here")
            return table
        if names.is_counter(dotted):
            table.lines.append('storage = {class = "NullCrashStorage"}')
        else:
            table.below += self._members(steps, at, name)
        for option in declared(find_class(name)):
            self._option(table, at, names.backend(dotted), option)
        self._use_up(at, dotted)
        return table

    def _members(self, steps: Name, at: Name, name: str) -> Iterator[_Table]:
        if name == "PolyCrashStorage":
            yield from self._poly(steps, at)
        for role in names.ROLES.get(name, ()):
            yield from self._member((*steps, role), [(*at, role, "storage_class")])
        if name in names.WRAPPERS:
            keys = [(*at, key) for key in names.WRAPPERS[name]]
            yield from self._member((*steps, "storage"), keys)

    def _member(self, steps: Name, keys: list[Name]) -> Iterator[_Table]:
        found = [key for key in keys if key in self._all and self._all[key].value]
        if found and found[0] not in self._used:
            yield self._storage(steps, found[0])
        else:
            self.failures.append(f"{'.'.join(steps)}: {'.'.join(keys[0])} is not set")

    def _poly(self, steps: Name, at: Name) -> Iterator[_Table]:
        classes = self._list((*at, "storage_classes"))
        spaces = self._list((*at, "storage_namespaces"))
        spaces = spaces or [f"storage{number}" for number in range(len(classes))]
        if not spaces:
            self.failures.append(f"{'.'.join(steps)}: it has no storage_classes")
        for number, space in enumerate(spaces):
            key = (*at, *space.split("."), "crashstorage_class")
            below = (*steps, "storages", space)
            if key in self._given or number >= len(classes):
                yield from self._member(below, [key])
            else:
                self._used.add(key)
                yield self._of_class(below, key[:-1], classes[number])

    def _list(self, key: Name) -> list[str]:
        self._used.add(key)
        text = self._all[key].value if key in self._all else ""
        return [part.strip() for part in text.split(",") if part.strip()]

    def _option(self, table: _Table, at: Name, backend: str, option: Declared) -> None:
        old = names.OPTIONS.get(option.name, option.name)
        shared = [(space, of, old) for space in names.SHARED for of in (backend, option.name)]
        found = [key for key in [(*at, old), *shared] if key in self._given]
        self._used.update(found)
        if found and not option.kind.startswith("storage"):
            self._write(table, option, self._given[found[0]])

    def _write(self, table: _Table, option: Declared, setting: Setting) -> None:
        where = ".".join((*table.steps, option.name))
        if option.secret and not self._with_secrets:
            variable = ENV_PREFIX + "__".join((*table.steps, option.name)).upper()
            table.lines.append(f"# {option.name}: set {variable}")
            self.remarks.append(f"{where} is not written here; set {variable} ({setting.where})")
            return
        value: object = setting.value
        try:
            value, remark = values.convert(option, setting.value)
            self.remarks += [f"{where}: {remark} ({setting.where})"] if remark else []
        except ValueError as error:
            self.failures.append(f"{where}: {_oneline(str(error))} ({setting.where})")
        table.lines.append(f"{option.name} = {toml.written(value, octal=option.octal)}")

    def _use_up(self, at: Name, dotted: str) -> None:
        """Note what says nothing but what is so anyway."""
        key = (*at, "redactor_class")
        if key in self._given and self._given[key].value.endswith(".Redactor"):
            self._used.add(key)
        for each in ((*at, name) for name in names.CLASS_KEYS):
            if each in self._given and self._given[each].value in ("", dotted):
                self._used.add(each)


def _is_class(key: Name) -> bool:
    return key[-1] in names.CLASS_KEYS and key[0] not in names.SHARED


def _new_name(name: str, taken: Container[str]) -> str:
    candidates = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(each for each in candidates if each not in taken)


def _outermost_first(key: Name) -> tuple[int, int]:
    return len(key), names.CLASS_KEYS.index(key[-1])


def _shown(name: Name, value: str) -> str:
    return MASK if values.looks_secret(name[-1]) else masked(shown(value))


def _oneline(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
