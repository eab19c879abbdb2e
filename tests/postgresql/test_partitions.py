"""Weekly partitions: names, making them ahead and on demand, dropping them."""

import datetime as dt
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.samples import CRASH_ID, PROCESSED, RAW, crash_id
from socorro_fast import InvalidCrash, StorageUnavailable
from socorro_fast.postgresql import PostgreSQLCrashStorage
from socorro_fast.postgresql.partitions import (
    PARTITIONED,
    drop_partitions,
    make_partitions,
    make_partitions_ahead,
    monday_of,
    partition_name,
)

pytestmark = pytest.mark.own_database

MONDAY = dt.date(2018, 5, 28)
OF_A_WEEK = sorted(f"{table}_20180528" for table in PARTITIONED)


@pytest.fixture
def names(sql):
    """The partitions there are."""
    return lambda: [name for (name,) in sql("SELECT relname FROM pg_class WHERE relispartition"
                                            " AND relkind = 'r' ORDER BY relname")]  # fmt: skip


@pytest.mark.parametrize("day", [MONDAY, dt.date(2018, 6, 1), dt.date(2018, 6, 3)])
def test_they_are_named_after_the_monday(day):
    assert monday_of(day) == MONDAY
    assert partition_name("reports", day) == "reports_20180528"


def test_the_first_and_the_last_week_of_all_ids():
    assert partition_name("reports", dt.date(2000, 1, 1)) == "reports_19991227"
    assert partition_name("reports", dt.date(2099, 12, 31)) == "reports_20991228"


@pytest.mark.parametrize(
    ("table", "date"), [("pg_class", MONDAY), ("reports; --", MONDAY), ("reports", "20180528")]
)
def test_a_name_is_made_of_a_known_table_and_a_date_only(table, date):
    with pytest.raises(InvalidCrash, match="there is no partition"):
        partition_name(table, date)


def test_a_save_makes_those_of_its_week(storage, names):
    assert names() == []
    storage.save_raw_crash(RAW, None, CRASH_ID)
    assert names() == OF_A_WEEK
    storage.save_processed(PROCESSED)
    assert names() == OF_A_WEEK


@pytest.mark.parametrize("save", ["save_raw_crash", "save_processed", "save_raw_and_processed"])
def test_every_kind_of_save_makes_them(storage, names, save):
    arguments = {
        "save_raw_crash": (RAW, None, CRASH_ID),
        "save_processed": (PROCESSED,),
        "save_raw_and_processed": (RAW, None, PROCESSED, CRASH_ID),
    }
    getattr(storage, save)(*arguments[save])
    assert names() == OF_A_WEEK


def test_many_saves_of_many_weeks_make_them(storage, names):
    ids = [crash_id(1, date) for date in ("180601", "180604", "000101", "991231")]
    assert storage.save_many((RAW, None, each) for each in ids) == [None] * 4
    weeks = ("19991227", "20180528", "20180604", "20991228")
    assert names() == sorted(f"{table}_{week}" for table in PARTITIONED for week in weeks)
    assert list(storage.list_crashes()) == sorted(ids, key=lambda each: each[-6:])


def test_reading_makes_none(storage, names):
    assert list(storage.list_crashes()) == []
    assert storage.get_many([CRASH_ID])[0].kind == "raw crash"
    assert names() == []


def test_a_storage_may_be_kept_from_making_them(make, names):
    storage = make(create_partitions=False)
    with pytest.raises(StorageUnavailable, match="postgresql partitions") as caught:
        storage.save_raw_crash(RAW, None, CRASH_ID)
    assert not caught.value.retryable
    assert names() == []


def save_all(options, start, ids):
    with PostgreSQLCrashStorage(**options) as storage:
        start.wait(30)
        for each in ids:
            storage.save_raw_and_processed({"id": each}, None, {"uuid": each}, each)


def test_processes_make_them_at_once(options, storage, names):
    ids = [crash_id(n, f"{week:%y%m%d}") for n, week in enumerate(
        dt.date(2018, 1, 1) + dt.timedelta(weeks=number) for number in range(6))]  # fmt: skip
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(4)
    processes = [
        spawn.Process(target=save_all, args=(options, start, ids[n:] + ids[:n])) for n in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert sorted(storage.list_crashes()) == sorted(ids)
    assert len(names()) == 6 * len(PARTITIONED)


def test_making_them_waits_for_no_saver(storage, sql, options, server, database):
    storage.save_raw_crash(RAW, None, CRASH_ID)
    saver = server.connect(database)
    saver.autocommit = False
    saver.cursor().execute("UPDATE raw_crashes SET date_processed = now()")
    sql("SET lock_timeout = '5s'")
    assert len(sql("SELECT create_weekly_partition('2018-06-04')")) == len(PARTITIONED)
    saver.close()


def test_they_are_made_ahead(context, names):
    with context() as connection:
        made = make_partitions_ahead(connection, 3, dt.date(2018, 6, 1))
        assert sorted(made) == names()
        assert make_partitions_ahead(connection, 3, dt.date(2018, 6, 1)) == []
        assert make_partitions_ahead(connection, 0) == []
        this_week = make_partitions_ahead(connection, 1)
    assert {name[-8:] for name in made} == {"20180528", "20180604", "20180611"}
    today = dt.datetime.now(dt.UTC).date()
    assert f"{monday_of(today):%Y%m%d}" in {name[-8:] for name in this_week} | {"race at midnight"}


def test_a_day_that_is_no_monday_has_none(context, sql):
    with context() as connection:
        assert sorted(make_partitions(connection, [dt.date(2018, 6, 1)])) == OF_A_WEEK
    with pytest.raises(Exception, match="begins on a Monday"):
        sql("SELECT create_weekly_partition('2018-06-05')")


def test_old_ones_are_dropped_with_what_is_in_them(storage, context, names):
    old, new = crash_id(1, "180527"), crash_id(2, "180528")
    for each in (old, new):
        storage.save_raw_and_processed(RAW, None, {"uuid": each}, each)
    with context() as connection:
        assert drop_partitions(connection, MONDAY - dt.timedelta(days=1)) == []
        dropped = drop_partitions(connection, MONDAY)
        assert sorted(dropped) == sorted(f"{table}_20180521" for table in PARTITIONED)
        assert drop_partitions(connection, MONDAY) == []
    assert names() == OF_A_WEEK
    assert list(storage.list_crashes()) == [new]


def test_tables_with_like_names_are_not_dropped(sql, context, names):
    sql("CREATE TABLE reports_19990101 (mine int); CREATE TABLE raw_crashes_old (mine int)")
    with context() as connection:
        assert drop_partitions(connection, dt.date(2100, 1, 1)) == []
    assert sql("SELECT count(*) FROM reports_19990101") == [(0,)]


def test_dropping_while_others_save_loses_nothing_new(storage, context):
    old = [crash_id(number, "180521") for number in range(20)]
    new = [crash_id(number, "180528") for number in range(20)]
    storage.save_many((RAW, None, each) for each in old)
    with ThreadPoolExecutor(2) as pool:
        saves = pool.map(lambda each: storage.save_raw_crash(RAW, None, each), new)
        with context() as connection:
            drop_partitions(connection, MONDAY)
        list(saves)
    assert list(storage.list_crashes()) == new
