"""New crashes out of a query, as the apps of the original took them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.checks import check_crash_id
from socorro_fast.errors import ConfigurationError
from socorro_fast.postgresql.dbapi2_util import execute_query_iter
from socorro_fast.postgresql.failures import translating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.postgresql.connection_context import ConnectionContext

Job = tuple[tuple[str], dict[str, Any]]
"""Arguments of a job. A query has nothing to be acknowledged."""


class PGQueryNewCrashSource:
    """Yields the crash IDs in the first column of a query as jobs: `((crash_id,), {})`.

    The rows come as they are asked for, through a cursor on the server: a query of millions takes
    no memory here. Each pass asks the query anew, and holds a connection until it ends.

    Args:
        connection_context: Where connections come from; it stays the caller's.
        crash_id_query: The SQL. It may have parameters: `%s`, or `%(name)s`.
        parameters: Their values.
        quit_check_callback: Called before each crash; what it raises ends the pass.

    Raises:
        ConfigurationError: The query is empty.
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        crash_id_query: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        quit_check_callback: Callable[[], object] | None = None,
    ) -> None:
        if not str(crash_id_query).strip():
            raise ConfigurationError("crash_id_query must be SQL that gives crash IDs")
        self._context = connection_context
        self._query = crash_id_query
        self._parameters = parameters
        self._quit_check = quit_check_callback

    def new_crashes(self) -> Iterator[Job]:
        """Yield a job for each row.

        Raises:
            InvalidCrashID: The first column of a row is no crash ID.
            StorageUnavailable: The server cannot be reached, or refuses the query.
        """
        context = self._context
        with translating("ask for new crashes", context.where, context.password), context() as it:
            try:
                for row in execute_query_iter(it, self._query, self._parameters):
                    if self._quit_check:
                        self._quit_check()
                    yield (check_crash_id(str(row[0])),), {}
            finally:
                if not it.closed:
                    it.rollback()

    def __iter__(self) -> Iterator[Job]:
        return self.new_crashes()

    def __call__(self) -> Iterator[Job]:
        """Return `new_crashes()`: the original's callers did either."""
        return self.new_crashes()

    def close(self) -> None:
        """Do nothing: the connection context is the caller's."""


class DBCrashStorageWrapperNewCrashSource(PGQueryNewCrashSource):
    """New crashes out of a query, all else out of a storage: two in the place of one.

    Args:
        storage: What every other method is that of; closing the source closes it.
        connection_context: See `PGQueryNewCrashSource`.
        crash_id_query: Likewise.
        parameters: Likewise.
        quit_check_callback: Likewise.
    """

    def __init__(
        self,
        storage: CrashStorageBase,
        connection_context: ConnectionContext,
        crash_id_query: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        quit_check_callback: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(
            connection_context,
            crash_id_query,
            parameters,
            quit_check_callback=quit_check_callback,
        )
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        if "_storage" not in vars(self):
            raise AttributeError(name)
        return getattr(self._storage, name)

    def close(self) -> None:
        """Close the storage."""
        self._storage.close()
