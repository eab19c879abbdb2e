"""PostgreSQL with the original's constructors, over a server."""

import pytest

from contract.samples import PROCESSED, RAW
from fs.trees import DEPTH_2, DUMPS
from servers import postgresql
from socorro_fast import ConfigurationError, CrashIDNotFound
from socorro_fast.compat import classic
from socorro_fast.compat.classic import postgresql as connections

RAW = RAW | {"submitted_timestamp": "2018-06-01T12:34:56+00:00"}
PROCESSED = PROCESSED | {"uuid": DEPTH_2, "date_processed": "2018-06-01T12:35:00+00:00"}


@pytest.fixture
def config():
    server = postgresql.shared()
    with server.database() as name:
        yield server.options(name)


def test_crashes_are_saved_and_read(config):
    named = "socorro.external.postgresql.connection_context.ConnectionContextPooled"
    config = classic.DotDict(config, database_class=named, backoff_delays="0")
    with classic.PostgreSQLCrashStorage(config, lambda: None) as storage:
        storage.save_raw_and_processed(classic.DotDict(RAW), DUMPS, PROCESSED, DEPTH_2)
        assert storage.get_raw_crash(DEPTH_2).uuid == RAW["uuid"]
        assert storage.get_unredacted_processed(DEPTH_2).signature == PROCESSED["signature"]
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash("99990000-0000-4000-8000-000002180601")
        assert storage.options.transaction_executor_class.is_infinite
    with classic.CrashData(
        {"database": {"crashstorage_class": "PostgreSQLCrashStorage", **config}}
    ) as service:
        assert service.get(uuid=DEPTH_2, datatype="meta") == RAW


@pytest.mark.parametrize("name", ["ConnectionContext", "ConnectionContextPooled"])
def test_connections(name, config):
    context = getattr(connections, name)(classic.DotDict(config))
    executor = classic.TransactionExecutorWithLimitedBackoff({"backoff_delays": "0"}, context)

    def ask(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()

    assert executor(ask) == (1,)
    context.close()
    local = getattr(connections, name)({"database_name": "other"}, config)
    assert local.options.database_name == config["database_name"]


@pytest.mark.parametrize("args", [(), ("processor",), (None, lambda: None), (lambda: None,)])
def test_new_crashes_from_a_query(args, config):
    query = f"SELECT '{DEPTH_2}', 1 WHERE 'a%' <> ''"
    source = classic.PGQueryNewCrashSource({"crash_id_query": query, **config}, *args)
    assert list(source) == list(source()) == [((DEPTH_2,), {})]
    source.close()
    with pytest.raises(ConfigurationError, match="crash_id_query must be SQL"):
        classic.PGQueryNewCrashSource(config)


def test_a_query_and_a_storage(config, tmp_path):
    config |= {
        "crash_id_query": f"SELECT '{DEPTH_2}'",
        "database_class": "socorro.external.postgresql.connection_context.ConnectionContext",
        "implementation": {
            "crashstorage_class": "socorro.external.fs.crashstorage.FSPermanentStorage",
            "fs_root": str(tmp_path),
        },
    }
    source = classic.DBCrashStorageWrapperNewCrashSource(config, "", lambda: None)
    source.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert [source.get_raw_crash(each) for (each,), _ in source.new_crashes()] == [RAW]
    source.close()
