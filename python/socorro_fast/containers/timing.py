"""Containers that time what their member does."""

from __future__ import annotations

from abc import abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, Any

from socorro_fast.containers.wrapper import WrapperContainer

if TYPE_CHECKING:
    from collections.abc import Callable


class TimingContainer(WrapperContainer):
    """A wrapper that reports how long each call of its member took, and how it ended.

    Time is that of a monotonic clock. A walk over the queue is reported step by step: the
    time that each crash took, without what the consumer did between. Of a listing, it is the
    beginning that is reported.
    """

    def _is_wanted(self) -> bool:
        """Return whether anybody takes note now."""
        return True

    @abstractmethod
    def _report(self, operation: str, seconds: float, errors: list[BaseException]) -> None:
        """Take note of a call: how long it took, and what it raised or has among its outcomes."""

    def _run(self, operation: str, call: Callable[..., Any], *args: Any) -> Any:
        if self._closed:
            self._check_open()
        if not self._is_wanted():
            return call(*args)
        started = perf_counter()
        try:
            result = call(*args)
        except BaseException as error:
            self._report(operation, perf_counter() - started, [error])
            raise
        errors = _errors_in(result) if operation.endswith("_many") else []
        self._report(operation, perf_counter() - started, errors)
        return result


def _errors_in(outcomes: list[Any]) -> list[BaseException]:
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
