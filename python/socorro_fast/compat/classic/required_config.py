"""Options as configman wants to be told of them."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from socorro_fast.compat.classic.config import class_named, names_in
from socorro_fast.errors import ConfigurationError
from socorro_fast.redactor import FORBIDDEN_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socorro_fast.compat.classic.crashstorage_base import CrashStorageBase

_NOT_FOR_FILES = {"redactor", "now"}
_OCTAL = {"umask", "file_mode", "dir_mode"}


def required_config_of(storage_class: type[CrashStorageBase]) -> Any:
    """Return the options of a storage class as a configman `Namespace`.

    Raises:
        ConfigurationError: configman cannot be imported.
    """
    configman = _configman()
    namespace = configman.Namespace()
    for each in (storage_class, *getattr(storage_class, "classic_roles", {}).values()):
        _declare_options(namespace, each)
    for option, default in getattr(storage_class, "classic_ignored", {}).items():
        namespace.add_option(option, default=default, doc="has no effect any more")
    for path, default in getattr(storage_class, "class_options", {}).items():
        _declare_class(configman, namespace, path, default)
    for option, namespaces in getattr(storage_class, "class_lists", {}).items():
        convert = partial(_Listed, configman, namespaces)
        namespace.add_option(option, default="", doc="comma list", from_string_converter=convert)
    namespace.add_option(
        "redactor_class",
        default="socorro_fast.compat.classic.Redactor",
        doc="what get_processed takes things out with",
        from_string_converter=configman.class_converter,
    )
    namespace.add_option("forbidden_keys", default=", ".join(FORBIDDEN_KEYS), doc="what it removes")
    for each in reversed(storage_class.__mro__):
        namespace.update(vars(each).get("required_config", {}))
    return namespace


class _Listed:
    """A comma list of storages, which configman asks what their namespaces need.

    Args:
        configman: The module.
        namespaces: What those are called, by their number; '' where the list names them.
        text: The list.
    """

    def __init__(self, configman: Any, namespaces: str, text: str) -> None:
        self._configman = configman
        self._items = names_in(text)
        numbered = [namespaces.format(number) for number in range(len(self._items))]
        self.subordinate_namespace_names = numbered if namespaces else self._items
        self._classes = self._items if namespaces else [""] * len(self._items)
        self._text = text

    def get_required_config(self) -> Any:
        namespace = self._configman.Namespace()
        for name, named in zip(self.subordinate_namespace_names, self._classes, strict=True):
            path = f"{name}.crashstorage_class"
            _declare_class(self._configman, namespace, path, class_named(named) if named else "")
        return namespace

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __str__(self) -> str:
        return self._text


def _declare_class(configman: Any, namespace: Any, path: str, default: Any) -> None:
    namespace.add_option(
        path, default=default, doc="a class", from_string_converter=configman.class_converter
    )


def _configman() -> Any:
    try:
        return import_module("configman")
    except (ImportError, AttributeError) as error:
        # 1.3.0, the last one, looks for abstract classes where Python 3.10 has them no more.
        why = f"get_required_config needs configman, which cannot be imported here: {error}"
        raise ConfigurationError(why) from error


def _declare_options(namespace: Any, storage_class: type[CrashStorageBase]) -> None:
    defaults = storage_class._default_options()  # noqa: SLF001 - one of the package
    hidden = _NOT_FOR_FILES | storage_class._not_read()  # noqa: SLF001 - likewise
    for name, field in storage_class.Options.model_fields.items():
        if name in hidden:
            continue
        default = defaults.get(name, field.get_default(call_default_factory=True))
        namespace.add_option(
            storage_class.classic_names.get(name, name),
            default=None if default is PydanticUndefined else _plain(default),
            doc=field.description,
            **({"from_string_converter": _octal} if name in _OCTAL else {}),
        )


def _octal(text: str) -> int:
    return int(text, 8)


def _plain(default: Any) -> Any:
    return str(default) if isinstance(default, Path) else default
