"""Storages that need nothing but another constructor: one line makes one a classic class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOR_EVER = {"transaction_executor_class": "TransactionExecutorWithInfiniteBackoff"}
_QUEUE = {"ack": "explicit", **_FOR_EVER}
# Buckets were made when they were missing, and keys without a prefix began with a slash.
_BUCKET = {"create_bucket": True, "leading_slash": True}
_BUCKET_NAMES = {"temp_path": "temporary_file_system_storage_path"}


class Backend(NamedTuple):
    """Where a storage is, and what the original's had otherwise.

    Attributes:
        module: Has it, under the name that it had in the original.
        defaults: Of its options, where the original's differ.
        names: Of its options, where the original's differ.
        unset: Values of its options that said nothing in the original, and would here.
    """

    module: str
    defaults: Mapping[str, Any] = {}
    names: Mapping[str, str] = {}
    unset: Mapping[str, Any] = {}


BACKENDS = {
    **{
        name: Backend("socorro_fast.s3", _BUCKET, _BUCKET_NAMES, {"port": 0})
        for name in ("BotoCrashStorage", "BotoS3CrashStorage", "TelemetryBotoS3CrashStorage")
    },
    **{
        name: Backend("socorro_fast.postgresql", _FOR_EVER)
        for name in ("PostgreSQLBasicCrashStorage", "PostgreSQLCrashStorage")
    },
    "InMemoryCrashStorage": Backend("socorro_fast.memory"),
    **{
        name: Backend("socorro_fast.rabbitmq", _QUEUE)
        for name in (
            "PriorityjobRabbitMQCrashStore",
            "RabbitMQCrashStorage",
            "ReprocessingOneRabbitMQCrashStore",
            "ReprocessingRabbitMQCrashStore",
        )
    },
}
"""Such storages by name."""
