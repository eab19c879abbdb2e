"""Roles: who may read and write, and who may read only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - likewise
    from psycopg2.sql import Composed

_READ = """
GRANT CONNECT ON DATABASE {database} TO {role};
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}
"""
_WRITE = """
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role};
GRANT EXECUTE ON FUNCTION create_weekly_partition, weekly_report_partitions TO {role}
"""
_FOR_NOBODY = """
REVOKE EXECUTE ON FUNCTION create_weekly_partition, weekly_report_partitions,
    drop_weekly_partitions FROM PUBLIC
"""


def make_roles(connection: Connection, read_write: Iterable[str], read_only: Iterable[str]) -> None:
    """Make the roles that are missing, without passwords, and grant each what it is for.

    What is granted counts for partitions that are made later, too. Nobody but the owner may drop
    partitions.
    """
    read_write = list(read_write)
    with connection.cursor() as cursor:
        cursor.execute(_FOR_NOBODY)
        for role in (*read_write, *read_only):
            _make_role(connection, cursor, role)
            cursor.execute(_filled(connection, _READ, role))
        for role in read_write:
            cursor.execute(_filled(connection, _WRITE, role))


def _make_role(connection: Connection, cursor: Cursor, role: str) -> None:
    from psycopg2 import errors  # noqa: PLC0415 - not without a connection

    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s::name", (role,))
    if cursor.rowcount:
        return
    cursor.execute("SAVEPOINT before_role")
    try:
        cursor.execute(_filled(connection, "CREATE ROLE {role} LOGIN", role))
    except (errors.DuplicateObject, errors.UniqueViolation):  # another process was faster
        cursor.execute("ROLLBACK TO SAVEPOINT before_role")


def _filled(connection: Connection, sql: str, role: str) -> Composed:
    from psycopg2.sql import SQL, Identifier  # noqa: PLC0415 - not without a connection

    database = Identifier(connection.info.dbname)
    return SQL(sql).format(role=Identifier(role), database=database)
