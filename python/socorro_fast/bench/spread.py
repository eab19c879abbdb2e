"""Medians and quartiles."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Spread(NamedTuple):
    """The quartiles of numbers, one of each round."""

    q1: float
    median: float
    q3: float

    @classmethod
    def of(cls, over: Sequence[float], under: Sequence[float]) -> Spread:
        """Return the quartiles of `over[n] / under[n]`."""
        return cls.over([one / other for one, other in zip(over, under, strict=True)])

    @classmethod
    def over(cls, numbers: Sequence[float]) -> Spread:
        """Return the quartiles of numbers."""
        if len(numbers) == 1:
            return cls(*[numbers[0]] * 3)
        return cls(*statistics.quantiles(numbers, n=4, method="inclusive"))

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.q1:.2f}, {self.q3:.2f}]"
