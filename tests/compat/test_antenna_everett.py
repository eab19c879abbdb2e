"""The storages as Antenna configures them, with everett."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from everett.manager import ConfigDictEnv, ConfigManager, get_runtime_config, parse_class

from compat.crashes import ACCEPTED, DUMPS, RAW
from socorro_fast import (
    ConfigurationError,
    CrashStorageError,
    FSDatedRadixTreeStorage,
    InMemoryCrashStorage,
    NullCrashStorage,
    StorageUnavailable,
)
from socorro_fast.compat import antenna
from socorro_fast.compat.antenna import CrashReport
from socorro_fast.compat.socorro import FSPermanentStorage

REPORT = CrashReport(RAW, DUMPS, ACCEPTED)


def antennas_storage(**options):
    """Construct a storage as Antenna does: from a class and options named in the environment."""
    prefix = "CRASHMOVER_CRASHSTORAGE_"
    environment = {f"{prefix}{name.upper()}": value for name, value in options.items()}
    config = ConfigManager([ConfigDictEnv(environment)]).with_namespace("crashmover")
    storage_class = config("crashstorage_class", parser=parse_class)
    return storage_class(config.with_namespace("crashstorage"))


@dataclass
class Health:
    """What Antenna's heartbeat hands to a storage."""

    errors: list[tuple[str, str]] = field(default_factory=list)

    def add_error(self, name, msg):
        self.errors.append((name, msg))


def health_of(storage):
    health = Health()
    storage.check_health(health)
    return health.errors


NAME = "socorro_fast.compat.antenna"


@pytest.fixture(params=["FSCrashStorage", "RadixFSCrashStorage", "CrashStorageAdapter"])
def storage(request, tmp_path):
    options = {"fs_root": str(tmp_path / "crashes")}
    if request.param == "CrashStorageAdapter":
        path = tmp_path / "storage.toml"
        path.write_text(f"class = 'FSRadixTreeStorage'\nfs_root = '{tmp_path / 'crashes'}'\n")
        options = {"storage": str(path)}
    return antennas_storage(**{"class": f"{NAME}.{request.param}"}, **options)


def test_a_crash_comes_back(storage, tmp_path):
    storage.save_crash(REPORT)
    assert storage.load_crash(ACCEPTED) == REPORT
    assert len([path for path in tmp_path.rglob(f"{ACCEPTED}*") if path.is_file()]) > len(DUMPS)


def test_five_attempts_are_one_crash(storage):
    for _ in range(5):
        storage.save_crash(REPORT)
    assert storage.load_crash(ACCEPTED) == REPORT


def test_a_second_save_replaces_the_first(storage):
    storage.save_crash(REPORT)
    new = CrashReport({"new": 1}, {"memory": b"new"}, ACCEPTED)
    storage.save_crash(new)
    assert storage.load_crash(ACCEPTED) == new


def test_a_crash_that_is_not_there_is_antennas_error(storage):
    with pytest.raises(antenna.CrashIDNotFound) as caught:
        storage.load_crash(ACCEPTED)
    assert caught.value.crash_id == ACCEPTED


@pytest.mark.parametrize(
    "report",
    [
        CrashReport(RAW, {"a/b": b""}, ACCEPTED),
        CrashReport(RAW, {}, "../../etc"),
        CrashReport([], {}, ACCEPTED),
        SimpleNamespace(crash_id=ACCEPTED),
    ],
    ids=["dump name", "crash ID", "raw crash", "no report"],
)
def test_what_is_wrong_is_refused(storage, report):
    with pytest.raises(CrashStorageError):
        storage.save_crash(report)
    with pytest.raises(antenna.CrashIDNotFound):
        storage.load_crash(ACCEPTED)


def test_a_healthy_storage_says_nothing_and_leaves_nothing(storage, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert health_of(storage) == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["FSCrashStorage", "RadixFSCrashStorage"])
def test_a_root_that_is_gone_is_told(name, tmp_path):
    storage = antennas_storage(**{"class": f"{NAME}.{name}"}, fs_root=str(tmp_path / "crashes"))
    (tmp_path / "crashes").rmdir()
    ((told, why),) = health_of(storage)
    assert told == name
    assert "No such file" in why


def test_a_storage_that_does_not_answer_is_told():
    class Away(NullCrashStorage):
        def get_raw_crash(self, crash_id):
            raise StorageUnavailable("cannot reach it")

    storage = antenna.CrashStorageAdapter({"storage": Away()})
    assert health_of(storage) == [
        ("CrashStorageAdapter", "StorageUnavailable('cannot reach it', True)")
    ]


