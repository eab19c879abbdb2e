"""A storage that must not be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.containers.wrapper import WrapperContainer
from socorro_fast.errors import OperationNotSupported
from socorro_fast.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READS = frozenset({name for name in OPERATIONS if name.startswith("get_")} | {"list_crashes"})


class ReadOnlyCrashStorage(WrapperContainer):
    """Lets reads through to its member and refuses everything else.

    Saves and removals are refused, and so is the queue: handing crashes out and acknowledging them
    changes it. Options: `WrapperOptions`.

    Raises:
        OperationNotSupported: From whatever would change the member.
    """

    def _run(self, operation: str, call: Callable[..., Any], *args: Any) -> Any:
        if operation not in _READS:
            raise OperationNotSupported(f"{self!r} refuses {operation}")
        return super()._run(operation, call, *args)

    def new_crashes(self) -> Iterator[str]:
        """Refuse: a crash handed out is one that nobody else gets.

        Raises:
            OperationNotSupported: Always.
        """
        raise OperationNotSupported(f"{self!r} refuses new_crashes")

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of the reads that the member has."""
        return self.storage.capabilities & _READS
