"""When long loops end early: what storages ask, and what the caller told them to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socorro_fast.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from collections.abc import Callable


def never_quit() -> None:
    """Do nothing: what is asked where nobody said when to quit."""


def quit_check_of(callback: Callable[[], object] | None) -> Callable[[], object]:
    """Return what is to be called inside long loops, given what a caller handed in.

    Raises:
        ConfigurationError: It cannot be called.
    """
    if callback is None:
        return never_quit
    if not callable(callback):
        raise ConfigurationError(f"quit_check_callback must be callable, not {shown(callback)}")
    return callback
