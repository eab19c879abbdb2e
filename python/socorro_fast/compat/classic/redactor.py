"""The redactor, made from a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast import redactor
from socorro_fast.compat.classic.config import ABSENT, class_named, find

if TYPE_CHECKING:
    from collections.abc import MutableMapping


class Redactor(redactor.Redactor):
    """Removes forbidden keys from a mapping, in place; see `socorro_fast.Redactor`.

    Args:
        config: Has `forbidden_keys`, a comma text; without it, those of the original are meant.
    """

    def __init__(self, config: Any = None) -> None:
        keys = find(config, "forbidden_keys")
        super().__init__(redactor.FORBIDDEN_KEYS if keys is ABSENT else keys)


class _ForeignRedactor(redactor.Redactor):
    """Somebody's own redactor, which is no subclass of ours."""

    def __init__(self, foreign: Any) -> None:
        super().__init__(())
        self._foreign = foreign

    def redact(self, mapping: MutableMapping[str, Any]) -> None:
        self._foreign.redact(mapping)

    __call__ = redact


def find_redactor(config: Any) -> Any:
    """Return the redactor that a configuration asks for, or `ABSENT`."""
    named = class_named(find(config, "redactor_class"))
    keys = find(config, "forbidden_keys")
    if named is ABSENT:
        return ABSENT if keys is ABSENT else Redactor(config)
    if named is redactor.Redactor:
        named = Redactor
    made = named(config)
    return made if isinstance(made, redactor.Redactor) else _ForeignRedactor(made)
