"""Connections to PostgreSQL and new crashes from queries, under the original's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast import postgresql
from socorro_fast.compat.classic.config import (
    ABSENT,
    Config,
    as_ours,
    class_named,
    find,
    find_own,
    namespace_in,
)
from socorro_fast.compat.classic.connection_context import with_config
from socorro_fast.compat.classic.crashstorage_base import adapted

if TYPE_CHECKING:
    from collections.abc import Callable

ConnectionContext = with_config(postgresql.ConnectionContext)
ConnectionContextPooled = with_config(postgresql.ConnectionContextPooled)


class PGQueryNewCrashSource(postgresql.PGQueryNewCrashSource):
    """Yields the crash IDs that a query gives as jobs: `((crash_id,), {})`.

    Args:
        config: Has `crash_id_query`, `database_class` (default: `ConnectionContext`), and the
            options of that.
        namespace: Of `config`; or the name of the processor, which stood here once and means
            nothing; or the callback.
        quit_check_callback: Called before each crash; what it raises ends the pass.

    Raises:
        ConfigurationError: There is no query, or an option is wrong.
    """

    def __init__(
        self,
        config: Any,
        namespace: str | Callable[[], object] | None = "",
        quit_check_callback: Callable[[], object] | None = None,
    ) -> None:
        self.config = config
        self.database = _context(config)
        self.quit_check = namespace if callable(namespace) else quit_check_callback
        query = find(config, "crash_id_query")
        super().__init__(
            self.database,
            "" if query is ABSENT else query,
            quit_check_callback=self.quit_check,
        )

    def close(self) -> None:
        """Close the connections."""
        self.database.close()


class DBCrashStorageWrapperNewCrashSource(PGQueryNewCrashSource):
    """New crashes from a query, all else from a storage: two in the place of one.

    The storage is `implementation.crashstorage_class`, by default `BotoS3CrashStorage`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = find_own(self.config, "implementation.crashstorage_class")
        storage_class = class_named("BotoS3CrashStorage" if named is ABSENT else named)
        own = namespace_in(self.config, "implementation")
        self._implementation = adapted(storage_class)(own, quit_check_callback=self.quit_check)

    def __getattr__(self, name: str) -> Any:
        if "_implementation" not in vars(self):
            raise AttributeError(name)
        return getattr(self._implementation, name)

    def close(self) -> None:
        """Close the storage and the connections."""
        self._implementation.close()
        super().close()


def _context(config: Any) -> postgresql.ConnectionContext:
    named = find(config, "database_class")
    if isinstance(named, str):
        known = getattr(postgresql, as_ours(named), None)
        named = class_named(named) if known is None else known
    chosen: type[postgresql.ConnectionContext]
    chosen = postgresql.ConnectionContext if named is ABSENT else named
    return chosen.from_config(Config(config))
