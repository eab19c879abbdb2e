"""The storage behind an adapter, from what a settings file or an environment can say."""

import json
import os
from collections.abc import Mapping
from typing import Any

from socorro_fast.base import CrashStorageBase
from socorro_fast.config import open_storage
from socorro_fast.errors import ConfigurationError, shown

Openable = CrashStorageBase | Mapping[str, Any] | str | os.PathLike[str]
"""A storage; a configuration as a mapping or as JSON text; the path of a TOML or JSON file."""


def check_openable(value: object) -> object:
    """Return `value` if it is an `Openable`.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(value, CrashStorageBase | Mapping | str | os.PathLike):
        return value
    raise ConfigurationError(f"a storage or its configuration is wanted, not {shown(value)}")


def opened(storage: Openable, app: str | None = None) -> CrashStorageBase:
    """Return the storage that is meant.

    Args:
        storage: An `Openable`.
        app: The app of the configuration whose storage is meant.

    Raises:
        ConfigurationError: It is none, or anything in its configuration is wrong.
        CrashStorageError: It could not be opened.
    """
    if isinstance(storage, CrashStorageBase):
        return storage
    config: Any = check_openable(storage)
    if isinstance(config, str) and config.lstrip().startswith("{"):
        config = _parsed(config)
    return open_storage(config, app=app)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"the configuration of a storage is no JSON: {error}") from error
