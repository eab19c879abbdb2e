"""What Antenna's heartbeat asks of a storage."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Protocol

from socorro_fast.crash_id import new_crash_id
from socorro_fast.errors import CrashIDNotFound, OperationNotSupported

if TYPE_CHECKING:
    from socorro_fast.base import CrashStorageBase


class State(Protocol):
    """What failures are told to."""

    def add_error(self, name: str, msg: str) -> object:
        """Take a failure: who has it, and what it is."""


def check_writable(directory: str, name: str, state: State) -> None:
    """Tell `state` if no file can be written in `directory`. None is left there."""
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(b"probe")
    except OSError as error:
        state.add_error(name, repr(error))


def check_answers(storage: CrashStorageBase, name: str, state: State) -> None:
    """Tell `state` if `storage`, asked for a crash that nobody has, does not say just that."""
    try:
        storage.get_raw_crash(new_crash_id())
    except (CrashIDNotFound, OperationNotSupported):
        pass
    except Exception as error:  # noqa: BLE001 - a heartbeat reports, whatever it is
        state.add_error(name, repr(error))
