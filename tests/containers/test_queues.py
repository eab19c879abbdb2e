"""Queues of containers: every acknowledgement finds the storage that handed the crash out."""

import threading

import pytest

from containers.odd_storages import DUMPS, ID, OLD, OTHER, RAW, Switched
from socorro_fast import (
    BenchmarkingCrashStorage,
    FallbackCrashStorage,
    FSDatedRadixTreeStorage,
    InMemoryCrashStorage,
    InvalidCrashID,
    MetricsCrashStorage,
    MigrationCrashStorage,
    PolyCrashStorage,
    PrimaryDeferredStorage,
    ReadOnlyCrashStorage,
    RedactingCrashStorage,
    ShardedCrashStorage,
    StorageUnavailable,
)
from socorro_fast.crash_id import new_crash_ids


@pytest.fixture
def first():
    return InMemoryCrashStorage()


@pytest.fixture
def second():
    return InMemoryCrashStorage()


def waiting(*storages):
    """Return what each storage hands out now."""
    found = []
    for storage in storages:
        found.append(list(storage.new_crashes()))
        for crash_id in found[-1]:
            storage.release_crash(crash_id)
    return found


@pytest.fixture(params=["fallback", "migration", "sharded", "nested"])
def both(request, first, second):
    """Make a container that drains both queues; OLD is not of the first one's kind."""
    if request.param == "fallback":
        return FallbackCrashStorage(primary=first, fallback=second)
    if request.param == "migration":
        return MigrationCrashStorage(primary=first, fallback=second, date_threshold="180101")
    if request.param == "sharded":
        return ShardedCrashStorage(storages=[first, second])
    inner = BenchmarkingCrashStorage(storage=RedactingCrashStorage(storage=second))
    fallback = FallbackCrashStorage(primary=MetricsCrashStorage(storage=first), fallback=inner)
    return PolyCrashStorage(
        storages=[PrimaryDeferredStorage(primary=fallback, deferred=InMemoryCrashStorage())]
    )


def test_each_crash_is_acknowledged_where_it_came_from(both, first, second):
    first.save_raw_crash(RAW, DUMPS, ID)
    second.save_raw_crash(RAW, DUMPS, OLD)
    assert sorted(both.new_crashes()) == sorted([ID, OLD])
    both.release_crash(ID)
    assert both.ack_crash(OLD) == OLD
    assert waiting(first, second) == [[ID], []]


def test_a_crash_queued_in_both_is_handed_out_once_at_a_time(both, first, second):
    for storage in (first, second):
        storage.save_raw_crash(RAW, DUMPS, ID)
    assert list(both.new_crashes()) == [ID]
    assert list(both.new_crashes()) == []
    both.ack_crash(ID)
    assert list(both.new_crashes()) == [ID]
    both.ack_crash(ID)
    assert waiting(first, second) == [[], []]


def test_an_acknowledgement_that_failed_can_be_tried_again(second):
    class Flaky(InMemoryCrashStorage):
        def ack_crash(self, crash_id):
            if flaws:
                raise flaws.pop()
            return super().ack_crash(crash_id)

    flaws = [StorageUnavailable("no route")]
    asked = []
    first = Flaky()
    second.ack_crash = asked.append
    both = FallbackCrashStorage(primary=first, fallback=second)
    first.save_raw_crash(RAW, DUMPS, ID)
    assert list(both.new_crashes()) == [ID]
    with pytest.raises(StorageUnavailable):
        both.ack_crash(ID)
    both.ack_crash(ID)
    assert waiting(first) == [[]]
    assert asked == []


def test_a_queue_that_is_away_does_not_keep_the_others_waiting(first):
    away = Switched()
    away.error = StorageUnavailable("no route")
    first.save_raw_crash(RAW, DUMPS, ID)
    walk = FallbackCrashStorage(primary=first, fallback=away).new_crashes()
    assert next(walk) == ID
    with pytest.raises(StorageUnavailable):
        next(walk)


def test_bad_ids_are_refused(both):
    for bad in ("x", None, "../x"):
        with pytest.raises(InvalidCrashID):
            both.ack_crash(bad)
        with pytest.raises(InvalidCrashID):
            both.release_crash(bad)


def test_a_poly_drains_one_queue_only(first, second):
    poly = PolyCrashStorage(storages=[first, second])
    poly.save_raw_crash(RAW, DUMPS, ID)
    assert [poly.ack_crash(each) for each in poly.new_crashes()] == [ID]
    assert waiting(first, second) == [[], [ID]]


def test_deferred_crashes_are_not_handed_out(first, second):
    storage = PrimaryDeferredStorage(primary=first, deferred=second)
    storage.save_raw_crash(RAW | {"legacy_processing": 1}, DUMPS, ID)
    storage.save_raw_crash(RAW | {"legacy_processing": 0}, DUMPS, OTHER)
    assert list(storage.new_crashes()) == [OTHER]
    assert waiting(second) == [[ID]]


@pytest.mark.parametrize("wrapper", [BenchmarkingCrashStorage, MetricsCrashStorage])
def test_a_pass_that_is_closed_gives_back_what_it_had_not_acknowledged(tmp_path, wrapper):
    disk = FSDatedRadixTreeStorage(fs_root=tmp_path, ack="advance")
    disk.save_raw_crash(RAW, DUMPS, ID)
    inner = disk.new_crashes()
    storage = wrapper(storage=disk)
    disk.new_crashes = lambda: inner
    walk = storage.new_crashes()
    assert next(walk) == ID
    walk.close()
    with pytest.raises(StopIteration):
        next(inner)
    del disk.new_crashes
    assert list(storage.new_crashes()) == [ID]


def test_advancing_acknowledges_through_containers(first):
    advancing = InMemoryCrashStorage(ack="advance")
    both = FallbackCrashStorage(primary=MetricsCrashStorage(storage=advancing), fallback=first)
    for crash_id in (ID, OTHER):
        advancing.save_raw_crash(RAW, DUMPS, crash_id)
    walk = both.new_crashes()
    assert next(walk) == ID
    walk.close()
    assert list(both.new_crashes()) == [OTHER, ID]
    assert list(both.new_crashes()) == []
    assert not both._handed_out.holds(ID)


def test_threads_share_a_queue(both, first):
    ids = new_crash_ids(200)
    for crash_id in ids:
        first.save_raw_crash({}, {}, crash_id)
    got = []

    def consume():
        got.extend(both.ack_crash(crash_id) for crash_id in both.new_crashes())

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(ids)
    assert waiting(first) == [[]]


def test_a_read_only_storage_hands_nothing_out(first):
    first.save_raw_crash(RAW, DUMPS, ID)
    storage = ReadOnlyCrashStorage(storage=first)
    for call in (
        storage.new_crashes,
        lambda: storage.ack_crash(ID),
        lambda: storage.release_crash(ID),
    ):
        with pytest.raises(NotImplementedError, match="refuses"):
            call()
    assert waiting(first) == [[ID]]
