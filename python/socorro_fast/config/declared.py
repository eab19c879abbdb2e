"""What storage classes declare of their options, for people to read."""

from __future__ import annotations

import datetime as dt
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator, SecretStr

from socorro_fast.base import CrashStorageBase
from socorro_fast.config import toml
from socorro_fast.containers.base import ContainerBase
from socorro_fast.options import MASK, _octal, is_secret
from socorro_fast.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo

FROM_PYTHON = "from Python only"
"""The kind of an option that no file can hold."""

FROM_TEXT = "text, or an object from Python"
"""The kind of an option that makes an object of text."""

CLASS = "class, by its name"
"""The kind of an option that is a class."""

_KINDS: dict[object, str] = {
    bool: "true or false",
    int: "integer",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret text",
    dt.date: "date",
    Redactor: "keys, or a table of forbidden_keys and allowed_keys",
    Any: "anything",
    type: CLASS,
}
_BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))


@dataclass(frozen=True)
class Declared:
    """One option of a storage class.

    Attributes:
        name: What it is called.
        kind: What it takes, in words.
        description: What it is for.
        required: Whether it has no default.
        default: The default as plain data; None if there is none, or it differs by place and time.
        example: A value to show where there is no default.
        octal: Whether it is a mode.
        secret: Whether it is never shown.
    """

    name: str
    kind: str
    description: str
    required: bool
    default: Any
    example: Any
    octal: bool
    secret: bool

    def default_text(self) -> str | None:
        """Return the default as TOML, if it has one that TOML can say."""
        value = None if self.default is None else toml.written(self.default, octal=self.octal)
        return None if self.secret and self.default == MASK else value


def declared(storage_class: type[CrashStorageBase]) -> list[Declared]:
    """Return the options of a storage class, in the order of their declaration."""
    members = storage_class.member_options if issubclass(storage_class, ContainerBase) else ()
    fields = storage_class.Options.model_fields
    return [
        _declared(name, fields[name], is_member=name in members)
        for name in sorted(fields, key=lambda name: name not in members)
        if not (members and name == "dump_field")
    ]


def _declared(name: str, field: FieldInfo, *, is_member: bool) -> Declared:
    required = field.is_required()
    kind = kind_of(field.annotation, field.metadata)
    default = None if required or _varies(field) else _default(field)
    return Declared(
        name=name,
        kind=kind,
        description=field.description or "",
        required=required or is_member,
        default=toml.plain(default),
        example=(field.examples or [None])[0],
        octal="octal" in kind,
        secret=is_secret(field),
    )


def _default(field: FieldInfo) -> Any:
    # Not get_default: it copies what it returns, and an exporter cannot be copied.
    factory: Any = field.default_factory
    return field.default if factory is None else factory()


def _varies(field: FieldInfo) -> bool:
    """Return whether a default is another one at another place or time."""
    return field.default_factory is not None and field.annotation is Path


def kind_of(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Return in words what an option of this type takes."""
    metadata = list(metadata)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return kind_of(inner, [*more, *metadata])
    if any(isinstance(each, BeforeValidator) and each.func is _octal for each in metadata):
        return "mode: octal text, or a number"
    kind = _plain_kind(annotation)
    if kind == FROM_PYTHON and any(isinstance(each, BeforeValidator) for each in metadata):
        return FROM_TEXT
    return kind + "".join(_bounds(metadata))


def _plain_kind(annotation: Any) -> str:
    if get_origin(annotation) is not None:
        return _generic_kind(get_origin(annotation), get_args(annotation))
    return "storage" if _is_storage(annotation) else _KINDS.get(annotation, FROM_PYTHON)


def _generic_kind(origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin in (Union, types.UnionType):
        kinds = [kind_of(each) for each in arguments if each is not types.NoneType]
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return " or ".join(toml.written(each) for each in arguments)
    if origin in (list, tuple, set, frozenset) and arguments:
        return f"list of {kind_of(arguments[0])}"
    if origin is type:
        return CLASS
    if origin is dict and _is_storage(arguments[1]):
        return "storages: a list, or by name"
    return f"table of {kind_of(arguments[1])}" if origin is dict else FROM_PYTHON


def _is_storage(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, CrashStorageBase)


def _bounds(metadata: Iterable[Any]) -> Iterator[str]:
    for each in metadata:
        if hasattr(each, "metadata"):
            yield from _bounds(each.metadata)
        for name, words in _BOUNDS:
            if getattr(each, name, None) is not None:
                yield f", {words} {getattr(each, name)}"
