"""What a storage runs its statements through: connections, tries, partitions and errors."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar, cast

from socorro_fast.fork_safe import renew_in_children
from socorro_fast.postgresql.failures import is_missing_partition, translating
from socorro_fast.postgresql.partitions import make_partitions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

    from socorro_fast.postgresql.options import PostgreSQLOptions

_R = TypeVar("_R")


class Database:
    """Calls functions with a connection, again where the connection was to blame.

    Args:
        options: Of the storage.
        quit_check: Called before each try, and every second between two.
    """

    def __init__(self, options: PostgreSQLOptions, quit_check: Callable[[], object]) -> None:
        self._options = options
        self._quit_check = quit_check
        self.context = options.database_class.from_config(options)
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        """Have an event of this process's own."""
        self._closing = threading.Event()
        self._execute = self._options.executor(
            self.context, quit_check_callback=self._quit_check, quit_event=self._closing
        )

    @property
    def where(self) -> str:
        """The server and the database, for messages."""
        return self.context.where

    def run(
        self,
        action: str,
        function: Callable[[Connection], _R],
        dates: Iterable[dt.date] = (),
    ) -> _R:
        """Return `function(connection)`.

        Args:
            action: What it does, for messages.
            function: It is called again after errors of the connection, and when partitions were
                missing: it does its work in one transaction, or none.
            dates: Where it saves: the partitions of their weeks are made if they are missing.

        Raises:
            StorageUnavailable: The server cannot be reached, or refuses.
            InvalidCrash: The server cannot store such data.
        """
        with translating(action, self.where, self.context.password):
            return cast("_R", self._execute(self._call, function, dates))

    def _call(
        self,
        connection: Connection,
        function: Callable[[Connection], _R],
        dates: Iterable[dt.date],
    ) -> _R:
        from psycopg2 import IntegrityError  # noqa: PLC0415 - not without a connection

        with self.context.watching(connection):
            try:
                return function(connection)
            except IntegrityError as error:
                if not (self._options.create_partitions and is_missing_partition(error)):
                    raise
            make_partitions(connection, dates)
            return function(connection)

    def close(self) -> None:
        """End waits between tries, and close the connections."""
        self._closing.set()
        self.context.close()
