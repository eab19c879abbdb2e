"""PostgreSQL: metadata and reports of crashes. It needs the extra `postgresql`."""

from socorro_fast.postgresql.basic import PostgreSQLBasicCrashStorage
from socorro_fast.postgresql.connection_context import ConnectionContext, ConnectionContextPooled
from socorro_fast.postgresql.crash import PostgreSQLCrash
from socorro_fast.postgresql.crash_data import PostgreSQLCrashData
from socorro_fast.postgresql.crashstorage import PostgreSQLCrashStorage
from socorro_fast.postgresql.new_crash_source import (
    DBCrashStorageWrapperNewCrashSource,
    PGQueryNewCrashSource,
)

__all__ = [
    "ConnectionContext",
    "ConnectionContextPooled",
    "DBCrashStorageWrapperNewCrashSource",
    "PGQueryNewCrashSource",
    "PostgreSQLBasicCrashStorage",
    "PostgreSQLCrash",
    "PostgreSQLCrashData",
    "PostgreSQLCrashStorage",
]
