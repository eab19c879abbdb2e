"""Roles: what those who save and those who look may do, and may not."""

import pytest

from contract.samples import CRASH_ID, OTHER_DAY, PROCESSED, RAW
from socorro_fast import StorageUnavailable
from socorro_fast.postgresql import ConnectionContext, setupdb

pytestmark = pytest.mark.own_database

ROLES = {"read_write_roles": ["test_rw"], "read_only_roles": ["test_ro"]}


@pytest.fixture
def reader(make, options):
    setupdb.setup(ConnectionContext(**options), weeks=0, **ROLES)
    return make(database_username="test_ro")


@pytest.fixture
def writer(make, reader):
    return make(database_username="test_rw")


def test_a_writer_may_all_that_a_storage_does(writer):
    writer.save_raw_and_processed(RAW, None, PROCESSED | {"process_type": "plugin"}, CRASH_ID)
    plugin = {"PluginFilename": "f", "PluginName": "n", "PluginVersion": "1"}
    writer.save_processed(PROCESSED | plugin | {"process_type": "plugin"})
    assert writer.save_many([(RAW, None, OTHER_DAY)]) == [None]
    writer.remove(CRASH_ID)
    assert list(writer.list_crashes()) == [OTHER_DAY]


def test_a_reader_may_read_what_others_saved_later(writer, reader):
    writer.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
    assert reader.get_raw_crash(CRASH_ID) == RAW
    assert reader.get_unredacted_processed(CRASH_ID) == PROCESSED
    with reader.connection_context() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT signature FROM reports_20180528")
        assert cursor.fetchall() == [(PROCESSED["signature"],)]


@pytest.mark.parametrize("date", ["180601", "990101"])
def test_a_reader_may_not_write(writer, reader, date):
    writer.save_raw_crash(RAW, None, CRASH_ID)
    crash_id = CRASH_ID[:-6] + date
    with pytest.raises(StorageUnavailable, match="permission denied") as caught:
        reader.save_raw_crash(RAW, None, crash_id)
    assert not caught.value.retryable
    with pytest.raises(StorageUnavailable, match="permission denied"):
        reader.remove(CRASH_ID)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT drop_weekly_partitions('2099-01-01')",
        "DROP TABLE reports",
        "CREATE TABLE mine (x int)",
        "UPDATE alembic_version SET version_num = 'x'",
        "TRUNCATE raw_crashes",
    ],
)
def test_a_writer_may_not_change_the_schema(writer, sql):
    from psycopg2.errors import InsufficientPrivilege

    with (
        writer.connection_context() as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.cursor().execute(sql)
