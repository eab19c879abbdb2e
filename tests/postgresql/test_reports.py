"""Reports: what of a processed crash becomes a column, and how."""

import datetime as dt

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, RAW
from socorro_fast import ConfigurationError, CrashIDNotFound, InvalidCrash, OperationNotSupported
from socorro_fast.postgresql import PostgreSQLBasicCrashStorage, PostgreSQLCrashStorage
from socorro_fast.postgresql.reports import REPORT_COLUMNS, ReportColumn

PROCESSED = {
    "uuid": CRASH_ID,
    "addons_checked": True,
    "address": "0x" + "f" * 30,
    "client_crash_date": "2018-06-01 10:11:12.345678",
    "completeddatetime": "2018-06-01T10:11:13+02:00",
    "date_processed": dt.datetime(2018, 6, 1, tzinfo=dt.UTC),
    "hangid": None,
    "install_age": 1371746,
    "last_crash": "17",
    "product": "Firefox",
    "reason": "x" * 300,
    "startedDateTime": 1527840000,
    "success": 1,
    "topmost_filenames": ["a.cpp", "b.cpp"],
    "truncated": "false",
    "uptime": 20116.9,
    "user_comments": "it's \"\\' broken; DROP TABLE reports; -- %s %(uuid)s",
    "version": "60.0",
    "json_dump": {"not": "reported"},
}
REPORT = {
    "uuid": CRASH_ID,
    "addons_checked": True,
    "address": "0x" + "f" * 18,
    "client_crash_date": dt.datetime(2018, 6, 1, 10, 11, 12, 345678, tzinfo=dt.UTC),
    "completed_datetime": dt.datetime(2018, 6, 1, 8, 11, 13, tzinfo=dt.UTC),
    "date_processed": dt.datetime(2018, 6, 1, tzinfo=dt.UTC),
    "hangid": None,
    "install_age": 1371746,
    "last_crash": 17,
    "product": "Firefox",
    "reason": "x" * 255,
    "started_datetime": dt.datetime(2018, 6, 1, 8, 0, tzinfo=dt.UTC),
    "success": True,
    "topmost_filenames": '["a.cpp", "b.cpp"]',
    "truncated": False,
    "uptime": 20116,
    "user_comments": PROCESSED["user_comments"],
    "version": "60.0",
}
PLUGIN = {
    "uuid": CRASH_ID,
    "process_type": "plugin",
    "PluginFilename": "flash.dll",
    "PluginName": "Flash",
    "PluginVersion": "1.2",
}
PLUGINS = "SELECT filename, name, version FROM plugins_reports JOIN plugins ON id = plugin_id"


@pytest.fixture(params=[PostgreSQLBasicCrashStorage, PostgreSQLCrashStorage])
def storage(make, request):
    return make(request.param)


def test_a_processed_crash_becomes_a_report(storage):
    storage.save_processed(PROCESSED)
    report = storage.get_report(CRASH_ID)
    assert {name: report[name] for name in REPORT} == REPORT
    assert {value for name, value in report.items() if name not in REPORT} == {None}
    assert len(report) == 1 + len(REPORT_COLUMNS)


def test_a_second_save_replaces_all_of_the_first(storage):
    storage.save_processed(PROCESSED)
    storage.save_processed({"crash_id": CRASH_ID, "signature": "new"})
    report = storage.get_report(CRASH_ID)
    assert {name for name, value in report.items() if value is not None} == {"uuid", "signature"}


def test_a_crash_without_any_reported_key_is_stored(storage):
    storage.save_processed({"uuid": CRASH_ID})
    assert set(storage.get_report(CRASH_ID).values()) == {CRASH_ID, None}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("uptime", "soon"),
        ("uptime", 2**63),
        ("uptime", [1]),
        ("uptime", float("inf")),
        ("uptime", float("nan")),
        ("success", "perhaps"),
        ("date_processed", "yesterday"),
        ("date_processed", 1e300),
        ("date_processed", True),
        ("date_processed", "0001-01-01T00:00:00+14:00"),
        ("date_processed", "9999-12-31T23:59:59-14:00"),
        ("date_processed", {}),
        ("signature", "null \0 character"),
        ("signature", "lone \ud800 surrogate"),
    ],
)
def test_what_does_not_fit_its_column_is_refused_and_named(storage, key, value):
    storage.save_processed({"uuid": CRASH_ID, "signature": "old"})
    with pytest.raises(InvalidCrash, match=f"field '{key}' must be fit for a column"):
        storage.save_processed({"uuid": CRASH_ID, key: value})
    assert storage.get_report(CRASH_ID)["signature"] == "old"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_times_come_back_whatever_the_zone_of_the_server_is(make, zone):
    storage = make(database_parameters={"options": f"-c TimeZone={zone}"})
    for time in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"):
        storage.save_processed({"uuid": CRASH_ID, "date_processed": time})
        assert storage.get_report(CRASH_ID)["date_processed"].isoformat() == time


