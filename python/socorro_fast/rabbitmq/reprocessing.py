"""Storages that queue crashes by their IDs: once more, or before others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from socorro_fast.checks import check_crash_id
from socorro_fast.rabbitmq.crashstorage import PART, RabbitMQCrashStorage
from socorro_fast.rabbitmq.options import (
    PriorityjobOptions,
    ReprocessingOneOptions,
    ReprocessingOptions,
)

if TYPE_CHECKING:
    from socorro_fast.options import StorageOptions


class ReprocessingRabbitMQCrashStore(RabbitMQCrashStorage):
    """Queues every crash for reprocessing. Options: `ReprocessingOptions`."""

    Options: ClassVar[type[StorageOptions]] = ReprocessingOptions
    options: ReprocessingOptions

    _saves_to = "reprocessing_queue_name"

    def reprocess(self, crash_ids: Iterable[str]) -> bool:
        """Queue crashes by their IDs; return whether there were any.

        Raises:
            InvalidCrashID: One of them is none; nothing was queued.
            StorageUnavailable: Not all of them are queued.
        """
        self._check_open()
        checked = [check_crash_id(crash_id) for crash_id in _listed(crash_ids)]
        for first in range(0, len(checked), PART):
            self.quit_check()
            self._queue(checked[first : first + PART])
        return bool(checked)


class ReprocessingOneRabbitMQCrashStore(ReprocessingRabbitMQCrashStore):
    """`ReprocessingRabbitMQCrashStore` for the odd crash: it keeps no connection.

    Options: `ReprocessingOneOptions`.
    """

    Options: ClassVar[type[StorageOptions]] = ReprocessingOneOptions
    options: ReprocessingOneOptions


class PriorityjobRabbitMQCrashStore(ReprocessingRabbitMQCrashStore):
    """Queues every crash for processing before others. Options: `PriorityjobOptions`."""

    Options: ClassVar[type[StorageOptions]] = PriorityjobOptions
    options: PriorityjobOptions

    _saves_to = "priority_queue_name"

    def process(self, crash_ids: Iterable[str]) -> bool:
        """Queue crashes by their IDs; return whether there were any.

        Raises:
            InvalidCrashID: One of them is none; nothing was queued.
            StorageUnavailable: Not all of them are queued.
        """
        return self.reprocess(crash_ids)

    def create(self, uuid: str) -> bool:
        """Queue one crash: what the service `CrashData` asks of priority jobs.

        Raises:
            InvalidCrashID: It is none.
            StorageUnavailable: It is not queued.
        """
        return self.reprocess([uuid])


def _listed(crash_ids: object) -> Iterable[object]:
    # A single ID is a sequence of texts as well; what is no list is refused as an ID.
    if isinstance(crash_ids, str | bytes) or not isinstance(crash_ids, Iterable):
        return [crash_ids]
    return crash_ids
