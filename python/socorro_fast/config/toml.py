"""Values and keys as TOML writes them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from functools import singledispatch
from pathlib import PurePath
from typing import Any

from pydantic import SecretStr

from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.options import MASK, masked
from socorro_fast.predicate import Predicate
from socorro_fast.redactor import Redactor

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@singledispatch
def plain(_value: Any) -> Any:
    """Return the value of an option as data for a file: text, numbers, dates, lists and tables.

    A secret becomes a mask, and so do the passwords of URLs. What no file can hold becomes None.
    """
    return None


@plain.register
def _(_value: SecretStr) -> str:
    return MASK


@plain.register
def _(value: type) -> str:
    return f"{value.__module__}.{value.__qualname__}"


@plain.register
def _(value: Predicate) -> str:
    return value.text


@plain.register
def _(value: Redactor) -> dict[str, list[str]]:
    allowed = {} if value.allowed_keys is None else {"allowed_keys": [*value.allowed_keys]}
    return {"forbidden_keys": [*value.forbidden_keys], **allowed}


@plain.register(str)
@plain.register(PurePath)
def _(value: str | PurePath) -> str:
    return masked(str(value))


@plain.register(Mapping)
def _(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): plain(each) for name, each in value.items()}


@plain.register(list)
@plain.register(tuple)
@plain.register(frozenset)
def _(value: Iterable[Any]) -> list[Any]:
    return [plain(each) for each in value]


@plain.register(int)
@plain.register(float)
@plain.register(dt.date)
def _(value: float | dt.date) -> float | dt.date:
    return value


def written(value: Any, *, octal: bool = False) -> str:
    """Return plain data as TOML.

    Raises:
        ConfigurationError: TOML has no such value.
    """
    if octal and isinstance(value, int) and value >= 0:
        return f"0o{value:03o}"
    return _written(value)


@singledispatch
def _written(value: Any) -> str:
    raise ConfigurationError(f"a file cannot hold {shown(value)}")


@_written.register
def _(value: bool) -> str:  # noqa: FBT001 - the value is what is written
    return "true" if value else "false"


@_written.register(int)
@_written.register(float)
def _(value: float) -> str:
    return str(value)


@_written.register
def _(value: dt.date) -> str:
    return value.isoformat()


@_written.register
def _(value: list) -> str:  # type: ignore[type-arg] # singledispatch wants the bare class
    return f"[{', '.join(map(_written, value))}]"


@_written.register
def _(value: dict) -> str:  # type: ignore[type-arg] # as above
    inner = ", ".join(f"{key(name)} = {_written(each)}" for name, each in value.items())
    return f"{{{inner}}}"


@_written.register
def _(value: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ConfigurationError(f"a file cannot hold {shown(value)}")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """Return a key, in quotes if it needs them."""
    return name if _BARE_KEY.fullmatch(name) else _written(name)


def header(*steps: str) -> str:
    """Return the line that begins the table at `steps`."""
    return f"[{'.'.join(map(key, steps))}]"
