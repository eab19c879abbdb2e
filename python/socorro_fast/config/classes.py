"""Storage classes by name, without loading their drivers."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import socorro_fast
from socorro_fast.base import CrashStorageBase
from socorro_fast.errors import ConfigurationError


def find_class(name: str) -> type[CrashStorageBase]:
    """Return a storage class by a name that `socorro_fast` exports, or by its dotted path.

    Raises:
        ConfigurationError: There is none; the nearest name is in the message.
    """
    module, dot, attribute = name.rpartition(".")
    if not dot and attribute not in socorro_fast.__all__:
        near = get_close_matches(name, storage_names(), n=1)
        others = (
            f"the nearest is {near[0]!r}" if near else f"there are {', '.join(storage_names())}"
        )
        raise ConfigurationError(f"no storage class {name!r}; {others}")
    try:
        found = getattr(import_module(module) if dot else socorro_fast, attribute)
    except Exception as error:  # anything may happen when a module of others is imported
        raise ConfigurationError(f"cannot import storage class {name!r}: {error!r}") from error
    if isinstance(found, type) and issubclass(found, CrashStorageBase):
        return found
    raise ConfigurationError(f"{name!r} is not a storage class")


def storage_names() -> list[str]:
    """Return the names of the storage classes that `socorro_fast` exports."""
    ends = ("Storage", "Store")
    return sorted(name for name in socorro_fast.__all__ if name.endswith(ends))
