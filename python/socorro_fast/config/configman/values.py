"""Texts of old configurations as values of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from socorro_fast.compat.classic.criteria import condition_from
from socorro_fast.config.declared import CLASS
from socorro_fast.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.config.declared import Declared

_TRUE = ("true", "t", "1", "yes", "y", "on")
_FALSE = ("false", "f", "0", "no", "n", "off", "")
_SECRET = re.compile(
    r"passw|secret|token|credential|api_?key|access_key|dsn|database_url", re.IGNORECASE
)


def looks_secret(name: str) -> bool:
    """Return whether a name is one that passwords and keys have."""
    return _SECRET.search(name) is not None


def convert(option: Declared, text: str) -> tuple[Any, str | None]:
    """Return the value of an option, and what there is to say about it.

    Raises:
        ValueError: The text is none that the option had.
    """
    return _mode(text) if option.octal else (_converted(option, text), None)


def _converted(option: Declared, text: str) -> Any:
    if option.name == "deferral_criteria":
        return _condition(text)
    if option.kind.startswith("list of") or option.name == "redactor":
        item = float if option.kind.startswith("list of number") else str
        return [item(part.strip("\"' ")) for part in text.split(",") if part.strip()]
    if CLASS in option.kind:
        return text.rpartition(".")[2]
    if option.kind == "path":
        return text.rstrip("/") or text
    kind = re.match(r"[a-z ]*", option.kind)
    return _BY_KIND.get(kind[0] if kind else "", str)(text)


def _mode(text: str) -> tuple[int, str | None]:
    # configman saw an integer, and integers were decimal: 18 is 0o022, but so is not 022.
    mode = int(text)
    if not (text.startswith("0") and len(text) > 1):
        return mode, None
    return mode, f"{text} was read as the decimal {mode}, 0o{mode:03o}; was 0o{text} meant?"


def _truth(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in _TRUE + _FALSE:
        raise ValueError(f"{text!r} is neither true nor false")
    return lowered in _TRUE


def _condition(text: str) -> str:
    try:
        return condition_from(text)
    except ConfigurationError as error:
        raise ValueError("it is Python, and no condition that is known") from error


_BY_KIND: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "true or false": _truth,
}
