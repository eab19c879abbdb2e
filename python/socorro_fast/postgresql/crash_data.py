"""The service `crash_data` over PostgreSQL."""

from socorro_fast.postgresql.crashstorage import PostgreSQLCrashStorage
from socorro_fast.services import CrashDataBase


class PostgreSQLCrashData(CrashDataBase):
    """Crash data of the storage that is given, else of a `PostgreSQLCrashStorage`; no dumps."""

    storage_class = PostgreSQLCrashStorage
