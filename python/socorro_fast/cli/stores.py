"""Which store a verb works on: `--class`, `--fs-root`, `--option`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from socorro_fast.base import CrashStorageBase
from socorro_fast.config import find_class
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
    values: dict[str, Any] = dict(split_option(option) for option in options or ())
    if fs_root is not None:
        values["fs_root"] = str(fs_root)
    storage_class = find_class(class_name)
    if not create:
        _refuse_missing(storage_class, values)
    return storage_class(**values)


def split_option(option: str) -> tuple[str, str]:
    """Return name and value of NAME=VALUE.

    Raises:
        ConfigurationError: It is not of that form.
    """
    name, equals, value = option.partition("=")
    if not equals:
        raise ConfigurationError(f"option {option!r} is not of the form NAME=VALUE")
    return name, value


def _refuse_missing(storage_class: type[CrashStorageBase], values: dict[str, Any]) -> None:
    # Opening makes the directory: a mistyped path would become an empty store.
    options = storage_class.Options.build(storage_class.__name__, values)
    fs_root = getattr(options, "fs_root", None)
    if fs_root is not None and not Path(fs_root).exists():
        raise ConfigurationError(f"there is no store at {str(fs_root)!r}")
