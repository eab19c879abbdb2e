"""Whose turn it is: the queues by priority, and none of them for ever behind the others."""

from collections.abc import Sequence
from itertools import islice

PRIORITY_RUN = 10
"""How many crashes the priority queue may have in a row before another queue gets a turn."""


class Turns:
    """The order in which queues are looked at, for the next crash.

    Args:
        queues: Their names, the priority queue first.
    """

    def __init__(self, queues: Sequence[str]) -> None:
        self._first = queues[0]
        self._others = [*islice(queues, 1, None)]
        self._run = 0

    def order(self) -> list[str]:
        """Return the queues, that whose turn it is first."""
        if self._run >= PRIORITY_RUN:
            return [*self._others, self._first]
        return [self._first, *self._others]

    def took(self, queue: str) -> None:
        """Note that a crash of this queue was handed out: the others go before it next time."""
        if queue == self._first:
            self._run += 1
            return
        self._run = 0
        self._others.remove(queue)
        self._others.append(queue)
