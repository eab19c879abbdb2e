"""Which store a verb works on: `--class`, `--fs-root`, `--option`."""

import importlib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

import socorro_fast
from socorro_fast.base import CrashStorageBase
from socorro_fast.errors import ConfigurationError

DEFAULT_CLASS = "FSDatedRadixTreeStorage"

FsRoot = Annotated[
    Path | None,
    typer.Option(
        "--fs-root", metavar="DIR", help="The store's directory. [default: that of the class]"
    ),
]
ClassName = Annotated[
    str,
    typer.Option("--class", metavar="NAME", help="The storage class, with dots if it is not ours."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option", "-o", metavar="NAME=VALUE", help="An option of the storage class; repeatable."
    ),
]


def open_store(
    fs_root: Path | None, class_name: str, options: Iterable[str] | None, *, create: bool = False
) -> CrashStorageBase:
    """Return the storage that the options of a verb describe.

    Args:
        fs_root: The option `fs_root` of the storage, if given.
        class_name: A name that `socorro_fast` exports, or a dotted path.
        options: Texts of the form NAME=VALUE.
        create: Whether a directory that is not there is made; if not, it is an error.

    Raises:
        ConfigurationError: No such class, an option it refuses, or nothing at `fs_root`.
    """
    values: dict[str, Any] = dict(_split(option) for option in options or ())
    if fs_root is not None:
        values["fs_root"] = str(fs_root)
    storage_class = _find_class(class_name)
    if not create:
        _refuse_missing(storage_class, values)
    return storage_class(**values)


def _split(option: str) -> tuple[str, str]:
    name, equals, value = option.partition("=")
    if not equals:
        raise ConfigurationError(f"option {option!r} is not of the form NAME=VALUE")
    return name, value


def _find_class(name: str) -> type[CrashStorageBase]:
    module, dot, attribute = name.rpartition(".")
    if not dot:
        return _exported_class(name)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"cannot import storage class {name!r}: {error}") from error
    return _checked(name, found)


def _exported_class(name: str) -> type[CrashStorageBase]:
    if name in socorro_fast.__all__:
        return _checked(name, getattr(socorro_fast, name))
    known = [other for other in socorro_fast.__all__ if other.endswith("Storage")]
    nearest = get_close_matches(name, known, n=1, cutoff=0)
    raise ConfigurationError(f"no storage class {name!r}; the nearest is {nearest[0]!r}")


def _checked(name: str, found: object) -> type[CrashStorageBase]:
    if isinstance(found, type) and issubclass(found, CrashStorageBase):
        return found
    raise ConfigurationError(f"{name!r} is not a storage class")


def _refuse_missing(storage_class: type[CrashStorageBase], values: dict[str, Any]) -> None:
    # Opening makes the directory: a mistyped path would become an empty store.
    options = storage_class.Options.build(storage_class.__name__, values)
    fs_root = getattr(options, "fs_root", None)
    if fs_root is not None and not Path(fs_root).exists():
        raise ConfigurationError(f"there is no store at {str(fs_root)!r}")
