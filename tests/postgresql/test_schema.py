"""The schema: models, migrations and procedures agree, from nothing to everything and back."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from contract.samples import CRASH_ID, PROCESSED, RAW
from socorro_fast import ConfigurationError, StorageUnavailable
from socorro_fast.postgresql import ConnectionContext, PostgreSQLCrashStorage, schema, setupdb
from socorro_fast.postgresql.migrations.comparing import is_ours
from socorro_fast.postgresql.models import Base
from socorro_fast.postgresql.partitions import PARTITIONED
from socorro_fast.postgresql.reports import REPORT_COLUMNS
from socorro_fast.services import REPORT_FIELDS

pytestmark = pytest.mark.own_database

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def differences(context):
    with schema.in_transaction(context, "compare") as connection:
        options = {"include_name": is_ours, "compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_migrations_lead_to_the_models(context):
    assert differences(context) == []


def test_a_difference_would_be_seen(context, sql):
    sql("ALTER TABLE reports DROP COLUMN signature; ALTER TABLE plugins ADD COLUMN x int")
    assert {difference[0] for difference in differences(context)} >= {"add_column", "remove_column"}


def test_partitions_are_no_differences(context, storage):
    storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
    assert differences(context) == []


def test_models_procedures_and_module_name_the_same_partitioned_tables(sql):
    of_models = {
        name
        for name, table in Base.metadata.tables.items()
        if table.dialect_options["postgresql"]["partition_by"] == "RANGE (crash_date)"
    }
    in_the_database = sql(
        "SELECT relname, pg_get_partkeydef(oid) FROM pg_class WHERE relkind = 'p'"
    )
    assert of_models == set(PARTITIONED)
    assert dict(in_the_database) == dict.fromkeys(PARTITIONED, "RANGE (crash_date)")
    assert sql("SELECT weekly_partitioned_tables()") == [(list(PARTITIONED),)]


def test_reports_have_the_fields_that_every_backend_has():
    columns = {each.key: each.column for each in REPORT_COLUMNS}
    assert columns | {"uuid": "uuid"} == REPORT_FIELDS


def test_it_can_be_taken_back_and_made_again(context, sql, storage):
    storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
    storage.close()
    schema.unmake(context)
    assert sql(TABLES) == [("alembic_version",)]
    assert sql("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []
    schema.migrate(context)
    assert differences(context) == []


def test_many_may_migrate_at_once(context):
    schema.unmake(context)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schema.migrate, [context] * 4))
    assert differences(context) == []


def test_a_failed_migration_changes_nothing(context, sql):
    schema.unmake(context)
    sql("CREATE TABLE reports (mine int)")
    with pytest.raises(StorageUnavailable, match=r"cannot migrate .* already exists"):
        schema.migrate(context)
    assert sorted(sql(TABLES)) == [("alembic_version",), ("reports",)]


def test_a_schema_of_a_later_version_is_left_alone(context, sql):
    sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageUnavailable, match=r"cannot migrate the schema in .*9999") as caught:
        schema.migrate(context)
    assert not caught.value.retryable
    assert sql("SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_database_without_the_schema_says_what_to_run(options, server, database):
    schema.unmake(ConnectionContext(**options))
    with (
        PostgreSQLCrashStorage(**options) as storage,
        pytest.raises(StorageUnavailable, match="socorro-fast postgresql setup") as caught,
    ):
        storage.save_raw_crash(RAW, None, CRASH_ID)
    assert not caught.value.retryable


def test_a_missing_tool_names_the_extra(context, monkeypatch):
    monkeypatch.setattr(schema.Migrations, "drivers", ("no_such_alembic",))
    with pytest.raises(ConfigurationError, match=r"pip install 'socorro-fast\[postgresql\]'"):
        schema.migrate(context)


@pytest.fixture
def new(server):
    """A context of a database that is not there yet."""
    context = ConnectionContext(**server.options('odd "name"; --'))
    yield context
    setupdb.drop_database(context)


def test_setup_makes_everything_from_nothing_and_again_nothing(new):
    roles = {"read_write_roles": ["odd rw'\"; $do$ $body$ %s"], "read_only_roles": ["test_ro"]}
    made = setupdb.setup(new, weeks=2, **roles)
    assert len(made) == 2 * len(PARTITIONED)
    assert differences(new) == []
    assert setupdb.setup(new, weeks=2, **roles) == []
    assert not setupdb.create_database(new)


def test_many_may_set_up_at_once(new):
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: setupdb.setup(new, weeks=1), range(4))
    assert sorted(map(len, made)) == [0, 0, 0, len(PARTITIONED)]
    assert differences(new) == []


def test_a_database_is_dropped_with_those_who_use_it(server):
    context = ConnectionContext(**server.options("test_to_be_dropped"))
    setupdb.create_database(context)
    with context():
        setupdb.drop_database(context)
    setupdb.drop_database(context)
    with pytest.raises(StorageUnavailable, match="does not exist"):
        schema.migrate(context)


@pytest.mark.parametrize("table", ["customers", "raw_crashes"])
def test_a_database_with_tables_of_others_is_not_dropped(server, table):
    context = ConnectionContext(**server.options("test_of_others"))
    setupdb.create_database(context)
    try:
        with contextlib.closing(server.connect("test_of_others")) as connection:
            connection.cursor().execute(f"CREATE TABLE {table} (name text)")
        with pytest.raises(ConfigurationError, match="not those of crashes"):
            setupdb.drop_database(context)
    finally:
        with contextlib.closing(server.connect("test_of_others")) as connection:
            connection.cursor().execute(f"DROP TABLE {table}")
        setupdb.drop_database(context)
