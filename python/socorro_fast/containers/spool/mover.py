"""The thread behind a spool, and what it does."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from socorro_fast.containers.spool.delivery import Delivery, Parcel, is_damage, is_refusal
from socorro_fast.errors import CrashStorageError
from socorro_fast.fork_safe import ForkSafeLock, renew_in_children
from socorro_fast.transaction import TransactionExecutorWithInfiniteBackoff

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from socorro_fast.containers.spool.lane import Lane

logger = logging.getLogger(__name__)

_JITTER = 0.2
_MISSES = 3
"""Failures in a row of crashes that failed before, from which on nobody seems to be there."""
_FORGOTTEN = 60.0
"""Seconds after which a crash that waits, and was not in the queue, is queued again."""
_PRUNE_EVERY = 600.0
"""Seconds between looks for days of which nothing waits."""


class Mover:
    """Brings what waits in a spool to the storage behind it.

    Args:
        delivery: How one crash gets there.
        batch: How many crashes go in one batch, and how many bytes.
        interval: Seconds after which the thread looks for what other processes saved.
        backoff_delays: Seconds between tries while the storage behind is away.
        quit_check: Called between crashes.
    """

    def __init__(
        self,
        delivery: Delivery,
        *,
        batch: tuple[int, int],
        interval: float,
        backoff_delays: str,
        quit_check: Callable[[], object],
    ) -> None:
        self._delivery = delivery
        self._batch = batch
        self._interval = interval
        self._backoff_delays = backoff_delays
        self._quit_check = quit_check
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._lock = ForkSafeLock()
        self._passing = ForkSafeLock()
        self.damaged: dict[tuple[str, str], str] = {}
        self.moved = 0
        self.last_error: Exception | None = None
        # When each crash failed last that still waits: those go last, the latest of them last.
        self._failed: dict[tuple[str, str], int] = {}
        self._counter = itertools.count()
        self._pruned: float | None = None
        self._stopped = False
        renew_in_children(self)
        # Checks the delays, before anything is saved.
        self._executor()

    def drain(self) -> int:
        """Move what waits now; return how many crashes were moved.

        Raises:
            CrashStorageError: The storage behind did not take one. It, and what is behind it if
                nothing could be saved, still waits.
        """
        moved, failed = self._one_pass()
        if failed is not None:
            raise failed
        return moved

    def _one_pass(self) -> tuple[int, Exception | None]:
        with self._passing:
            before, self.last_error = self.moved, None
            lanes = (self._delivery.raw, self._delivery.processed)
            if all(self._drain_lane(lane) for lane in lanes) and self.last_error is None:
                self._requeue_forgotten({lane.name: lane for lane in lanes})
            self._prune(lanes)
            return self.moved - before, self.last_error

    def _requeue_forgotten(self, lanes: Mapping[str, Lane]) -> None:
        for name, crash_id in self._delivery.room.older_than(_FORGOTTEN):
            if (name, crash_id) not in self.damaged:
                logger.warning("%s was in the spool and not in its queue", crash_id)
                self._delivery.requeue(lanes[name], crash_id)

    def _prune(self, lanes: Sequence[Lane]) -> None:
        now = time.monotonic()
        if self._pruned is None or now - self._pruned >= _PRUNE_EVERY:
            self._pruned = now
            for lane in lanes:
                self._delivery.prune(lane)

    def _drain_lane(self, lane: Lane) -> bool:
        """Move what waits in a lane; return False if the storage behind seems to be away."""
        storage = lane.waiting_if_any()
        if storage is None:
            return True
        with closing(self._batches(lane, storage.new_crashes())) as batches:
            misses = 0
            for batch in batches:
                failed_before = (lane.name, batch[0].crash_id) in self._failed
                misses = 0 if self._deliver(lane, batch) else misses + 1
                # Those that failed before come last, and do not show that nobody is there.
                if misses and not (failed_before and misses < _MISSES):
                    return False
            return True

    def _batches(self, lane: Lane, walk: Iterator[str]) -> Generator[list[Parcel], None, None]:
        # The first crash goes alone: it may show that nobody is there, and how long that takes.
        crashes, room = 1, self._batch[1]
        batch: list[Parcel] = []
        aside: list[str] = []
        try:
            for crash_id in walk:
                self._check_quit(lane, crash_id)
                if (lane.name, crash_id) in self._failed:
                    aside.append(crash_id)
                    continue
                parcel = self._read(lane, crash_id)
                if parcel is None:
                    continue
                batch.append(parcel)
                room -= parcel.found.mark.size
                if len(batch) >= crashes or room <= 0:
                    yield batch
                    batch, crashes, room = [], self._batch[0], self._batch[1]
            if batch:
                yield batch
            aside.sort(key=lambda crash_id: -self._failed[lane.name, crash_id])
            while aside:
                self._quit_check()
                if parcel := self._read(lane, aside.pop()):
                    yield [parcel]
        finally:
            # Of a batch that was delivered nothing is in hand any more.
            for crash_id in [*aside, *(each.crash_id for each in batch)]:
                lane.waiting.release_crash(crash_id)
            _close(walk)

    def _check_quit(self, lane: Lane, crash_id: str) -> None:
        try:
            self._quit_check()
        except BaseException:
            lane.waiting.release_crash(crash_id)
            raise

    def _read(self, lane: Lane, crash_id: str) -> Parcel | None:
        try:
            parcel = self._delivery.read(lane, crash_id)
        except CrashStorageError as error:
            self._keep_back(lane, crash_id, error)
            return None
        except BaseException:
            lane.waiting.release_crash(crash_id)
            raise
        if parcel is None:
            lane.waiting.ack_crash(crash_id)
            self._failed.pop((lane.name, crash_id), None)
        return parcel

    def _keep_back(self, lane: Lane, crash_id: str, error: CrashStorageError) -> None:
        if not is_damage(error):
            lane.waiting.release_crash(crash_id)
            self.last_error = error
            return
        # It stays in hand: it must not come round again as long as this process lives.
        self.damaged[lane.name, crash_id] = str(error)
        logger.error("%s stays in the spool: %s", crash_id, error)

    def _deliver(self, lane: Lane, batch: list[Parcel]) -> bool:
        left = {each.crash_id: each for each in batch}
        try:
            for parcel, error in zip(batch, self._delivery.save(lane, batch), strict=True):
                if error is None:
                    self._delivery.settle(lane, parcel)
                    self.moved += 1
                elif is_refusal(error):
                    self._delivery.refuse(lane, parcel, error)
                else:
                    self.last_error = error
                    self._failed[lane.name, parcel.crash_id] = next(self._counter)
                    continue
                del left[parcel.crash_id]
                self._failed.pop((lane.name, parcel.crash_id), None)
        finally:
            for crash_id in left:
                lane.waiting.release_crash(crash_id)
        return len(left) < len(batch)

    def wake(self) -> None:
        """Tell the thread that something was saved; start it if it does not run here."""
        if self._thread is None:
            self.start()
        self._woken.set()

    def start(self) -> None:
        """Start the thread, unless it runs or was stopped."""
        with self._lock:
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait until it has ended."""
        self._stopped = True
        self._stopping.set()
        self._woken.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        execute = self._executor()
        while not self._stopping.is_set():
            try:
                execute(self._try)
            except Exception as error:  # noqa: BLE001 - it was logged, and the thread goes on
                self.last_error = error
            self._woken.wait(self._interval)
            self._woken.clear()

    def _try(self, _connection: object) -> None:
        moved, failed = self._one_pass()
        if failed is not None and not moved:
            raise failed

    def _executor(self) -> TransactionExecutorWithInfiniteBackoff:
        return TransactionExecutorWithInfiniteBackoff(
            _Behind(),
            backoff_delays=self._backoff_delays,
            jitter=_JITTER,
            quit_event=self._stopping,
        )

    def renew_after_fork(self) -> None:
        """Forget the thread, which runs in the parent."""
        self._thread = None
        self._stopping, self._woken = threading.Event(), threading.Event()
        self.damaged = {}


class _Behind:
    """The storage behind as a connection that is always open, and may fail in any way."""

    operational_exceptions: tuple[type[BaseException], ...] = (Exception,)
    conditional_exceptions: tuple[type[BaseException], ...] = ()

    def __call__(self) -> AbstractContextManager[_Behind]:
        return _entered(self)

    def is_operational_exception(self, _error: BaseException) -> bool:
        return True

    def force_reconnect(self) -> None:
        """Do nothing: the storage itself connects again."""

    commit = rollback = force_reconnect


@contextmanager
def _entered(connection: _Behind) -> Iterator[_Behind]:
    yield connection


def _close(walk: Any) -> None:
    if hasattr(walk, "close"):
        walk.close()
