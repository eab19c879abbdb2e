"""Making the schema, and bringing it up to date: migrations, then procedures."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.drivers import check_drivers
from socorro_fast.errors import StorageUnavailable
from socorro_fast.postgresql.failures import translating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection

    from socorro_fast.postgresql.connection_context import ConnectionContext

_MIGRATIONS = "socorro_fast.postgresql:migrations"
_PROCEDURES = (
    "weekly_partitioned_tables",
    "create_weekly_partition",
    "weekly_report_partitions",
    "drop_weekly_partitions",
)
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('socorro_fast'), hashtext('schema'))"
"""SQL that waits for others who change schema, partitions (procedures take this, too) or rights."""


class Migrations:
    """What changes the schema needs more than what uses it."""

    extra: ClassVar[str | None] = "postgresql"
    drivers: ClassVar[tuple[str, ...]] = ("alembic", "psycopg2", "sqlalchemy")


def migrate(context: ConnectionContext, revision: str = "head") -> None:
    """Bring the schema of the database to `revision`: all of it, or nothing.

    Any number of processes may do that at once: the first does it, the others find it done.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    with in_transaction(context, "migrate the schema") as connection:
        run_sql(connection, ONE_AT_A_TIME)
        _alembic(connection, revision)
        for name in _PROCEDURES if revision == "head" else ():
            run_sql(connection, procedure(name))


def unmake(context: ConnectionContext) -> None:
    """Take the schema back, with all that is in it; the database stays.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    with in_transaction(context, "take the schema back") as connection:
        run_sql(connection, ONE_AT_A_TIME)
        for name in reversed(_PROCEDURES):
            run_sql(connection, f"DROP FUNCTION IF EXISTS {name}")
        _alembic(connection, "base")


def procedure(name: str) -> str:
    """Return the SQL that makes a stored procedure."""
    return (files(__package__) / "procedures" / f"{name}.sql").read_text("utf-8")


@contextmanager
def in_transaction(context: ConnectionContext, action: str) -> Iterator[Connection]:
    """Give SQLAlchemy's view of a connection of `context`, in a transaction.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    check_drivers(Migrations)
    from sqlalchemy import create_engine  # noqa: PLC0415 - slow to load, and not for storages
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine("postgresql+psycopg2://", creator=context.connect, poolclass=NullPool)
    with translating(action, context.where, context.password):
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise (error.orig or error) from error


def run_sql(connection: Connection, sql: str) -> None:
    """Run SQL that has no parameters: a percent sign in it is one."""
    cursor = connection.connection.cursor()
    cursor.execute(sql)
    cursor.close()


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for the migrations of this package."""
    from alembic.config import Config  # noqa: PLC0415 - slow to load, and not for storages

    made = Config()
    made.set_main_option("script_location", _MIGRATIONS)
    attributes: dict[str, Any] = made.attributes
    attributes["connection"] = connection
    return made


def _alembic(connection: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and not for storages
    from alembic.util import CommandError  # noqa: PLC0415

    move = command.downgrade if revision == "base" else command.upgrade
    try:
        move(configuration(connection), revision)
    except CommandError as error:
        # Such as a revision of the database that a later version of this package has made.
        raise StorageUnavailable(str(error), retryable=False) from error
