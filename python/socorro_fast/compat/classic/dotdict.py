"""Dicts with attributes, as the original's storages return crashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MissingKey(KeyError, AttributeError):  # noqa: N818 - it is no failure of a storage
    """A key that is not there, asked for as an attribute: the original's code expects either."""


class DotDict(dict[str, Any]):
    """A dict whose keys are attributes too: `d.a.b`, `d["a"]["b"]` and `d["a.b"]` are the same.

    A key that has dots itself comes first: annotations may be named so.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise MissingKey(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise MissingKey(name) from None

    def __missing__(self, key: str) -> Any:
        owner, last = self._owner(key)
        if owner is None:
            raise KeyError(key)
        return owner[last]

    def __setitem__(self, key: str, value: Any) -> None:
        owner, last = (None, key) if dict.__contains__(self, key) else self._owner(key)
        if owner is None:
            super().__setitem__(key, value)
        else:
            owner[last] = value

    def __delitem__(self, key: str) -> None:
        owner, last = (None, key) if dict.__contains__(self, key) else self._owner(key)
        if owner is None:
            super().__delitem__(key)
        else:
            del owner[last]

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        owner, last = self._owner(key)
        return owner is not None and last in owner

    def get(self, key: str, default: Any = None) -> Any:
        """Return `self[key]`, or `default` where there is no such key or path."""
        try:
            return self[key]
        except KeyError:
            return default

    def _owner(self, key: object) -> tuple[dict[str, Any] | None, str]:
        """Return the dict that the last step of a dotted key is in, or None, and that step."""
        path, dot, last = key.rpartition(".") if isinstance(key, str) else ("", "", "")
        owner = self.get(path) if dot else None
        return (owner, last) if isinstance(owner, dict) else (None, last)


SocorroDotDict = DotDict


def as_dotdict(value: Any) -> Any:
    """Return a dict as a `DotDict`, with every dict in it made one; anything else as it is."""
    if type(value) is not dict:
        return value
    found = DotDict(value)
    todo: list[Any] = [found]
    while todo:
        node = todo.pop()
        for key, each in list(node.items() if isinstance(node, dict) else enumerate(node)):
            new = DotDict(each) if type(each) is dict else each
            if new is not each:
                dict.__setitem__(node, key, new) if isinstance(node, dict) else node.__setitem__(
                    key, new
                )
            if isinstance(new, dict | list):
                todo.append(new)
    return found


def socorrodotdict_to_dict(value: Any) -> Any:
    """Return a copy of plain dicts and lists: mappings become dicts, sequences but texts lists."""
    if isinstance(value, Mapping):
        return {key: socorrodotdict_to_dict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [socorrodotdict_to_dict(each) for each in value]
    return value


def as_crash(value: Any) -> Any:
    """Return what storages take: a dict as it is, another mapping as a `DotDict`."""
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return as_dotdict(socorrodotdict_to_dict(value))
    return value
