"""A walk over new crashes that goes on over a new connection when one is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from socorro_fast.errors import CrashStorageError

if TYPE_CHECKING:
    from socorro_fast.rabbitmq.claims import Claims
    from socorro_fast.rabbitmq.connection import Connection
    from socorro_fast.rabbitmq.options import RabbitMQOptions
    from socorro_fast.rabbitmq.queue_pass import QueuePass


class Walk:
    """What an iterator over new crashes has for state."""

    def __init__(self, claims: Claims, options: RabbitMQOptions) -> None:
        self._claims = claims
        self._options = options
        self._pass: QueuePass | None = None
        self._process = os.getpid()

    def next(self, connection: Connection) -> str | None:
        """Return the next crash, or None at the end.

        Raises:
            StorageUnavailable: The broker is to blame.
            CrashStorageError: This is a child of the process that began.
        """
        if os.getpid() != self._process:
            raise CrashStorageError("a pass over the queue cannot go on in the child of a fork")
        if self._pass is None or not self._pass.deliveries.is_alive:
            self._pass = self._begin(connection)
        return self._pass.next()

    def close(self) -> None:
        """Put back what was not handed out."""
        if self._pass is not None and os.getpid() == self._process:
            self._pass.finish()

    def _begin(self, connection: Connection) -> QueuePass:
        from socorro_fast.rabbitmq.queue_pass import QueuePass  # noqa: PLC0415 - loads the driver

        options = self._options
        return QueuePass(
            connection.deliveries(options.prefetch_count),
            self._claims,
            connection.options.queue_names,
            patience=options.prefetch_count,
            push=options.consume == "prefetch",
        )
