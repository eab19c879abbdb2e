"""How this machine stands to the one where the original was first measured.

The original spends its time in the interpreter and in the kernel, the floor in the kernel alone.
On a machine with a slower interpreter, or a faster kernel, the same original is further from the
floor without being any worse. Two yardsticks, both measured in the same run, say by how much.
"""

from __future__ import annotations

import json
import timeit
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socorro_fast.bench import workload

if TYPE_CHECKING:
    from benches.targets import Target

JSON_MICROSECONDS = 6.8
"""What `json.dumps` of a 2 KB raw crash took there."""

_REPEATS = 30
_CALLS = 500


@dataclass(frozen=True)
class Machine:
    """What this machine is like.

    Attributes:
        interpreter: How many times as long Python takes here as it did there.
    """

    interpreter: float

    @classmethod
    def measure(cls) -> Machine:
        """Look at this machine; takes about 0.2 s."""
        crash = workload.raw_crash()
        times = timeit.repeat(lambda: json.dumps(crash), number=_CALLS, repeat=_REPEATS)
        return cls(min(times) / _CALLS * 1e6 / JSON_MICROSECONDS)

    def expected(self, once: Target, floor: float | None) -> float | None:
        """Return original : floor as it should be here, or None where it was not measured there.

        What the original took there beyond the floor was Python's, and takes `interpreter` times
        as long here. Where its time was not written down, the floor is taken to be the same.

        Args:
            once: What was measured there.
            floor: Microseconds that the floor takes here.
        """
        if once.floor is None or floor is None:
            return None
        floor_there = floor if once.classic is None else once.classic / once.floor
        return 1 + (once.floor - 1) * self.interpreter * floor_there / floor
