"""Which packages of others a storage needs, and what to install where one is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import ClassVar, Protocol

from socorro_fast.errors import ConfigurationError


class NeedsDrivers(Protocol):
    """A storage, or another class that is made of the drivers of others."""

    extra: ClassVar[str | None]
    drivers: ClassVar[tuple[str, ...]]


def check_drivers(storage_class: type[NeedsDrivers]) -> None:
    """Refuse a class whose drivers are not installed; none is loaded by looking.

    Raises:
        ConfigurationError: Naming what is missing and the extra to install.
    """
    missing = [name for name in storage_class.drivers if not _is_installed(name)]
    if missing:
        install = f"pip install 'socorro-fast[{storage_class.extra}]'"
        what = install if storage_class.extra else f"pip install {' '.join(missing)}"
        raise ConfigurationError(
            f"{storage_class.__name__} needs {' and '.join(missing)}, not installed here: {what}"
        )


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
