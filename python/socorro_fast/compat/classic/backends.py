"""Storages that need nothing but another constructor: one line makes one a classic class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOR_EVER = {"transaction_executor_class": "TransactionExecutorWithInfiniteBackoff"}
_QUEUE = {"ack": "explicit", **_FOR_EVER}


class Backend(NamedTuple):
    """Where a storage is, and what the original's had otherwise.

    Attributes:
        module: Has it, under the name that it had in the original.
        defaults: Of its options, where the original's differ.
        names: Of its options, where the original's differ.
    """

    module: str
    defaults: Mapping[str, Any] = {}
    names: Mapping[str, str] = {}


BACKENDS = {
    "InMemoryCrashStorage": Backend("socorro_fast.memory"),
    "PriorityjobRabbitMQCrashStore": Backend("socorro_fast.rabbitmq", _QUEUE),
    "RabbitMQCrashStorage": Backend("socorro_fast.rabbitmq", _QUEUE),
    "ReprocessingOneRabbitMQCrashStore": Backend("socorro_fast.rabbitmq", _QUEUE),
    "ReprocessingRabbitMQCrashStore": Backend("socorro_fast.rabbitmq", _QUEUE),
}
"""Such storages by name."""
