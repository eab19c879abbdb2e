"""Which member handed a queued crash out, while it is outstanding."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from socorro_fast.checks import check_crash_id

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.containers.failures import Failure


class HandedOut:
    """The queues of several storages as one; acknowledgements find their way back.

    It takes no lock: each step is one operation on a dict. What is outstanding takes memory, what
    was acknowledged takes none.

    Args:
        queues: The members that have a queue, by role.
    """

    def __init__(self, queues: dict[str, CrashStorageBase]) -> None:
        self.queues = queues
        self._from: dict[str, CrashStorageBase] = {}

    def walk(self, check: Callable[[], None], failures: list[Failure]) -> Iterator[str]:
        """Yield the new crashes of every queue, one queue after the other.

        A queue that fails goes into `failures`, and the next one gets its turn. A crash that is
        still outstanding from another queue is given back, for a later pass.
        """
        for role, queue in self.queues.items():
            with closing(self._walk_one(queue)) as walk:
                while True:
                    check()
                    try:
                        crash_id = next(walk)
                    except StopIteration:
                        break
                    except Exception as error:  # noqa: BLE001 - raised when all had a turn
                        failures.append((role, error))
                        break
                    yield crash_id

    def _walk_one(self, queue: CrashStorageBase) -> Generator[str, None, None]:
        advances = _advances(queue)
        for crash_id in queue.new_crashes():
            if self._from.setdefault(crash_id, queue) is not queue:
                queue.release_crash(crash_id)
                continue
            try:
                yield crash_id
            finally:
                if advances:
                    self._from.pop(crash_id, None)

    def give_back(self, operation: str, crash_id: str) -> None:
        """Acknowledge or release a crash where it came from; a stranger, everywhere."""
        queue = self._from.pop(check_crash_id(crash_id), None)
        queues: Sequence[CrashStorageBase] = [*self.queues.values()] if queue is None else [queue]
        try:
            for each in queues:
                getattr(each, operation)(crash_id)
        except BaseException:
            # It is still out: whoever tries again must find its queue.
            if queue is not None:
                self._from.setdefault(crash_id, queue)
            raise

    def holds(self, crash_id: str) -> bool:
        """Return whether a crash is outstanding."""
        return crash_id in self._from


def _advances(queue: CrashStorageBase) -> bool:
    # Such a queue takes "the next, please" for the acknowledgement: none will come by name.
    if queue.is_container:
        return any(_advances(member) for member in queue.members)
    return getattr(queue.options, "ack", "explicit") == "advance"
