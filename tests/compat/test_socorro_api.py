"""What today's Socorro does with a storage, beside saving and fetching."""

import os
import pickle
from pathlib import Path

import pytest

from compat.crashes import ACCEPTED, ACCEPTED_TOO, DUMPS, PROCESSED, RAW
from socorro_fast import (
    ConfigurationError,
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageBase,
    CrashStorageError,
    InMemoryCrashStorage,
    NullCrashStorage,
    StorageUnavailable,
)
from socorro_fast.compat import socorro

STORAGE = {
    "class": "socorro_fast.compat.socorro.FSPermanentStorage",
    "options": {"fs_root": "crashes"},
}


def built(setting):
    """Import a class by its dotted path and construct it with options, as Socorro does."""
    module, _, name = setting["class"].rpartition(".")
    found = getattr(__import__(module, fromlist=[name]), name)
    return found(**setting["options"])


@pytest.fixture
def storage(tmp_path):
    return socorro.FSPermanentStorage(tmp_path / "crashes")


@pytest.fixture
def adapter(tmp_path):
    return socorro.CrashStorageAdapter(InMemoryCrashStorage(temp_path=tmp_path))


@pytest.fixture(params=["storage", "adapter"])
def either(request):
    return request.getfixturevalue(request.param)


class TestSettings:
    def test_name_a_class_and_its_options(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        storage = built(STORAGE)
        storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
        assert Path("crashes/20260801/name", f"{ACCEPTED}.json").is_file()

    def test_name_every_option_of_the_original(self, tmp_path):
        options = {
            "fs_root": str(tmp_path / "crashes"),
            "umask": 0o027,
            "json_file_suffix": ".raw",
            "jsonz_file_suffix": ".processed",
            "dump_file_suffix": ".minidump",
            "dump_field": "main",
            "name_branch_base": "names",
        }
        storage = built({**STORAGE, "options": options})
        storage.save_raw_crash(RAW, {"main": b"m", "other": b"o"}, ACCEPTED)
        storage.save_processed_crash(RAW, PROCESSED)
        place = tmp_path / "crashes/20260801/names"
        assert sorted(path.name for path in place.iterdir()) == [
            f"{ACCEPTED}.minidump",
            f"{ACCEPTED}.other.minidump",
            f"{ACCEPTED}.processed",
            f"{ACCEPTED}.raw",
        ]
        assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o640}
        assert {name: getattr(storage, name) for name in options} == options

    def test_may_be_positional(self, tmp_path):
        storage = socorro.FSPermanentStorage(tmp_path, 0o077, ".raw")
        assert (storage.umask, storage.json_file_suffix) == (0o077, ".raw")

    def test_take_ours_too(self, tmp_path):
        storage = socorro.FSPermanentStorage(tmp_path, durability="disk", zero_depth=4)
        storage.save_raw_crash(RAW, None, ACCEPTED)
        assert (tmp_path / "20260801/name/aa/bb/cc/cc").is_dir()

    def test_refuse_what_is_no_option(self, tmp_path):
        with pytest.raises(
            ConfigurationError, match="for FSPermanentStorage; did you mean 'durability'"
        ):
            socorro.FSPermanentStorage(tmp_path, durabilty="disk")

    def test_must_say_where(self):
        with pytest.raises(TypeError, match="fs_root"):
            socorro.FSPermanentStorage()

    @pytest.mark.parametrize("form", ["table", "json", "file"])
    def test_configure_what_is_behind_an_adapter(self, form, tmp_path):
        table = {"class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "tree")}
        text = f'{{"class": "FSRadixTreeStorage", "fs_root": "{tmp_path / "tree"}"}}'
        (tmp_path / "storage.json").write_text(text)
        storage = {"table": table, "json": text, "file": tmp_path / "storage.json"}[form]
        setting = {"class": "socorro_fast.compat.socorro.CrashStorageAdapter"}
        adapter = built({**setting, "options": {"storage": storage}})
        adapter.save_raw_crash(RAW, DUMPS, ACCEPTED)
        assert adapter.get_dumps(ACCEPTED) == DUMPS
        assert list((tmp_path / "tree").iterdir())

    def test_may_name_the_storage_of_an_app(self, tmp_path):
        config = {"apps": {"mover": {"storage": {"class": "InMemoryCrashStorage"}}}}
        adapter = socorro.CrashStorageAdapter(config, app="mover")
        assert isinstance(adapter.storage, InMemoryCrashStorage)

    @pytest.mark.parametrize("storage", [None, 5, "{", {"class": "NoSuch"}, "missing.toml"])
    def test_that_are_wrong_are_refused(self, storage):
        with pytest.raises(ConfigurationError):
            socorro.CrashStorageAdapter(storage)


class TestAttributes:
    def test_can_be_set_as_the_processor_does(self, either):
        either.crash_destination_name = "fs"
        assert either.crash_destination_name == "fs"
        assert either.exceptions_eligible_for_retry == ()

    def test_of_options_hold_from_then_on(self, storage, tmp_path):
        storage.umask = 0o077
        storage.fs_root = str(tmp_path / "elsewhere")
        storage.dump_field = "main"
        storage.save_raw_crash(RAW, {None: b"m"}, ACCEPTED)
        (json,) = (tmp_path / "elsewhere").rglob("*.json")
        assert json.stat().st_mode & 0o777 == 0o600
        assert storage.get_dumps(ACCEPTED) == {"main": b"m"}
        assert storage.umask == 0o077

    def test_of_options_stay_when_the_new_value_is_wrong(self, storage):
        with pytest.raises(ConfigurationError):
            storage.umask = "rwx"
        assert storage.umask == 0o022
        storage.save_raw_crash(RAW, DUMPS, ACCEPTED)

    def test_of_one_instance_are_its_own(self, storage, tmp_path):
        other = socorro.FSPermanentStorage(tmp_path / "other")
        other.umask = 0o077
        assert storage.umask == 0o022


class TestCatalog:
    def test_lists_what_there_is(self, either):
        prefix = either.catalog_prefix
        assert either.catalog_crash(ACCEPTED) == []
        either.save_processed_crash(None, PROCESSED)
        assert either.catalog_crash(ACCEPTED) == [f"{prefix}_processed_crash"]
        either.save_raw_crash(RAW, DUMPS, ACCEPTED)
        assert either.catalog_crash(ACCEPTED) == [
            f"{prefix}_dump_memory",
            f"{prefix}_dump_upload_file_minidump",
            f"{prefix}_dump_upload_file_minidump_browser",
            f"{prefix}_processed_crash",
            f"{prefix}_raw_crash",
        ]
        assert either.catalog_crash(ACCEPTED_TOO) == []
        either.delete_crash(ACCEPTED)
        assert either.catalog_crash(ACCEPTED) == []

    def test_of_the_file_system_has_the_words_of_the_original(self, storage):
        storage.save_raw_crash(RAW, {"": b""}, ACCEPTED)
        assert storage.catalog_crash(ACCEPTED) == ["fs_dump_upload_file_minidump", "fs_raw_crash"]

    def test_lists_what_is_damaged(self, storage):
        storage.save_raw_crash(RAW, {}, ACCEPTED)
        storage.save_processed_crash(None, PROCESSED)
        for path in Path(storage.fs_root).rglob("*.json*"):
            path.write_bytes(b"{")
        assert storage.catalog_crash(ACCEPTED) == ["fs_processed_crash", "fs_raw_crash"]
        with pytest.raises(CorruptCrash):
            storage.get_raw_crash(ACCEPTED)

    def test_of_a_storage_that_keeps_nothing(self):
        assert socorro.CrashStorageAdapter(CrashStorageBase()).catalog_crash(ACCEPTED) == []


class TestFiles:
    def test_of_the_file_system_are_its_own(self, storage, tmp_path):
        storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
        files = storage.get_dumps_as_files(ACCEPTED, str(tmp_path / "never made"))
        assert {name: Path(path).read_bytes() for name, path in files.items()} == DUMPS
        assert {Path(path).parent for path in files.values()} == {
            tmp_path / "crashes/20260801/name"
        }

    def test_of_others_are_the_callers(self, adapter, tmp_path):
        adapter.save_raw_crash(RAW, DUMPS, ACCEPTED)
        (tmp_path / "files").mkdir()
        files = adapter.get_dumps_as_files(ACCEPTED, str(tmp_path / "files"))
        assert {name: Path(path).read_bytes() for name, path in files.items()} == DUMPS
        assert sorted(files.values()) == sorted(map(str, (tmp_path / "files").iterdir()))


class TestWebApplication:
    def test_gets_by_type(self, either):
        either.save_raw_crash(RAW, DUMPS, ACCEPTED)
        either.save_processed_crash(None, PROCESSED)
        assert either.get(uuid=ACCEPTED, datatype="meta") == RAW
        assert either.get(uuid=ACCEPTED, datatype="processed") == PROCESSED
        assert either.get(uuid=ACCEPTED, datatype="raw") == DUMPS["upload_file_minidump"]
        assert either.get(uuid=ACCEPTED, datatype="raw", name="memory") == DUMPS["memory"]

    @pytest.mark.parametrize("datatype", ["meta", "processed", "raw"])
    def test_is_told_nothing_of_the_storage(self, either, datatype, tmp_path):
        with pytest.raises(CrashIDNotFound) as caught:
            either.get(uuid=ACCEPTED, datatype=datatype)
        assert ACCEPTED in str(caught.value)
        assert str(tmp_path) not in str(caught.value)

    @pytest.mark.parametrize(
        ("arguments", "error", "param"),
        [
            ({}, socorro.MissingArgumentError, "uuid"),
            ({"uuid": ""}, socorro.MissingArgumentError, "uuid"),
            ({"uuid": ACCEPTED}, socorro.MissingArgumentError, "datatype"),
            ({"uuid": "../x", "datatype": "meta"}, socorro.BadArgumentError, "uuid"),
            ({"uuid": 5, "datatype": "meta"}, socorro.BadArgumentError, "uuid"),
            ({"uuid": ACCEPTED, "datatype": "close"}, socorro.BadArgumentError, "close"),
        ],
    )
    def test_is_told_what_is_wrong(self, either, arguments, error, param):
        with pytest.raises(error, match=param) as caught:
            either.get(**arguments)
        assert caught.value.param == param
        assert isinstance(caught.value, CrashStorageError)


def test_errors_survive_pickling(storage):
    with pytest.raises(socorro.CrashIDNotFound) as caught:
        storage.get_raw_crash(ACCEPTED)
    for error in (caught.value, socorro.BadArgumentError("x"), socorro.MissingArgumentError("x")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)


def test_errors_other_than_not_found_come_as_they_are():
    class Away(NullCrashStorage):
        def get_raw_crash(self, crash_id):
            raise StorageUnavailable("cannot reach it")

    with pytest.raises(StorageUnavailable):
        socorro.CrashStorageAdapter(Away()).get_raw_crash(ACCEPTED)


def test_closing_closes_the_storage(either):
    either.close()
    either.close()
    with pytest.raises(CrashStorageError, match="closed"):
        either.get_raw_crash(ACCEPTED)


def test_the_process_umask_is_left_alone(tmp_path):
    before = os.umask(0o031)
    try:
        storage = socorro.FSPermanentStorage(tmp_path / "crashes")
        storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
        assert os.umask(0o031) == 0o031
        assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.dump")} == {0o644}
    finally:
        os.umask(before)
