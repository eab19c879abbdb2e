"""Storages that others derived from the original's classes, as they would have been written."""

import datetime as dt

import pytest

from fs.trees import DEPTH_0, DEPTH_2, DUMPS, PROCESSED, RAW, paths
from socorro_fast import ConfigurationError, StorageOptions
from socorro_fast.compat import classic
from socorro_fast.redactor import Redactor as NativeRedactor


class Ours2015(classic.FSDatedRadixTreeStorage):
    """Written in 2015: two arguments, its own option, its own clock."""

    def __init__(self, config, quit_check_callback=None):
        super(Ours2015, self).__init__(config, quit_check_callback)  # noqa: UP008 - as it was then
        self.prefix = config.prefix
        self.saved = []

    def _current_slot(self):
        return ["00", "00_00"]

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self.saved.append((type(dumps).__name__, self.config.prefix + crash_id))
        super(Ours2015, self).save_raw_crash(raw_crash, dumps, crash_id)  # noqa: UP008

    def get_raw_crash(self, crash_id):
        raw_crash = super(Ours2015, self).get_raw_crash(crash_id)  # noqa: UP008
        raw_crash.seen_by = self.prefix
        return raw_crash


def test_a_subclass_of_2015(tmp_path):
    storage = Ours2015(classic.DotDict(fs_root=str(tmp_path), prefix="p-"))
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert storage.saved == [("dict", f"p-{DEPTH_2}")]
    assert storage.get_raw_crash(DEPTH_2).seen_by == "p-"
    assert f"20180601/date/00/00_0/{DEPTH_2}" in paths(tmp_path)
    assert list(storage.new_crashes()) == [DEPTH_2]


def test_a_subclass_of_2015_in_a_container(tmp_path):
    config = {
        "storage_classes": [Ours2015, "NullCrashStorage"],
        "storage0": {"fs_root": str(tmp_path), "prefix": "x-"},
    }
    with classic.PolyCrashStorage(config, "", lambda: None) as storage:
        storage.save_raw_crash_with_file_dumps(RAW, {}, DEPTH_2)
        assert storage.stores.storage0.saved == [("MemoryDumpsMapping", f"x-{DEPTH_2}")]


@pytest.mark.parametrize(
    ("slot", "path"),
    [
        (["12", "34_5"], "12/34_5"),
        (("23", "59_14"), "23/59_14"),
        (["07", "08_00"], "07/08_0"),
    ],
)
def test_the_slot_of_an_instance(slot, path, tmp_path):
    """Tests of the original set the clock like this."""
    storage = classic.FSLegacyDatedRadixTreeStorage({"fs_root": tmp_path})
    storage._current_slot = lambda: slot
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert f"20180601/date/{path}/{DEPTH_2}" in paths(tmp_path)


@pytest.mark.parametrize("slot", [["24", "00_0"], ["12"], ["12", "60_0"], ["1", "2_99"], 5, None])
def test_a_slot_that_is_none_is_refused(slot, tmp_path):
    storage = classic.FSDatedRadixTreeStorage({"fs_root": tmp_path})
    storage._current_slot = lambda: slot
    with pytest.raises(
        ConfigurationError, match="_current_slot of FSDatedRadixTreeStorage must be"
    ):
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert paths(tmp_path) == []


