"""What the storages behind a service have in common: how they try again, as options."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - pydantic reads the annotations
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from socorro_fast.options import StorageOptions
from socorro_fast.transaction import (
    BACKOFF_DELAYS,
    TransactionExecutor,
    TransactionExecutorWithBackoff,
    TransactionExecutorWithLimitedBackoff,
    checked_delays,
)

if TYPE_CHECKING:
    import threading

    from socorro_fast.transaction import ConnectionContext


def class_named(module: str) -> BeforeValidator:
    """Return a validator of an option that is a class.

    As text, it is the name of a class in `module`, or a dotted path.
    """

    def find(value: object) -> object:
        if not isinstance(value, str):
            return value
        home, _, name = value.rpartition(".")
        try:
            return getattr(import_module(home or module), name)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"there is no such class: {error}") from error

    return BeforeValidator(find)


ExecutorClass = Annotated[type[TransactionExecutor], class_named("socorro_fast.transaction")]
"""An option: a transaction executor, or the name of one."""

Delays = Annotated[tuple[float, ...], BeforeValidator(checked_delays)]
"""An option: seconds between tries, as numbers or comma text."""


class TransactionOptions(StorageOptions):
    """Options of a storage whose work goes through transaction executors."""

    transaction_executor_class: ExecutorClass = Field(
        default=TransactionExecutorWithLimitedBackoff,
        description="what tries again when the service is to blame: an executor class or its name",
    )
    backoff_delays: Delays = Field(
        default=BACKOFF_DELAYS,
        description="seconds between tries, as numbers or comma text",
    )
    wait_log_interval: float = Field(
        default=10, ge=0, description="seconds between log lines while waiting; 0: none"
    )
    jitter: float = Field(
        default=0, ge=0, le=1, description="the part of each delay that is left to chance"
    )

    def executor(
        self,
        connection_context: ConnectionContext[Any],
        executor_class: type[TransactionExecutor] | None = None,
        *,
        quit_check_callback: Callable[[], object] | None = None,
        quit_event: threading.Event | None = None,
    ) -> TransactionExecutor:
        """Return an executor over `connection_context`.

        Args:
            connection_context: Where connections come from.
            executor_class: Default: `transaction_executor_class`.
            quit_check_callback: Called before each try and every second of a wait.
            quit_event: Ends a wait when it is set: set it when the storage is closed.
        """
        chosen = executor_class or self.transaction_executor_class
        backoff: dict[str, Any] = {}
        if issubclass(chosen, TransactionExecutorWithBackoff):
            backoff = {
                "backoff_delays": self.backoff_delays,
                "wait_log_interval": self.wait_log_interval,
                "jitter": self.jitter,
                "quit_event": quit_event,
            }
        return chosen(connection_context, quit_check_callback=quit_check_callback, **backoff)
