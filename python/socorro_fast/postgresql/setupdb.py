"""Making and dropping the database itself: what the original's `setupdb` did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socorro_fast.errors import ConfigurationError
from socorro_fast.postgresql.dbapi2_util import (
    execute_in_one_round_trip,
    execute_no_results,
    single_value_sql,
)
from socorro_fast.postgresql.failures import translating
from socorro_fast.postgresql.partitions import make_partitions_ahead
from socorro_fast.postgresql.roles import make_roles
from socorro_fast.postgresql.schema import ONE_AT_A_TIME, migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socorro_fast.postgresql.connection_context import ConnectionContext

MAINTENANCE_DATABASE = "postgres"
READ_WRITE_ROLES = ("breakpad_rw",)
READ_ONLY_ROLES = ("breakpad_ro",)


def setup(
    context: ConnectionContext,
    *,
    read_write_roles: Sequence[str] = READ_WRITE_ROLES,
    read_only_roles: Sequence[str] = READ_ONLY_ROLES,
    weeks: int = 2,
    maintenance_database: str = MAINTENANCE_DATABASE,
) -> list[str]:
    """Make what is missing of database, schema, roles and partitions.

    Args:
        context: Of a role that may make databases and roles; the database it names is made.
        read_write_roles: Those that storages log in as. New ones get no password.
        read_only_roles: Those of people who look.
        weeks: For how many weeks, this one first, partitions are made; 0: none.
        maintenance_database: The one to be connected to while there is no other.

    Returns:
        The names of the partitions that were made.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    create_database(context, maintenance_database)
    migrate(context)
    where = "make roles and partitions", context.where, context.password
    made: list[str] = []
    with translating(*where), context() as connection:
        execute_no_results(connection, ONE_AT_A_TIME)
        make_roles(connection, read_write_roles, read_only_roles)
        connection.commit()
        made += make_partitions_ahead(connection, weeks)
    return made


def create_database(
    context: ConnectionContext, maintenance_database: str = MAINTENANCE_DATABASE
) -> bool:
    """Make the database that `context` names; return False if it is there already.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    sql = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
    return _from_outside(context, "create the database", sql, maintenance_database)


def drop_database(
    context: ConnectionContext, maintenance_database: str = MAINTENANCE_DATABASE
) -> None:
    """Drop the database that `context` names, if it is there; who is connected is cut off.

    Raises:
        ConfigurationError: It has tables, and not those that `setup` makes: it is not for crashes.
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    action = "drop the database"
    with translating(action, context.where, context.password):
        with _outside(context, maintenance_database)() as connection:
            parameters = (context.options.database_name,)
            if not execute_in_one_round_trip(connection, _IS_THERE, parameters):
                return
        with context() as connection:
            is_for_crashes = single_value_sql(connection, _IS_FOR_CRASHES)
    if not is_for_crashes:
        raise ConfigurationError(
            f"cannot {action} {context.where}: it has tables, and not those of crashes"
        )
    sql = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
    _from_outside(context, action, sql, maintenance_database)


_IS_THERE = "SELECT 1 FROM pg_database WHERE datname = %s::name"
# One without tables is what is left where making the schema failed.
_IS_FOR_CRASHES = """
SELECT to_regclass('public.alembic_version') IS NOT NULL
    AND to_regclass('public.raw_crashes') IS NOT NULL
    OR NOT EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
        AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema'))
"""


def _outside(context: ConnectionContext, database: str) -> ConnectionContext:
    options = {name: getattr(context.options, name) for name in context.options.model_fields_set}
    return type(context)(**options | {"database_name": database})


def _from_outside(context: ConnectionContext, action: str, sql: str, database: str) -> bool:
    from psycopg2 import errors  # noqa: PLC0415 - not without a connection
    from psycopg2.sql import SQL, Identifier  # noqa: PLC0415

    outside = _outside(context, database)
    statement = SQL(sql).format(Identifier(context.options.database_name))
    with translating(action, context.where, context.password), outside() as connection:
        try:
            execute_in_one_round_trip(connection, statement.as_string(connection))
        except (errors.DuplicateDatabase, errors.UniqueViolation):
            return False  # there already, or made by another process just now
    return True
