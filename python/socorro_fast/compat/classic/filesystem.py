"""Helpers that the original's file system code shared, without its mistakes about paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from socorro_fast.errors import ConfigurationError, StorageIOError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    StrPath = str | os.PathLike[str]


def makedirs(name: StrPath, mode: int = 0o777) -> None:
    """Make a directory and those above it; one that is there already is no error.

    Raises:
        StorageIOError: It cannot be made.
    """
    try:
        Path(name).mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageIOError.during("make directory", str(name), error) from error


def clean_empty_subdirectories(top_limit: StrPath, leaf_path: StrPath) -> None:
    """Remove empty directories from `leaf_path` upwards, down to but without `top_limit`.

    Raises:
        ConfigurationError: `leaf_path` is not below `top_limit`.
    """
    for path in reversed(_between(top_limit, leaf_path)):
        try:
            path.rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # not empty, or not ours to remove
            return


def visit_path(root_dir: StrPath, full_path: StrPath, visit: Callable[[str], object]) -> None:
    """Call `visit` with every path below `root_dir` on the way to `full_path`, that included.

    Raises:
        ConfigurationError: `full_path` is not below `root_dir`.
        StorageIOError: There is no such path.
    """
    if not os.path.lexists(full_path):
        error = FileNotFoundError(2, os.strerror(2))
        raise StorageIOError.during("visit", str(full_path), error)
    for path in _between(root_dir, full_path):
        visit(str(path))


def find_file_generator(
    root_directory: StrPath,
    acceptance_function: Callable[[tuple[str, str, str]], object],
    directory_acceptance_function: Callable[[tuple[str, str, str]], object] | None = None,
    max_depth: int = 100_000,
) -> Iterator[tuple[str, str, str]]:
    """Yield `(directory, name, path)` of the accepted files below a directory, sorted by name.

    Args:
        root_directory: Where to begin.
        acceptance_function: Is given such a triple; whether it is wanted.
        directory_acceptance_function: Likewise for directories to go into. Default: all.
        max_depth: How many levels to go down; 1 is `root_directory` alone.
    """
    if max_depth < 1:
        return
    for name in sorted(os.listdir(root_directory)):  # noqa: PTH208 - names, as texts
        path = Path(root_directory, name)
        triple = str(root_directory), name, str(path)
        if not path.is_dir():
            if acceptance_function(triple):
                yield triple
        elif directory_acceptance_function is None or directory_acceptance_function(triple):
            more = (acceptance_function, directory_acceptance_function, max_depth - 1)
            yield from find_file_generator(path, *more)


def _between(top: StrPath, leaf: StrPath) -> list[Path]:
    above, below = Path(os.path.abspath(top)), Path(os.path.abspath(leaf))  # noqa: PTH100 - no links
    if above not in below.parents:
        raise ConfigurationError(f"{str(leaf)!r} is not below {str(top)!r}")
    steps = below.relative_to(above).parts
    return [above.joinpath(*steps[: number + 1]) for number in range(len(steps))]


# The names are the original's.
cleanEmptySubdirectories = clean_empty_subdirectories  # noqa: N816
visitPath = visit_path  # noqa: N816
findFileGenerator = find_file_generator  # noqa: N816
