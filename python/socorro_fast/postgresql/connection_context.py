"""Factories of connections to PostgreSQL, for `with`: plain and pooled."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from socorro_fast.drivers import check_drivers
from socorro_fast.errors import ConfigurationError, StorageUnavailable
from socorro_fast.fork_safe import no_fork_meanwhile
from socorro_fast.postgresql.connection_options import ConnectionOptions
from socorro_fast.postgresql.failures import is_retryable
from socorro_fast.postgresql.pool import ConnectionPool
from socorro_fast.postgresql.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class


class ConnectionContext:
    """Makes a connection for each `with`, and closes it at the end.

    It neither commits nor rolls back: a transaction executor does. Nothing connects before the
    first `with`, so it may be made before a server forks.

    Args:
        **options: As `ConnectionOptions` declares them.

    Raises:
        ConfigurationError: An option is unknown or wrong, or psycopg2 is not installed.
    """

    extra: ClassVar[str | None] = "postgresql"
    drivers: ClassVar[tuple[str, ...]] = ("psycopg2",)

    def __init__(self, **options: Any) -> None:
        check_drivers(type(self))
        import psycopg2  # noqa: PLC0415 - the driver is loaded by those who need it

        self.options = ConnectionOptions.build(type(self).__name__, options)
        _refuse_passwords(self.options.database_parameters)
        self.operational_exceptions: tuple[type[BaseException], ...] = (psycopg2.InterfaceError,)
        self.conditional_exceptions: tuple[type[BaseException], ...] = (
            psycopg2.Error,
            StorageUnavailable,
        )
        self._watchdog = Watchdog(self.options.response_timeout)

    @classmethod
    def from_config(cls, config: object) -> Self:
        """Make one with what `config` has, as keys or attributes, of the options.

        Raises:
            ConfigurationError: An option is wrong.
        """
        return cls(**ConnectionOptions.find(config))

    @contextmanager
    def __call__(self) -> Iterator[Connection]:
        """Give a connection.

        Raises:
            psycopg2.Error: It cannot be made.
        """
        connection, process = self.connect(), os.getpid()
        try:
            yield connection
        finally:
            # In a child of a fork the connection is the parent's, and closing it would end it.
            if os.getpid() == process:
                connection.close()

    def connect(self) -> Connection:
        """Return a new connection, the caller's to close.

        Raises:
            psycopg2.Error: It cannot be made.
        """
        import psycopg2  # noqa: PLC0415 - the driver is loaded by those who need it

        options = self.options
        parameters: dict[str, Any] = {
            "host": options.database_hostname,
            "port": options.database_port,
            "dbname": options.database_name,
            "user": options.database_username,
            "password": self.password or None,
            "connect_timeout": options.connect_timeout,
        }
        # libpq and what it loads for a connection (TLS, Kerberos) have locks of the process.
        with no_fork_meanwhile():
            connection: Connection = psycopg2.connect(
                connection_factory=_connection_class(),
                **_PARAMETERS | options.database_parameters | parameters,
            )
        return connection

    def watching(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a context manager that breaks `connection` after `response_timeout`."""
        return self._watchdog.watching(connection)

    def is_operational_exception(self, error: BaseException) -> bool:
        """Return whether the connection or the server is to blame, so that trying again may help.

        As in the original, that is said of most errors of operation, and of none of a request.
        """
        return is_retryable(error)

    def force_reconnect(self) -> None:
        """Do nothing: every connection is new."""

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    @property
    def where(self) -> str:
        """The server and the database, as messages name them."""
        options = self.options
        at = f"{options.database_hostname}:{options.database_port}"
        return f"postgresql://{at}/{options.database_name}"

    @property
    def password(self) -> str:
        """The password, for the driver only."""
        secret = self.options.database_password
        return secret.get_secret_value() if secret else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options.changed()})"


class ConnectionContextPooled(ConnectionContext):
    """Keeps connections for the next `with`: at most `max_connections`.

    A thread gets the connection it had last, if it is free. Where all are taken it waits, for
    `pool_timeout` at most. A connection that the server has left is found before it is given out,
    without asking the server. In a child of a fork the pool begins empty.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pool = ConnectionPool(
            self.connect, self.options.max_connections, self.options.pool_timeout
        )

    @contextmanager
    def __call__(self) -> Iterator[Connection]:
        """Give a connection out of the pool.

        Raises:
            StorageUnavailable: None was free in time.
            psycopg2.Error: A new one was needed and cannot be made.
        """
        connection = self.pool.take()
        try:
            yield connection
        finally:
            self.pool.put_back(connection)

    def force_reconnect(self) -> None:
        """Have the next call in this thread give a new connection."""
        self.pool.renew()

    def close(self) -> None:
        """Close the connections that are not in use, the others as soon as they are not."""
        self.pool.close()


@cache
def _connection_class() -> type[Connection]:
    from psycopg2.extensions import connection  # noqa: PLC0415 - the driver is loaded by now

    class ForgivingConnection(connection):
        """A connection that has nothing to roll back when it is closed."""

        def rollback(self) -> None:
            if not self.closed:
                super().rollback()

    return ForgivingConnection


def _refuse_passwords(parameters: dict[str, str]) -> None:
    # Here and not by the options, whose errors show what was given.
    if any("password" in name for name in parameters):
        raise ConfigurationError(
            "option 'database_parameters' is no place for a password: use database_password"
        )


_PARAMETERS = {
    "application_name": "socorro-fast",
    "client_encoding": "UTF8",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
"""What every connection has. Keep-alives find peers that are gone."""
