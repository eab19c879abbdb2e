"""Compositions as a whole: what they say of themselves, how they close, what they refuse."""

import datetime as dt

import pytest

import socorro_fast
from containers.odd_storages import DUMPS, ID, OLD, OTHER, PROCESSED, RAW, Broken
from socorro_fast import (
    BenchmarkingCrashStorage,
    ConfigurationError,
    CrashStorageError,
    FallbackCrashStorage,
    FSDatedRadixTreeStorage,
    InMemoryCrashStorage,
    MetricsCrashStorage,
    MigrationCrashStorage,
    NullCrashStorage,
    OperationNotSupported,
    PolyCrashStorage,
    PolyCrashStorageError,
    PrimaryDeferredProcessedStorage,
    PrimaryDeferredStorage,
    ReadOnlyCrashStorage,
    RedactingCrashStorage,
    ShardedCrashStorage,
    containers,
    open_storage,
)
from socorro_fast.config.example import example
from socorro_fast.operations import OPERATIONS

CONTAINERS = [
    name
    for name in containers.__all__
    # A spool has a directory of its own, and tests of its own.
    if name.endswith("Storage") and name != "FSSpoolStorage"
]


def of_all(storages):
    """Return a container of each class over what `storages()` makes."""
    return [
        FallbackCrashStorage(primary=storages(), fallback=storages()),
        MigrationCrashStorage(primary=storages(), fallback=storages()),
        PolyCrashStorage(storages=[storages(), storages()]),
        ShardedCrashStorage(storages=[storages(), storages()]),
        PrimaryDeferredStorage(primary=storages(), deferred=storages()),
        PrimaryDeferredProcessedStorage(
            primary=storages(), deferred=storages(), processed=storages()
        ),
        BenchmarkingCrashStorage(storage=storages()),
        MetricsCrashStorage(storage=storages()),
        ReadOnlyCrashStorage(storage=storages()),
        RedactingCrashStorage(storage=storages()),
    ]


def test_every_container_says_that_it_is_one_and_lists_its_members():
    made = of_all(InMemoryCrashStorage)
    assert sorted(type(each).__name__ for each in made) == sorted(CONTAINERS)
    for container in made:
        assert container.is_container is True
        assert len(container.members) >= 1
        assert set(map(type, container.members)) == {InMemoryCrashStorage}
        assert tuple(container.roles.values()) == container.members
    assert InMemoryCrashStorage().is_container is False


@pytest.mark.parametrize("number", range(len(CONTAINERS)))
def test_close_reaches_all_and_reports_every_failure(number):
    error = CrashStorageError("stuck")
    container = of_all(lambda: Broken(error))[number]
    with pytest.raises(PolyCrashStorageError) as caught:
        container.close()
    assert list(caught.value.exceptions) == [error] * len(container.members)
    for role, member in container.roles.items():
        assert member._closed
        assert f"{role}: CrashStorageError: stuck" in str(caught.value)
    container.close()


@pytest.mark.parametrize("number", range(len(CONTAINERS)))
def test_a_closed_container_refuses_everything(number, tmp_path):
    container = of_all(InMemoryCrashStorage)[number]
    container.close()
    calls = {
        "save_raw_crash": (RAW, DUMPS, ID), "save_processed": (PROCESSED,), "get_raw_crash": (ID,),
        "get_processed": (ID,), "remove": (ID,), "list_crashes": (), "new_crashes": (),
    }  # fmt: skip
    for name, args in calls.items():
        if name in container.capabilities:
            with pytest.raises(CrashStorageError, match="closed"):
                getattr(container, name)(*args)


def test_an_interrupt_in_a_close_keeps_no_other_member_open():
    class Interrupted(InMemoryCrashStorage):
        def close(self):
            super().close()
            raise KeyboardInterrupt

    last = InMemoryCrashStorage()
    inner = PolyCrashStorage(storages=[Interrupted(), last])
    outer = FallbackCrashStorage(primary=inner, fallback=InMemoryCrashStorage())
    with pytest.raises(KeyboardInterrupt):
        outer.close()
    assert last._closed
    assert outer.fallback._closed


def test_one_failure_to_close_is_a_group_too():
    container = FallbackCrashStorage(primary=InMemoryCrashStorage(), fallback=Broken(OSError("x")))
    with pytest.raises(PolyCrashStorageError, match=r"1 of 2 storages: fallback: OSError: x"):
        container.close()


def five_deep(tmp_path):
    shards = ShardedCrashStorage(
        storages={"a": FSDatedRadixTreeStorage(fs_root=tmp_path), "b": InMemoryCrashStorage()}
    )
    fallback = FallbackCrashStorage(primary=shards, fallback=InMemoryCrashStorage())
    measured = MetricsCrashStorage(storage=fallback, name="main")
    poly = PolyCrashStorage(storages={"kept": measured, "null": NullCrashStorage()})
    return ReadOnlyCrashStorage(storage=poly)


