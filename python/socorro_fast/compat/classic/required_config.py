"""Options as configman wants to be told of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from socorro_fast.errors import ConfigurationError
from socorro_fast.redactor import FORBIDDEN_KEYS

if TYPE_CHECKING:
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
    _declare_options(namespace, storage_class)
    for path, default in getattr(storage_class, "class_options", {}).items():
        namespace.add_option(
            path, default=default, doc="a class", from_string_converter=configman.class_converter
        )
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


def _configman() -> Any:
    try:
        return import_module("configman")
    except (ImportError, AttributeError) as error:
        # 1.3.0, the last one, looks for abstract classes where Python 3.10 has them no more.
        why = f"get_required_config needs configman, which cannot be imported here: {error}"
        raise ConfigurationError(why) from error


def _declare_options(namespace: Any, storage_class: type[CrashStorageBase]) -> None:
    defaults = storage_class._default_options()  # noqa: SLF001 - one of the package
    hidden = {*_NOT_FOR_FILES, *getattr(storage_class, "member_options", ())}
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
