"""How long each operation of the demo took."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Timings:
    """The durations of one operation; may be added to from several threads.

    Attributes:
        operation: What was done, for people.
        seconds: The duration of each call.
        size: How many bytes went through all calls together.
        wall: Seconds on the clock when calls ran side by side; 0 if they ran one by one.
    """

    operation: str
    seconds: list[float] = field(default_factory=list)
    size: int = 0
    wall: float = 0.0

    def time(self, call: Callable[[], T]) -> T:
        """Return what `call` returns and note how long it took."""
        start = time.perf_counter()
        result = call()
        self.seconds.append(time.perf_counter() - start)
        return result

    @property
    def count(self) -> int:
        """The number of calls."""
        return len(self.seconds)

    @property
    def elapsed(self) -> float:
        """The time that all calls took, in seconds."""
        return self.wall or sum(self.seconds)

    def percentile(self, share: float) -> float:
        """Return the duration in seconds that the `share` (0-1) quickest calls kept within."""
        ordered = sorted(self.seconds)
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]

    def summary(self) -> dict[str, str | float | None]:
        """Return the row of the table: rates per second of `elapsed`, durations in seconds."""
        return {
            "operation": self.operation,
            "crashes": self.count,
            "per_second": self.count / self.elapsed,
            "bytes_per_second": self.size / self.elapsed if self.size else None,
            "p50": self.percentile(0.50),
            "p99": self.percentile(0.99),
        }