class TestOptions:
    def test_are_declared_to_everett(self, storage):
        declared = list(get_runtime_config(ConfigManager([ConfigDictEnv({})]), storage))
        assert {key for _, key, _, _ in declared} & {"fs_root", "storage"}
        assert all(option.doc for _, _, _, option in declared)

    def test_of_the_file_system(self):
        config = ConfigManager([ConfigDictEnv({})])
        storage = antenna.FSCrashStorage.__new__(antenna.FSCrashStorage)
        found = {key: value for _, key, value, _ in get_runtime_config(config, storage)}
        assert found["fs_root"] == "/tmp/antenna_crashes"
        assert (found["umask"], found["durability"]) == ("022", "os")
        assert set(found) == {"fs_root", "umask", "file_mode", "dir_mode", "durability"}

    def test_are_text(self, tmp_path):
        storage = antennas_storage(
            **{"class": f"{NAME}.RadixFSCrashStorage"},
            fs_root=str(tmp_path / "crashes"),
            umask="077",
            zero_depth="1",
            prune_empty_dirs="false",
            minute_slice_interval="30",
        )
        assert storage.storage.options.umask == 0o077
        assert storage.storage.options.prune_empty_dirs is False
        storage.save_crash(REPORT)
        (json,) = (tmp_path / "crashes").rglob(f"{ACCEPTED}.json")
        assert json.parent == tmp_path / "crashes/20260801/name/aa" / ACCEPTED
        assert json.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("FSCrashStorage", {"umask": "9"}),
            ("RadixFSCrashStorage", {"zero_depth": "deep"}),
            ("CrashStorageAdapter", {}),
            ("CrashStorageAdapter", {"storage": "missing.toml"}),
            ("CrashStorageAdapter", {"storage": '{"class": "NoSuchStorage"}'}),
        ],
    )
    def test_that_are_wrong_are_refused(self, name, options, tmp_path):
        fs_root = {} if name == "CrashStorageAdapter" else {"fs_root": str(tmp_path)}
        with pytest.raises(ConfigurationError):
            antennas_storage(**{"class": f"{NAME}.{name}"}, **options, **fs_root)

    @pytest.mark.parametrize("storage", [5, None, [], "", {"class": 5}])
    def test_that_are_no_storage_are_refused(self, storage):
        with pytest.raises(ConfigurationError) as caught:
            antenna.CrashStorageAdapter({"storage": storage})
        assert "\n" not in str(caught.value)

    def test_are_wanted(self):
        with pytest.raises(ConfigurationError, match="needs a configuration"):
            antenna.FSCrashStorage(None)

    @pytest.mark.parametrize("form", ["mapping", "object"])
    def test_may_come_from_anything(self, form, tmp_path):
        options = {"fs_root": str(tmp_path / "crashes"), "logger": None}
        config = options if form == "mapping" else SimpleNamespace(**options)
        storage = antenna.FSCrashStorage(config)
        assert storage.config is config
        assert storage.root == str(tmp_path / "crashes")

    def test_may_be_a_storage(self):
        memory = InMemoryCrashStorage()
        storage = antenna.CrashStorageAdapter({"storage": memory})
        storage.save_crash(REPORT)
        assert memory.get_raw_dumps(ACCEPTED) == DUMPS

    def test_may_name_an_app(self, tmp_path):
        path = tmp_path / "all.toml"
        path.write_text('[apps.collector.storage]\nclass = "InMemoryCrashStorage"\n')
        storage = antennas_storage(
            **{"class": f"{NAME}.CrashStorageAdapter"}, storage=str(path), app="collector"
        )
        assert isinstance(storage.storage, InMemoryCrashStorage)


class TestBeyond:
    def test_crashes_are_queued_once_for_a_consumer(self, tmp_path):
        storage = antenna.RadixFSCrashStorage({"fs_root": tmp_path})
        for _ in range(5):
            storage.save_crash(REPORT)
        with FSDatedRadixTreeStorage(fs_root=tmp_path) as consumer:
            assert list(consumer.new_crashes()) == [ACCEPTED]
            assert consumer.get_raw_dumps(ACCEPTED) == DUMPS

    def test_socorro_reads_what_antenna_saved(self, tmp_path):
        table = {"class": "socorro_fast.compat.socorro.SocorroRadixTreeStorage"}
        storage = antenna.CrashStorageAdapter({"storage": {**table, "fs_root": str(tmp_path)}})
        storage.save_crash(REPORT)
        processor = FSPermanentStorage(tmp_path)
        assert processor.get_raw_crash(ACCEPTED) == RAW
        assert processor.get_dumps(ACCEPTED) == DUMPS

    def test_closing_closes_the_storage(self):
        storage = antenna.CrashStorageAdapter({"storage": {"class": "InMemoryCrashStorage"}})
        storage.close()
        with pytest.raises(CrashStorageError, match="closed"):
            storage.save_crash(REPORT)
