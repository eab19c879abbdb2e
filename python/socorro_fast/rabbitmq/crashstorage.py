"""RabbitMQ as the queue of new crashes: it has their IDs, another storage has the crashes."""

from __future__ import annotations

import logging
import random
import threading
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import (
    check_batch,
    check_crash_id,
    check_item,
    check_raw_crash,
    check_same_crash,
)
from socorro_fast.codec import get_codec
from socorro_fast.dumps import check_dump_file, normalise_dumps
from socorro_fast.errors import CrashStorageError, StorageUnavailable
from socorro_fast.rabbitmq.claims import Claims
from socorro_fast.rabbitmq.connection_context import ConnectionContextShared, close_contexts
from socorro_fast.rabbitmq.options import RabbitMQOptions
from socorro_fast.rabbitmq.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from socorro_fast.options import StorageOptions
    from socorro_fast.rabbitmq.connection import Connection

logger = logging.getLogger(__name__)

PART = 1000
"""Messages that are published in one piece: enough to make the wait for the disk cheap."""


class RabbitMQCrashStorage(CrashStorageBase):
    """Queues the IDs of raw crashes, and hands them out.

    `save_raw_crash` returns when the broker has the ID on disk, in the queue
    `routing_key`. It does
    not queue a crash that the options `filter_on_legacy_processing` and `throttle` keep out.

    `new_crashes` takes from the priority queue first, then in turn from the standard and the
    reprocessing queue, which get one of eleven turns at least. A pass ends when all are empty; each
    message is in the hands of one consumer, until that one acknowledges, closes, dies or loses its
    connection. Then it comes again. A message that is no crash ID is logged and rejected: RabbitMQ
    drops it, or moves it to the dead-letter exchange of its queue.

    Nothing connects before the first use. Options: `RabbitMQOptions`.
    """

    Options: ClassVar[type[StorageOptions]] = RabbitMQOptions
    options: RabbitMQOptions
    extra: ClassVar[str | None] = "rabbitmq"
    drivers: ClassVar[tuple[str, ...]] = ("pika",)
    exceptions_eligible_for_retry = (StorageUnavailable,)

    _saves_to: ClassVar[str] = "standard_queue_name"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._codec = get_codec("orjson")
        self._quit = threading.Event()
        self._saving = self.options.rabbitmq_class.from_config(self.options)
        # A connection of its own: a broker in alarm blocks those that publish, acks with them.
        self._taking = ConnectionContextShared.from_config(self.options)
        self._save_executor = self._executor(self._saving)
        self._take_executor = self._executor(self._taking)
        self._claims = Claims()

    def _executor(self, context: Any) -> Any:
        return self.options.executor(
            context, quit_check_callback=self.quit_check, quit_event=self._quit
        )

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Queue a crash; when this returns, the broker has it on disk.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was queued.
            StorageUnavailable: The broker did not confirm; it may have it, or there is no queue.
        """
        self._check(raw_crash, dumps, crash_id)
        if self._is_wanted(raw_crash, crash_id):
            self._queue([crash_id])

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Do nothing: such a crash is not to be queued.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: As every storage.
        """
        check_same_crash(processed_crash, crash_id)
        self._check(raw_crash, dumps, crash_id)
        self._codec.dumps(processed_crash)

    def save_many(
        self, items: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        """Queue crashes, each `(raw_crash, dumps, crash_id)`, a thousand to a confirm.

        Returns:
            For each, in order: None, or the error; one failure does not stop the rest.
        """
        left, outcomes = check_batch(items), list[CrashStorageError | None]()
        while part := list(islice(left, PART)):
            self.quit_check()
            outcomes += self._save_part(part)
        return outcomes

    def new_crashes(self) -> Iterator[str]:
        """Yield the IDs of queued crashes; the pass ends when the queues are empty.

        Raises:
            StorageUnavailable: The broker is to blame, and trying again did not help.
        """
        self._check_open()
        return self._walk(Walk(self._claims, self.options))

    def _walk(self, walk: Walk) -> Iterator[str]:
        with closing(walk):
            while (crash_id := self._next(walk)) is not None:
                done = self._claims.release
                try:
                    yield crash_id
                    done = self._claims.ack
                finally:
                    if self.options.ack == "advance":
                        done(crash_id)

    def _next(self, walk: Walk) -> str | None:
        self.quit_check()
        self._check_open()
        crash_id: str | None = self._take_executor(walk.next)
        return crash_id

    def ack_crash(self, crash_id: str) -> str:
        """Take a crash that was handed out off its queue, and return its ID. Any thread may call.

        It is on its way to the broker when this returns. If the connection was lost meanwhile, the
        crash comes again.

        Raises:
            InvalidCrashID: It is none.
        """
        self._check_open()
        self._claims.ack(check_crash_id(crash_id))
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Put a crash that was handed out back on its queue, and return its ID.

        All other consumers may get it at once, this storage in a pass that begins later.

        Raises:
            InvalidCrashID: It is none.
            StorageUnavailable: The connection is lost: the broker puts it back by itself.
        """
        self._check_open()
        self._claims.release(check_crash_id(crash_id))
        return crash_id

    def count(self, queue: str | None = None) -> int:
        """Return how many messages wait in a queue; default: the one that saves go to.

        Raises:
            StorageUnavailable: There is no such queue, or the broker is to blame.
        """
        self._check_open()
        messages: int = self._save_executor(lambda it: it.count(queue or self.queue))
        return messages

    def purge(self, queue: str | None = None) -> int:
        """Drop all messages that wait in a queue; return how many. What is handed out stays so.

        Args:
            queue: Its name; default: the one that saves go to. It is emptied, not deleted.

        Raises:
            StorageUnavailable: There is no such queue, or the broker is to blame.
        """
        self._check_open()
        messages: int = self._save_executor(lambda it: it.purge(queue or self.queue))
        return messages

    @property
    def queue(self) -> str:
        """The name of the queue that saves go to."""
        name: str = self.options.routing_key or getattr(self.options, self._saves_to)
        return name

    def close(self) -> None:
        """Give back what is not acknowledged, within 5 seconds; a second call does nothing."""
        super().close()
        self._quit.set()
        close_contexts(self._taking, self._saving)

    def _check(self, raw_crash: object, dumps: object, crash_id: str) -> None:
        # What a neighbour in a composition refuses to store must not be queued either.
        self._check_open()
        check_crash_id(crash_id)
        self._codec.dumps(check_raw_crash(raw_crash))
        for _name, dump in normalise_dumps(dumps, self.options.dump_field) or ():
            if isinstance(dump, str):
                check_dump_file(dump)

    def _is_wanted(self, raw_crash: dict[str, Any], crash_id: str) -> bool:
        legacy = raw_crash.get("legacy_processing", 0)
        if self.options.filter_on_legacy_processing and legacy not in (0, "0"):
            logger.debug("%s is not queued: legacy_processing is %r", crash_id, legacy)
            return False
        throttle = self.options.throttle
        if throttle < 100 and random.randint(1, 100) > throttle:  # noqa: S311, PLR2004 - a sample
            logger.debug("%s is not queued: throttled", crash_id)
            return False
        return True

    def _save_part(
        self, part: list[tuple[dict[str, Any], Mapping[str, Any] | None, str]]
    ) -> list[CrashStorageError | None]:
        outcomes: list[CrashStorageError | None] = [None] * len(part)
        wanted: dict[int, str] = {}
        for place, item in enumerate(part):
            try:
                raw_crash, dumps, crash_id = check_item(item)
                self._check(raw_crash, dumps, crash_id)
            except CrashStorageError as error:
                outcomes[place] = error
                continue
            if self._is_wanted(raw_crash, crash_id):
                wanted[place] = crash_id
        for place, outcome in zip(wanted, self._publish([*wanted.values()]), strict=True):
            outcomes[place] = outcome
        return outcomes

    def _queue(self, crash_ids: list[str]) -> None:
        for error in self._publish(crash_ids):
            if error is not None:
                raise error

    def _publish(self, crash_ids: list[str]) -> list[CrashStorageError | None]:
        """Queue crashes; what may come to be queued is tried again, and nothing else."""
        outcomes: list[CrashStorageError | None] = [None] * len(crash_ids)
        left = [*range(len(crash_ids))]

        def publish(connection: Connection) -> None:
            done = connection.publish(self.queue, [crash_ids[place] for place in left])
            for place, outcome in zip(left, done, strict=True):
                outcomes[place] = outcome
            if not any(done):
                left.clear()
                return
            failed = [(place, error) for place, error in zip(left, done, strict=True) if error]
            left[:] = [place for place, error in failed if error.retryable]
            if left:
                raise next(error for _place, error in failed if error.retryable)

        try:
            self._save_executor(publish)
        except CrashStorageError as error:
            for place in left:
                outcomes[place] = outcomes[place] or error
        return outcomes
