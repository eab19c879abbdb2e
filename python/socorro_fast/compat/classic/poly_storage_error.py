"""Several failures in one exception, which the original's code fills and reads like a list."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from socorro_fast.errors import PolyCrashStorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class PolyStorageError(PolyCrashStorageError):
    """Several storages failed.

    As the original's, it is a sequence of `sys.exc_info()` triples that can be made empty and
    filled. `exceptions` are the exceptions themselves.

    Args:
        message: What was being done.
        exceptions: What was raised.
    """

    def __new__(cls, message: str = "", exceptions: Iterable[Exception] = ()) -> Self:
        """Make the group."""
        # A group cannot be empty. Nobody sees what stands in: `exceptions` is overridden.
        return super().__new__(cls, message, [*exceptions] or [_NOTHING])

    def __init__(self, message: str = "", exceptions: Iterable[Exception] = ()) -> None:
        self._all = [*exceptions]
        self._gathered: list[BaseException] = []
        super().__init__(message, self._all)

    @property
    def exceptions(self) -> tuple[Any, ...]:
        """What was raised, in order."""
        return tuple(self._all)

    def gather_current_exception(self) -> None:
        """Add the exception that is being handled."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            self._all.append(error)
            self._gathered.append(error)

    def has_exceptions(self) -> bool:
        """Return whether there are any."""
        return bool(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[ExcInfo]:
        return map(_exc_info, self._all)

    def __getitem__(self, index: int) -> ExcInfo:
        return _exc_info(self._all[index])

    def __setitem__(self, index: int, value: Any) -> None:
        self._all[index] = value[1] if isinstance(value, tuple) else value

    def __contains__(self, value: object) -> bool:
        return (value[1] if isinstance(value, tuple) else value) in self._all

    def __str__(self) -> str:
        return ",".join([*filter(None, [self.message]), *map(repr, self._gathered)])


_NOTHING = Exception("nothing")


def _exc_info(error: BaseException) -> ExcInfo:
    return type(error), error, error.__traceback__
