"""A queue that hands each entry to one consumer at a time."""


class ClaimQueue:
    """Crash IDs that wait, in order, and those that are handed out.

    It takes no lock: the storage that owns it does. `last` is the number of the newest entry.
    """

    def __init__(self) -> None:
        self.last = 0
        self._waiting: dict[str, int] = {}
        self._held: set[str] = set()
        self._saved_again: set[str] = set()

    def add(self, crash_id: str) -> None:
        """Queue a crash; one that is handed out is queued when it comes back."""
        if crash_id in self._held:
            self._saved_again.add(crash_id)
        elif crash_id not in self._waiting:
            self.last += 1
            self._waiting[crash_id] = self.last

    def claim(self, end: int) -> str | None:
        """Hand out the oldest crash numbered `end` or less, if there is one."""
        crash_id, number = next(iter(self._waiting.items()), (None, 0))
        if crash_id is None or number > end:
            return None
        del self._waiting[crash_id]
        self._held.add(crash_id)
        return crash_id

    def ack(self, crash_id: str) -> None:
        """Take a crash back as done; queue it if it was added meanwhile."""
        self._held.discard(crash_id)
        if crash_id in self._saved_again:
            self._saved_again.discard(crash_id)
            self.add(crash_id)

    def release(self, crash_id: str) -> None:
        """Take a crash back as not done, and queue it."""
        if crash_id in self._held:
            self._saved_again.add(crash_id)
            self.ack(crash_id)

    def drop(self, crash_id: str) -> None:
        """Forget a crash that waits; one that is handed out stays so."""
        self._waiting.pop(crash_id, None)
        self._saved_again.discard(crash_id)