@pytest.mark.parametrize("key", ["uptime", "success", "date_processed"])
def test_empty_text_is_no_value(storage, key):
    storage.save_processed({"uuid": CRASH_ID, key: ""})
    assert storage.get_report(CRASH_ID)[key] is None


def test_what_is_cut_off_may_be_anything(storage):
    storage.save_processed({"uuid": CRASH_ID, "version": "1" * 16 + "\0\ud800"})
    assert storage.get_report(CRASH_ID)["version"] == "1" * 16


@pytest.mark.parametrize("text", ["ü" * 300, "\U0001f600" * 300, "\\" * 300, "'" * 300])
def test_text_is_cut_by_characters(storage, text):
    storage.save_processed({"uuid": CRASH_ID, "signature": text})
    assert storage.get_report(CRASH_ID)["signature"] == text[:255]


class TestPlugins:
    def test_a_plugin_crash_names_its_plugin(self, storage, sql):
        storage.save_processed(PLUGIN)
        storage.save_processed(PLUGIN | {"uuid": ELSEWHERE, "PluginVersion": "2"})
        assert sorted(sql(PLUGINS)) == [("flash.dll", "Flash", "1.2"), ("flash.dll", "Flash", "2")]
        assert sql("SELECT count(*) FROM plugins") == [(1,)]

    def test_a_second_save_replaces_it(self, storage, sql):
        storage.save_processed(PLUGIN)
        storage.save_processed(PLUGIN | {"PluginName": "Other"})
        assert sql(PLUGINS) == [("flash.dll", "Other", "1.2")]
        storage.save_processed({"uuid": CRASH_ID})
        assert sql(PLUGINS) == []

    @pytest.mark.parametrize("missing", ["PluginFilename", "PluginName", "PluginVersion"])
    def test_one_that_does_not_say_which_is_stored_and_logged(self, storage, sql, missing, caplog):
        storage.save_processed({key: value for key, value in PLUGIN.items() if key != missing})
        assert storage.get_report(CRASH_ID)["process_type"] == "plugin"
        assert sql(PLUGINS) == []
        assert f"crash {CRASH_ID} of a plugin does not say which one" in caplog.text

    def test_a_removed_crash_takes_it_along(self, storage, sql):
        storage.save_processed(PLUGIN)
        storage.remove(CRASH_ID)
        assert sql(PLUGINS) == []


class TestBasic:
    @pytest.fixture
    def storage(self, make):
        return make(PostgreSQLBasicCrashStorage)

    def test_it_offers_reports_only(self, storage):
        assert storage.capabilities == {
            "save_processed", "save_raw_and_processed", "remove", "remove_many"
        }  # fmt: skip
        with pytest.raises(OperationNotSupported):
            storage.get_unredacted_processed(CRASH_ID)

    def test_it_leaves_out_all_else(self, storage, sql):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        assert sql("SELECT count(*) FROM raw_crashes") == [(0,)]
        assert sql("SELECT count(*) FROM processed_crashes") == [(0,)]
        assert sql("SELECT uuid::text FROM reports") == [(CRASH_ID,)]

    def test_it_removes_what_it_has_saved(self, storage):
        storage.save_processed(PROCESSED)
        storage.remove(CRASH_ID)
        for gone in (storage.remove, storage.get_report):
            with pytest.raises(CrashIDNotFound):
                gone(CRASH_ID)


class TestMappings:
    @pytest.mark.own_database
    def test_a_subclass_says_what_is_kept(self, make, sql):
        class Mine(PostgreSQLBasicCrashStorage):
            reports_table_mappings = (
                ReportColumn("sig", "signature", limit=3),
                ReportColumn("level", "level", "integer"),
            )

        sql("ALTER TABLE reports ADD COLUMN level int")
        storage = make(Mine)
        storage.save_processed({"uuid": CRASH_ID, "sig": "abcd", "level": 3, "product": "x"})
        report = {"uuid": CRASH_ID, "signature": "abc", "level": 3}
        assert storage.get_report(CRASH_ID) == report

    def test_a_name_that_is_no_name_is_refused(self, make):
        class Mine(PostgreSQLBasicCrashStorage):
            reports_table_mappings = (ReportColumn("x", "x; DROP TABLE reports"),)

        with pytest.raises(ConfigurationError, match="cannot be a column"):
            make(Mine).save_processed({"uuid": CRASH_ID})
