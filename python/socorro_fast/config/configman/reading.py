"""Settings out of the files that configman reads: .ini, .conf, .env and .json.

A namespace is a section, `[destination]` and below it `[[storage0]]`, or the beginning of a key
with dots, `destination.storage0.fs_root`; in .env files, with dots or double underscores.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socorro_fast.config.tables import table
from socorro_fast.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from pathlib import Path

Name = tuple[str, ...]
"""A name with its namespaces."""

_SECTION = re.compile(r"(?P<open>\[+)\s*(?P<name>[^\[\]]+?)\s*(?P<close>\]+)\s*(?:[#;].*)?")
_DEFAULT = re.compile(r"[#;]\s*(?P<name>[\w.]+)\s*=\s*(?P<value>[^=].*)?")
_INCLUDE = re.compile(r"\+include\s+(?P<path>\S.*)")
_QUOTED = re.compile(
    # The b is what its last version wrote under Python 3.
    r"""b?(?P<quote>'{3}|"{3}|'|")(?P<text>.*?)(?P=quote)\s*(?:[#;].*)?""",
    re.DOTALL,
)
_TOP = "top_level"
_MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as text, and the place where it stands."""

    value: str
    where: str


@dataclass
class Settings:
    """What a file says.

    Attributes:
        given: Settings by name, in the order of the file.
        defaults: Settings that are commented out: configman writes the defaults of an app so.
        remarks: What is odd about the file.
    """

    given: dict[Name, Setting] = field(default_factory=dict)
    defaults: dict[Name, Setting] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def put(self, name: Name, setting: Setting) -> None:
        """Note a setting; of what is given twice, the last counts."""
        if name in self.given:
            twice = f"{'.'.join(name)} is given twice; {setting.where} counts"
            self.remarks.append(twice)
        self.given[name] = setting


def read_settings(path: Path) -> Settings:
    """Return what is set in a file of configman's.

    Raises:
        ConfigurationError: It cannot be read, or a line of it not be understood.
    """
    settings = Settings()
    if path.suffix == ".json":
        _read_json((), table(str(path), _json(path)), settings, path.name)
    elif path.suffix == ".env" or path.name == ".env":
        _read_env(path, settings)
    else:
        _IniReader(settings).read(path)
    return settings


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error}") from error


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error}") from error


def _read_json(above: Name, values: dict[str, Any], settings: Settings, file: str) -> None:
    for key, value in values.items():
        name = (*above, *key.split("."))
        if not isinstance(value, dict):
            settings.put(name, Setting(_as_text(value), file))
        elif _is_option(value):
            _put_option(name, value, settings, file)
        else:
            _read_json(name, value, settings, file)


def _is_option(value: dict[str, Any]) -> bool:
    # configman writes an option as a table with its name, doc, default and value.
    return "from_string_converter" in value or ("name" in value and "default" in value)


def _put_option(name: Name, option: dict[str, Any], settings: Settings, file: str) -> None:
    value = option.get("value", option.get("default"))
    # It writes None as text. Defaults count as well: it has put the given values among them.
    if value not in (None, "None"):
        settings.put(name, Setting(_as_text(value), file))


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return value if isinstance(value, str) else json.dumps(value)


def _read_env(path: Path, settings: Settings) -> None:
    for number, line in enumerate(_text(path).splitlines(), 1):
        stripped = line.strip().removeprefix("export ").strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = stripped.partition("=")
        where = f"{path.name}, line {number}"
        if not equals or not key.strip():
            raise ConfigurationError(f"{where}: {shown(stripped)} is no setting")
        name = tuple(key.strip().replace("__", ".").split("."))
        settings.put(name, Setting(_unquoted(value), where))


class _IniReader:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sections: list[Name] = []
        self._last: Name | None = None
        self._files = 0

    def read(self, path: Path) -> None:
        self._files += 1
        if self._files > _MOST_FILES:
            raise ConfigurationError(f"{str(path)!r} is included in a ring, or too many are")
        lines = enumerate(_text(path).splitlines(), 1)
        for number, line in lines:
            where = f"{path.name}, line {number}"
            stripped = line.strip()
            if include := _INCLUDE.fullmatch(stripped):
                self.read(path.parent / include["path"].strip("'\""))
            elif stripped and stripped[0] in "#;":
                self._comment(stripped, where)
            elif stripped.startswith("["):
                self._section(stripped, where)
            elif stripped:
                while _is_open(stripped):
                    stripped += "\n" + next(lines, (0, "'''\"\"\""))[1]
                self._setting(stripped, where, is_indented=line[0].isspace())

    @property
    def _above(self) -> Name:
        return tuple(step for section in self._sections for step in section)

    def _section(self, line: str, where: str) -> None:
        match = _SECTION.fullmatch(line)
        depth = len(match["open"]) if match else 0
        if not match or depth != len(match["close"]) or depth > len(self._sections) + 1:
            raise ConfigurationError(f"{where}: {shown(line)} is no section that fits here")
        name = () if match["name"] == _TOP else tuple(match["name"].split("."))
        self._sections[depth - 1 :] = [name]
        self._last = None

    def _comment(self, line: str, where: str) -> None:
        if match := _DEFAULT.fullmatch(line):
            name = (*self._above, *match["name"].split("."))
            self._settings.defaults[name] = Setting(_unquoted(match["value"] or ""), where)

    def _setting(self, line: str, where: str, *, is_indented: bool) -> None:
        key, equals, value = line.partition("=")
        if not equals:
            key, equals, value = line.partition(":")
        if equals and key.strip():
            self._last = (*self._above, *_unquoted(key).split("."))
            self._settings.put(self._last, Setting(_unquoted(value), where))
        elif is_indented and self._last is not None:
            before = self._settings.given[self._last]
            joined = Setting(f"{before.value} {line}".strip(), before.where)
            self._settings.given[self._last] = joined
        else:
            raise ConfigurationError(f"{where}: {shown(line)} is neither section nor setting")


def _is_open(line: str) -> bool:
    value = line.partition("=")[2].strip()
    return any(value.startswith(mark) and value.count(mark) == 1 for mark in ("'''", '"""'))


def _unquoted(value: str) -> str:
    value = value.strip()
    if match := _QUOTED.fullmatch(value):
        return match["text"]
    return re.split(r"\s[#;]", value, maxsplit=1)[0].strip()
