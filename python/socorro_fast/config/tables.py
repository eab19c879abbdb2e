"""Tables of a configuration: read from a file, with the environment over them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from socorro_fast.config.classes import find_class
from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.options import ENV_PREFIX, is_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


_NOTHING: Mapping[int, str] = {}


def at(path: str, why: str) -> str:
    """Return what to say of a place in the configuration."""
    return f"{path}: {why}" if path else why


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Return what to say of a name that is not there: with the nearest that is."""
    known = list(known)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
    return f"there is no {what} {shown(name)}; {hint}"


def table(path: str, value: object) -> dict[str, Any]:
    """Return `value` if it is a table.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(value, dict):
        return value
    raise ConfigurationError(at(path, f"a table is wanted, not {shown(value)}"))


def copied(value: Any, path: str = "", above: Mapping[int, str] = _NOTHING) -> Any:
    """Return a copy of tables and lists; what else is in them stays the same.

    Raises:
        ConfigurationError: One contains itself.
    """
    if not isinstance(value, Mapping | list):
        return value
    if id(value) in above:
        where = above[id(value)] or "the configuration"
        raise ConfigurationError(
            at(path, f"a configuration cannot contain itself: this is {where}")
        )
    within = {**above, id(value): path}
    if isinstance(value, list):
        return [copied(each, f"{path}.{n}".lstrip("."), within) for n, each in enumerate(value)]
    steps = {str(key): each for key, each in value.items()}
    return {key: copied(each, f"{path}.{key}".lstrip("."), within) for key, each in steps.items()}


def read(path: Path) -> dict[str, Any]:
    """Return what a `.toml` or `.json` file holds.

    Raises:
        ConfigurationError: It is neither, or cannot be read.
    """
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise ConfigurationError(f"{str(path)!r} is neither a .toml nor a .json file")
    try:
        return table(str(path), readers[path.suffix](path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error}") from error


def override(
    tables: dict[str, Any], environment: Mapping[str, str], known: Iterable[str]
) -> dict[str, str]:
    """Put the variables of the environment over `tables`.

    Args:
        tables: What is changed.
        environment: Variables of any name.
        known: What may be the first step: others are not ours.

    Returns:
        The variables that were used, by the path of what they set.

    Raises:
        ConfigurationError: One goes into something that is no table.
    """
    known = frozenset(known)
    used = {}
    for variable in sorted(environment):
        steps = variable.removeprefix(ENV_PREFIX).lower().split("__")
        if variable.startswith(ENV_PREFIX) and steps[0] in known:
            used[_put(tables, steps, variable, environment[variable])] = variable
    return used


def _put(tables: dict[str, Any], steps: list[str], variable: str, value: str) -> str:
    here: Any = tables
    path = []
    for step in steps[:-1]:
        path.append(_spelled(here, step, variable))
        if isinstance(here, dict):
            here.setdefault(path[-1], {})
        here = here[int(path[-1]) if isinstance(here, list) else path[-1]]
        if not isinstance(here, dict | list):
            raise ConfigurationError(f"{variable} goes into {step!r}, which is no table")
    path.append(_spelled(here, steps[-1], variable))
    if not _holds_secret(here, path[-1]):
        here[int(path[-1]) if isinstance(here, list) else path[-1]] = _parsed(variable, value)
    else:
        here[path[-1]] = value
    return ".".join(path)


def _spelled(here: dict[str, Any] | list[Any], name: str, variable: str) -> str:
    """Return the key as the table has it: names of variables have no case."""
    if isinstance(here, dict):
        return next((key for key in here if key.lower() == name), name)
    if name.isdecimal() and int(name) < len(here):
        return name
    raise ConfigurationError(f"{variable}: {name!r} is not a place in a list of {len(here)}")


def _holds_secret(here: dict[str, Any] | list[Any], option: str) -> bool:
    """Return whether this is the table of a storage, and its option a secret: any text at all."""
    try:
        fields = find_class(here["class"]).Options.model_fields  # type: ignore[call-overload] # or TypeError
        return option in fields and is_secret(fields[option])
    except (ConfigurationError, KeyError, TypeError, AttributeError):
        return False  # what is wrong with the class is said when it is planned


def _parsed(variable: str, value: str) -> Any:
    """Return the value of a variable: JSON where it is a list or a table, else text."""
    if not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{variable} begins as JSON but is none: {error}") from None
