"""The transaction executors, made from a configuration."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from socorro_fast import transaction
from socorro_fast.compat.classic.config import ABSENT, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class TransactionExecutor(transaction.TransactionExecutor):
    """Calls a function in a transaction, once; see `socorro_fast.transaction`.

    Args:
        config: Has the options: of this class none, of the others `backoff_delays` and
            `wait_log_interval`. Alone, it is the next.
        db_conn_context_source: Where connections come from.
        quit_check_callback: Called before each try, and every second between two.

    Raises:
        ConfigurationError: An option is wrong.
    """

    def __init__(
        self,
        config: Any,
        db_conn_context_source: transaction.ConnectionContext[Any] | None = None,
        quit_check_callback: Callable[[], object] | None = None,
        **options: Any,
    ) -> None:
        if db_conn_context_source is None:
            config, db_conn_context_source = None, config
        found = {} if not self._takes_options() else _options(config)
        super().__init__(
            db_conn_context_source, quit_check_callback=quit_check_callback, **found | options
        )
        self.config = config
        self.db_conn_context_source = db_conn_context_source
        self.connection_source_type = type(db_conn_context_source).__module__
        self.quit_check = self._quit_check
        self.do_quit_check = True

    def _takes_options(self) -> bool:
        return isinstance(self, transaction.TransactionExecutorWithBackoff)


class TransactionExecutorWithInfiniteBackoff(
    TransactionExecutor, transaction.TransactionExecutorWithInfiniteBackoff
):
    """Tries again until it works; the last of `backoff_delays` repeats."""

    def backoff_generator(self) -> Iterator[float]:
        """Yield the delays, the last one for ever."""
        return chain(self.backoff_delays, repeat(self.backoff_delays[-1]))


class TransactionExecutorWithLimitedBackoff(
    TransactionExecutor, transaction.TransactionExecutorWithLimitedBackoff
):
    """Tries again once after each of `backoff_delays`; the last error is raised."""

    def backoff_generator(self) -> Iterator[float]:
        """Yield the delays once."""
        return iter(self.backoff_delays)


def _options(config: Any) -> dict[str, Any]:
    names = ("backoff_delays", "wait_log_interval")
    found = {name: find(config, name) for name in names}
    return {name: value for name, value in found.items() if value is not ABSENT}
