"""Taking what identifies a person out of a processed crash."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from socorro_fast.errors import ConfigurationError, shown

FORBIDDEN_KEYS = (
    "url",
    "email",
    "user_id",
    "exploitability",
    "json_dump.sensitive",
    "upload_file_minidump_flash1.json_dump.sensitive",
    "upload_file_minidump_flash2.json_dump.sensitive",
    "upload_file_minidump_browser.json_dump.sensitive",
    "memory_info",
)
"""What Socorro kept from the public."""

_Path = tuple[str, ...]
# By what a value is, not equals: itself, which keeps its ID from another, and paths met there.
_Seen = dict[int, tuple[object, set[_Path]]]


class Redactor:
    """Removes forbidden keys from a mapping, in place.

    A key is a dotted path: `json_dump.sensitive` is the key `sensitive` of the dict at `json_dump`.
    A path goes through lists by itself (`threads.frames.url` takes `url` out of every frame of
    every thread), and `*` stands for any key or any item of a list. A key that itself has the dots
    goes as well. Where a path leads nowhere, nothing happens.

    Args:
        forbidden_keys: The paths to remove, as comma text or as a list.
        allowed_keys: If given, all but these paths is removed, and the forbidden ones as well.

    Raises:
        ConfigurationError: The keys are neither text nor a list of texts.
    """

    def __init__(
        self,
        forbidden_keys: str | Iterable[str] = FORBIDDEN_KEYS,
        allowed_keys: str | Iterable[str] | None = None,
    ) -> None:
        self.forbidden_keys = _names("forbidden_keys", forbidden_keys)
        self.allowed_keys = None if allowed_keys is None else _names("allowed_keys", allowed_keys)
        self._forbidden = [_path(name) for name in self.forbidden_keys]
        self._allowed = [_path(name) for name in self.allowed_keys or ()]

    def __repr__(self) -> str:
        allowed = "" if self.allowed_keys is None else f", allowed_keys={self.allowed_keys}"
        return f"{type(self).__name__}(forbidden_keys={self.forbidden_keys}{allowed})"

    def redact(self, mapping: MutableMapping[str, Any]) -> None:
        """Remove what is forbidden from `mapping`, in place; values of any shape are met calmly."""
        if self.allowed_keys is not None:
            _keep_only(mapping, self._allowed)
        for path in self._forbidden:
            _remove(mapping, path)

    __call__ = redact


def _names(option: str, keys: str | Iterable[str]) -> tuple[str, ...]:
    names = keys.split(",") if isinstance(keys, str) else keys
    try:
        stripped = [name.strip() for name in names]
    except (AttributeError, TypeError):
        wanted = "comma text or a list of texts"
        raise ConfigurationError(f"{option} must be {wanted}, not {shown(keys)}") from None
    return tuple(name for name in stripped if name)


def _path(name: str) -> _Path:
    return tuple(step.strip() for step in name.split("."))


def _remove(mapping: MutableMapping[str, Any], path: _Path) -> None:
    # A stack of its own, as stored JSON may be nested deeper than Python recurses.
    todo: list[tuple[object, set[_Path]]] = [(mapping, {path})]
    seen: _Seen = {}
    while todo:
        node, paths = todo.pop()
        if not _is_branch(node) or not _is_new(seen, node, paths):
            continue
        if isinstance(node, list | tuple):
            todo += _remove_from_list(node, paths)
        elif isinstance(node, MutableMapping):
            todo += _remove_from_mapping(node, paths)


def _remove_from_list(
    node: list[Any] | tuple[Any, ...], paths: set[_Path]
) -> list[tuple[object, set[_Path]]]:
    through = paths | {path[1:] for path in paths if path[0] == "*" and path[1:]}
    if isinstance(node, list):
        node[:] = [] if ("*",) in paths else [_emptied(item, through) for item in node]
    return [(item, through) for item in node]


def _emptied(value: object, paths: set[_Path]) -> object:
    return () if isinstance(value, tuple) and ("*",) in paths else value


def _remove_from_mapping(
    node: MutableMapping[str, Any], paths: set[_Path]
) -> list[tuple[object, set[_Path]]]:
    below: dict[str, set[_Path]] = {}
    for path in paths:
        node.pop(".".join(path), None)  # a key with dots, as flattened crashes have them
        step, *rest = path
        for key in _matching(node, step):
            if rest:
                below.setdefault(key, set()).add(tuple(rest))
            else:
                del node[key]
    for key in below.keys() & node.keys():
        node[key] = _emptied(node[key], below[key])
    return [(node[key], rests) for key, rests in below.items() if key in node]


def _matching(node: MutableMapping[str, Any], step: str) -> list[str]:
    if step == "*":
        return list(node)
    return [step] if step in node else []


def _keep_only(mapping: MutableMapping[str, Any], paths: list[_Path]) -> None:
    todo: list[tuple[Any, list[_Path]]] = [(mapping, paths)]
    seen: _Seen = {}
    while todo:
        node, paths = todo.pop()
        if not _is_branch(node) or not _is_new(seen, node, paths):
            continue
        if isinstance(node, list):
            if ("*",) in paths:
                continue
            starred = [path[1:] for path in paths if path[0] == "*"]
            paths = list(dict.fromkeys(paths + starred))
            node[:] = [_as_branch(item) for item in node if _is_branch(item)]
            todo += [(item, paths) for item in node]
            continue
        for key in list(node):
            rests = [path[1:] for path in paths if path[0] in (key, "*")]
            if () in rests:
                continue
            if rests and _is_branch(node[key]):
                node[key] = _as_branch(node[key])
                todo.append((node[key], rests))
            else:
                del node[key]


def _is_new(seen: _Seen, node: object, paths: Iterable[_Path]) -> bool:
    # What contains itself, or the same thing many times, is gone through once for each path.
    if id(node) in seen and seen[id(node)][1].issuperset(paths):
        return False
    seen.setdefault(id(node), (node, set()))[1].update(paths)
    return True


def _is_branch(value: object) -> bool:
    return isinstance(value, list | tuple | MutableMapping)


def _as_branch(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