def test_the_slot_follows_the_option_now(tmp_path):
    now = dt.datetime(2018, 6, 1, 14, 34, 21, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    storage = classic.FSDatedRadixTreeStorage({"fs_root": tmp_path, "now": lambda: now})
    assert storage._current_slot() == ["12", "34_5"]


@pytest.mark.parametrize(
    ("cls", "home", "back"),
    [
        (classic.FSDatedRadixTreeStorage, f"20180601/name/aa/bb/{DEPTH_2}", "date_root"),
        (classic.FSDatedPermanentStorage, "20180601/name/aa/bb", DEPTH_2),
        (classic.FSTemporaryStorage, "01/name/aa/bb", DEPTH_2),
    ],
)
def test_the_methods_that_say_where_a_crash_lies(cls, home, back, tmp_path):
    storage = cls({"fs_root": tmp_path})
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert storage._get_radixed_parent_directory(DEPTH_2) == str(tmp_path / home)
    assert storage._get_base(DEPTH_2) == [str(tmp_path), home.split("/")[0]]
    assert storage._get_radix(DEPTH_2) == ["aa", "bb"]
    assert storage._get_radix(DEPTH_0) == ["0b", "ba", "92", "9f"]
    files = [storage._get_dump_file_name(DEPTH_2, name) for name in (None, "", *DUMPS)]
    assert files == [f"{DEPTH_2}.dump"] * 3 + [f"{DEPTH_2}.browser.dump"]
    assert all((tmp_path / home / name).is_file() for name in files)
    found = storage._get_dump_names_from_paths(str(tmp_path / home / name) for name in files[2:])
    assert found == list(DUMPS)
    assert (tmp_path / home / storage._get_date_root_name(DEPTH_2)).is_symlink()
    assert storage._get_date_root_name(DEPTH_2) == back
    slot = storage._get_dated_parent_directory(DEPTH_2, ["12", "34_5"])
    assert slot == str(tmp_path / home.split("/")[0] / "date/12/34_5")
    assert len(storage._get_current_date()) == len(home.split("/")[0])
    assert storage.SLOT_DEPTH == 2


@pytest.mark.parametrize(
    "name", ["_get_base", "_get_radix", "_get_radixed_parent_directory", "DIR_DEPTH"]
)
def test_a_layout_of_one_s_own_is_refused_and_not_ignored(name, tmp_path):
    cls = type("Mine", (classic.FSRadixTreeStorage,), {name: lambda *_args: "elsewhere"})
    with pytest.raises(ConfigurationError, match=f"Mine overrides {name}"):
        cls({"fs_root": tmp_path})
    assert paths(tmp_path) == []


class Own(classic.CrashStorageBase):
    """A storage of one's own, below the base class."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.crashes = {}

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self.crashes[crash_id] = (raw_crash, dumps)

    def get_raw_crash(self, crash_id):
        try:
            return self.crashes[crash_id][0]
        except KeyError:
            raise classic.CrashIDNotFound(crash_id) from None


class Mutating(Own):
    def is_mutator(self):
        return True

    def save_raw_and_processed(self, raw_crash, dumps, processed_crash, crash_id):
        raw_crash["ProductName"] = processed_crash["signature"] = "mine"


def test_the_base_of_one_s_own_does_what_the_original_s_did():
    storage = Own({"redactor_class": classic.Redactor})
    assert storage.save_processed({"no": "ID"}) is None
    assert (list(storage.new_crashes()), storage.ack_crash(DEPTH_2)) == ([], DEPTH_2)
    assert (storage.exceptions_eligible_for_retry, storage.is_mutator()) == ((), False)
    for call in (storage.get_raw_dumps, storage.get_unredacted_processed, storage.remove):
        with pytest.raises(NotImplementedError):
            call(DEPTH_2)
    storage.save_raw_and_processed(RAW, None, PROCESSED, DEPTH_2)
    assert storage.crashes == {DEPTH_2: (RAW, None)}
    assert storage.capabilities == {
        "save_raw_crash", "save_raw_and_processed", "save_many", "get_raw_crash", "get_many",
    }  # fmt: skip


def test_files_reach_one_s_own_save_as_dumps_in_memory(tmp_path):
    storage = Own({})
    files = classic.MemoryDumpsMapping(DUMPS).as_file_dumps_mapping(DEPTH_2, tmp_path, ".dump")
    storage.save_raw_crash_with_file_dumps(RAW, files, DEPTH_2)
    dumps = storage.crashes[DEPTH_2][1]
    assert isinstance(dumps, classic.MemoryDumpsMapping)
    assert dumps == DUMPS


def test_what_a_mutator_does_reaches_no_other_storage():
    names = {"storage0": Mutating, "storage1": "InMemoryCrashStorage"}
    config = {name: {"crashstorage_class": cls} for name, cls in names.items()}
    config["storage_namespaces"] = ",".join(names)
    storage = classic.PolyCrashStorage(config)
    assert storage.is_mutator()
    raw, processed = dict(RAW), dict(PROCESSED)
    storage.save_raw_and_processed(raw, None, processed, DEPTH_2)
    assert (raw, processed) == (RAW, PROCESSED)
    assert storage.stores.storage1.get_raw_crash(DEPTH_2) == RAW
    assert storage.get_raw_crash(DEPTH_2) == RAW


def test_fallback_over_one_s_own_asks_the_other_when_the_crash_is_missing():
    spaces = {"primary": {"storage_class": Own}, "fallback": {"storage_class": Own}}
    storage = classic.FallbackCrashStorage(spaces)
    storage.fallback_store.save_raw_crash(RAW, {}, DEPTH_2)
    assert storage.get_raw_crash(DEPTH_2).Version == "60.0"
    with pytest.raises(classic.CrashIDNotFound):
        storage.get_raw_crash(DEPTH_0)


class Shouting:
    """A redactor that owes us nothing."""

    def __init__(self, config):
        self.word = config.word

    def redact(self, mapping):
        mapping["signature"] = self.word


@pytest.mark.parametrize(
    ("config", "signature", "email"),
    [
        ({}, "OOM | small", None),
        ({"forbidden_keys": "signature, x"}, None, "a@b.c"),
        ({"redactor_class": "Redactor", "forbidden_keys": "signature"}, None, "a@b.c"),
        ({"redactor_class": "socorro.external.crashstorage_base.Redactor"}, "OOM | small", None),
        ({"redactor_class": NativeRedactor, "forbidden_keys": "email"}, "OOM | small", None),
        ({"redactor_class": Shouting, "word": "HUSH"}, "HUSH", "a@b.c"),
        ({"redactor": {"allowed_keys": ["uuid"]}}, None, None),
    ],
)
def test_the_redactor_of_a_configuration(config, signature, email):
    storage = classic.InMemoryCrashStorage(classic.DotDict(config))
    storage.save_processed(PROCESSED | {"email": "a@b.c"})
    found = storage.get_processed(DEPTH_2)
    assert (found.get("signature"), found.get("email")) == (signature, email)
    assert storage.get_unredacted_processed(DEPTH_2).email == "a@b.c"


def test_the_redactor_by_itself():
    redactor = classic.Redactor(classic.DotDict(forbidden_keys="a.b, c"))
    crash = {"a": {"b": 1, "x": 2}, "c": 3}
    assert redactor(crash) is None
    assert crash == {"a": {"x": 2}}


class Adaptable(classic.adapted(classic.CrashStorageBase)):
    class Options(StorageOptions):
        mine: int = 3


def test_options_of_one_s_own_are_found():
    assert Adaptable({"mine": "4"}).options.mine == 4
    assert Adaptable(None).config.mine == 3