def test_describe_draws_the_tree(tmp_path):
    with five_deep(tmp_path) as storage:
        lines = storage.describe().splitlines()
        depths = [(len(line) - len(line.lstrip())) // 2 for line in lines]
        assert depths == [0, 1, 2, 3, 4, 5, 5, 4, 2]
        begins = [line.strip().partition("(")[0] for line in lines]
        assert begins == [
            "ReadOnlyCrashStorage",
            "storage = PolyCrashStorage",
            "storages.kept = MetricsCrashStorage",
            "storage = FallbackCrashStorage",
            "primary = ShardedCrashStorage",
            "storages.a = FSDatedRadixTreeStorage",
            "storages.b = InMemoryCrashStorage",
            "fallback = InMemoryCrashStorage",
            "storages.null = NullCrashStorage",
        ]
        assert "save_raw_crash" not in lines[0]
        assert "get_raw_crash, " in lines[0]
        assert all(name in lines[1] for name in OPERATIONS)


def test_describe_of_what_does_nothing_says_so():
    base = ReadOnlyCrashStorage(storage=socorro_fast.CrashStorageBase())
    assert base.describe().splitlines()[0].endswith(": nothing")


UNANSWERED = [
    name for name in OPERATIONS if name.startswith(("get_", "rem")) and not name.endswith("_many")
]


@pytest.mark.parametrize("name", UNANSWERED)
def test_an_operation_that_nobody_has_is_refused_by_name(name):
    for container in of_all(socorro_fast.CrashStorageBase):
        with pytest.raises(OperationNotSupported, match=name):
            getattr(container, name)(ID)
        assert name not in container.capabilities


def test_deep_compositions_close_what_they_share_once_and_for_all(tmp_path):
    disk = FSDatedRadixTreeStorage(fs_root=tmp_path)
    with PolyCrashStorage(storages=[disk, ReadOnlyCrashStorage(storage=disk)]):
        pass
    with pytest.raises(CrashStorageError, match="closed"):
        disk.get_raw_crash(ID)


@pytest.mark.parametrize("name", CONTAINERS)
def test_members_are_asked_for(name):
    with pytest.raises(ConfigurationError, match="is missing"):
        getattr(socorro_fast, name)()


@pytest.mark.parametrize("bad", [None, "disk", 5, {"class": "X"}, InMemoryCrashStorage])
def test_what_is_no_storage_is_no_member(bad):
    with pytest.raises(ConfigurationError, match="'primary' of FallbackCrashStorage cannot be"):
        FallbackCrashStorage(primary=bad, fallback=NullCrashStorage())
    with pytest.raises(ConfigurationError, match="'storages"):
        PolyCrashStorage(storages=[bad])


def test_each_example_of_a_container_opens_and_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in CONTAINERS:
        (tmp_path / "c.toml").write_text(f'storage = "{name}"\n{example([name])}')
        with open_storage("c.toml") as storage:
            if "save_raw_crash" in storage.capabilities:
                storage.save_raw_crash(RAW, DUMPS, ID)
                assert storage.get_raw_dumps(ID) == DUMPS


class TestDeferred:
    @pytest.fixture
    def parts(self):
        return {name: InMemoryCrashStorage() for name in ("primary", "deferred", "processed")}

    def where(self, parts, crash_id=ID):
        return {name for name, part in parts.items() if crash_id in list(part.list_crashes())}

    @pytest.mark.parametrize(
        ("criteria", "crash", "deferred"),
        [
            (None, {"legacy_processing": 1}, True),
            (None, {"legacy_processing": 0}, False),
            (None, {}, False),
            ("legacy_processing == 1", {"legacy_processing": 1}, True),
            ('ProductName in ("A", "B")', {"ProductName": "B"}, True),
            ('ProductName in ("A", "B")', {"ProductName": "C"}, False),
            ('Version startswith "9."', {"Version": "9.1"}, True),
            ('Version startswith "9."', {"Version": 9.1}, False),
            (lambda crash: crash["x"] > 1, {"x": 2}, True),
        ],
    )  # fmt: skip
    def test_criteria_choose(self, parts, criteria, crash, deferred):
        options = {} if criteria is None else {"deferral_criteria": criteria}
        storage = PrimaryDeferredProcessedStorage(**parts, **options)
        storage.save_raw_crash(crash, DUMPS, ID)
        assert self.where(parts) == {"deferred" if deferred else "primary"}
        assert storage.get_raw_crash(ID) == crash

    def test_processed_crashes_have_a_storage_of_their_own(self, parts):
        storage = PrimaryDeferredProcessedStorage(**parts)
        storage.save_raw_and_processed({"legacy_processing": 1}, DUMPS, PROCESSED, ID)
        assert self.where(parts) == {"deferred"}
        assert parts["processed"].get_unredacted_processed(ID) == PROCESSED
        assert storage.get_unredacted_processed(ID) == PROCESSED
        assert list(storage.new_crashes()) == list(parts["deferred"].new_crashes()) == []
        storage.remove(ID)
        assert self.where(parts) == set()
        storage.close()
        assert all(part._closed for part in parts.values())

    def test_criteria_that_fail_are_one_error_and_nothing_is_saved(self, parts):
        storage = PrimaryDeferredProcessedStorage(
            **parts, deferral_criteria=lambda crash: crash["x"]
        )
        with pytest.raises(CrashStorageError, match=rf"criteria failed on crash {ID}: KeyError"):
            storage.save_raw_crash(RAW, DUMPS, ID)
        assert self.where(parts) == set()

    @pytest.mark.parametrize("bad", ["legacy ==", "__import__('os')", "a.b(", "", 5, None])
    def test_criteria_that_are_none_are_refused(self, parts, bad):
        with pytest.raises(ConfigurationError, match="'deferral_criteria'"):
            PrimaryDeferredProcessedStorage(**parts, deferral_criteria=bad)


def test_a_migration_asks_one_storage_by_date():
    new, old = InMemoryCrashStorage(), InMemoryCrashStorage()
    storage = MigrationCrashStorage(primary=new, fallback=old, date_threshold="180601")
    for crash_id in (ID, OLD):
        storage.save_raw_crash(RAW, DUMPS, crash_id)
        storage.save_processed({"uuid": crash_id})
    assert (list(new.list_crashes()), list(old.list_crashes())) == ([ID], [OLD])
    new.save_raw_crash(RAW, {}, OLD)
    assert storage.get_raw_dumps(OLD) == DUMPS
    storage.remove(OLD)
    assert list(new.list_crashes()) == [OLD, ID]
    assert list(storage.list_crashes()) == [ID]


@pytest.mark.parametrize("bad", ["18061", "1806011", "181301", 180601, 864_000, 5.0, "", None])
def test_a_threshold_that_is_no_date_is_refused(bad):
    members = {"primary": InMemoryCrashStorage(), "fallback": InMemoryCrashStorage()}
    with pytest.raises(ConfigurationError, match="'date_threshold'"):
        MigrationCrashStorage(**members, date_threshold=bad)


@pytest.mark.parametrize("good", ["180601", "2018-06-01", dt.date(2018, 6, 1)])
def test_a_threshold_has_three_forms(good):
    members = {"primary": InMemoryCrashStorage(), "fallback": InMemoryCrashStorage()}
    options = MigrationCrashStorage(**members, date_threshold=good).options
    assert options.date_threshold == dt.date(2018, 6, 1)


def test_shards_hold_each_crash_once_and_batches_stay_batches():
    batches = []

    class Batching(InMemoryCrashStorage):
        def save_many(self, items):
            items = list(items)
            batches.append(len(items))
            return super().save_many(items)

    shards = [Batching() for _ in range(3)]
    storage = ShardedCrashStorage(storages=shards)
    ids = socorro_fast.crash_id.new_crash_ids(90)
    outcomes = storage.save_many([(RAW, {}, each) for each in [*ids, "bad"]])
    assert outcomes[:-1] == [None] * 90
    assert isinstance(outcomes[-1], socorro_fast.InvalidCrashID)
    assert len(batches) == 3
    assert sum(batches) == 90
    assert sum(len(list(shard.list_crashes())) for shard in shards) == 90
    assert set(storage.list_crashes()) == set(ids)
    assert storage.get_many(ids) == [RAW] * 90


def test_a_shard_that_is_away_fails_its_crashes_only():
    storage = ShardedCrashStorage(
        storages=[Broken(CrashStorageError("away")), InMemoryCrashStorage()]
    )
    ids = socorro_fast.crash_id.new_crash_ids(64)
    outcomes = storage.save_many([(RAW, {}, each) for each in ids])
    failed = [each for each, outcome in zip(ids, outcomes, strict=True) if outcome is not None]
    assert 0 < len(failed) < 64
    assert {socorro_fast.crash_id.shard_of(each, 2) for each in failed} == {0}


def test_the_second_of_two_equal_ids_wins(tmp_path):
    # An ID twice in a batch is saved twice, in order, wherever it goes.
    storage = ShardedCrashStorage(storages=[InMemoryCrashStorage(), InMemoryCrashStorage()])
    storage.save_many([({"n": 1}, {}, OTHER), ({"n": 2}, {}, OTHER)])
    assert storage.get_raw_crash(OTHER) == {"n": 2}
