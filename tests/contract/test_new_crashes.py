"""The queue: nothing lost, nothing handed to two, done when acknowledged."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.samples import (
    BAD_IDS,
    CRASH_ID,
    DUMPS,
    ELSEWHERE,
    PROCESSED,
    RAW,
    SAME_RADIX,
    days_ago,
)
from contract.samples import crash_id as numbered
from socorro_fast import InvalidCrashID

pytestmark = pytest.mark.needs("save_raw_crash", "new_crashes", "ack_crash", "release_crash")


def drain(storage):
    return sorted(storage.ack_crash(crash_id) for crash_id in storage.new_crashes())


def elsewhere(call, *args):
    """Call in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *args).result()


def test_an_empty_storage_has_nothing_new(storage):
    assert list(storage.new_crashes()) == []


def test_a_saved_crash_is_new_until_it_is_acknowledged(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert drain(storage) == [CRASH_ID]
    assert drain(storage) == []


@pytest.mark.needs("get_raw_crash")
def test_an_acknowledged_crash_stays_in_the_storage(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert drain(storage) == [CRASH_ID]
    assert storage.get_raw_crash(CRASH_ID) == RAW


def test_a_crash_saved_twice_is_new_once(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert list(storage.new_crashes()) == [CRASH_ID]


@pytest.mark.needs(ordered=True)
def test_crashes_come_in_order(storage):
    dates = days_ago(9), days_ago(2)
    ids = [numbered(number, date) for date in dates for number in range(0, 900, 7)]
    for crash_id in ids:
        storage.save_raw_crash(RAW, {}, crash_id)
    assert list(storage.new_crashes()) == ids


def test_a_crash_handed_out_is_not_handed_out_again(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    first = storage.new_crashes()
    assert next(first) == CRASH_ID
    assert list(storage.new_crashes()) == []
    assert list(first) == []


@pytest.mark.needs(persists=True)
def test_nor_to_a_second_instance(storage, make):
    for crash_id in (CRASH_ID, ELSEWHERE):
        storage.save_raw_crash(RAW, DUMPS, crash_id)
    other = make()
    mine = storage.new_crashes()
    theirs = [next(mine), *other.new_crashes(), *mine]
    assert sorted(theirs) == [ELSEWHERE, CRASH_ID]


@pytest.mark.needs(persists=True)
def test_an_acknowledged_crash_is_new_for_nobody(storage, make):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    drain(storage)
    assert list(make().new_crashes()) == []


@pytest.mark.needs(persists=True)
def test_closing_gives_back_what_was_not_acknowledged(make):
    first = make()
    for crash_id in (CRASH_ID, SAME_RADIX, ELSEWHERE):
        first.save_raw_crash(RAW, DUMPS, crash_id)
    handed_out = list(first.new_crashes())
    first.ack_crash(handed_out[1])
    first.close()
    assert drain(make()) == sorted({CRASH_ID, SAME_RADIX, ELSEWHERE} - {handed_out[1]})


def test_any_thread_may_acknowledge(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    for crash_id in storage.new_crashes():
        assert elsewhere(storage.ack_crash, crash_id) == crash_id
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert list(storage.new_crashes()) == [CRASH_ID]


def test_acknowledging_what_was_not_handed_out_is_nothing(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert storage.ack_crash(CRASH_ID) == CRASH_ID
    assert storage.ack_crash(ELSEWHERE) == ELSEWHERE
    assert storage.release_crash(ELSEWHERE) == ELSEWHERE
    assert list(storage.new_crashes()) == [CRASH_ID]


@pytest.mark.parametrize("operation", ["ack_crash", "release_crash"])
@pytest.mark.parametrize("crash_id", BAD_IDS.values(), ids=BAD_IDS)
def test_a_bad_id_is_refused(storage, operation, crash_id):
    with pytest.raises(InvalidCrashID):
        getattr(storage, operation)(crash_id)


class TestRelease:
    def test_hands_the_crash_out_again(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert [storage.release_crash(each) for each in storage.new_crashes()] == [CRASH_ID]
        assert drain(storage) == [CRASH_ID]
        assert drain(storage) == []

    def test_takes_only_that_crash(self, storage):
        for crash_id in (CRASH_ID, ELSEWHERE):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        assert len(list(storage.new_crashes())) == 2
        elsewhere(storage.release_crash, CRASH_ID)
        assert list(storage.new_crashes()) == [CRASH_ID]

    @pytest.mark.needs(persists=True)
    def test_may_hand_it_to_a_second_instance(self, storage, make):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        for crash_id in storage.new_crashes():
            storage.release_crash(crash_id)
        assert drain(make()) == [CRASH_ID]


class TestSavedAgain:
    def test_after_the_ack_it_is_new(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        drain(storage)
        storage.save_raw_crash({"new": 1}, {}, CRASH_ID)
        assert drain(storage) == [CRASH_ID]

    @pytest.mark.parametrize("end", ["ack_crash", "release_crash"])
    def test_while_handed_out_it_is_new_after_the_end_of_that(self, storage, end):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert list(storage.new_crashes()) == [CRASH_ID]
        storage.save_raw_crash({"new": 1}, {}, CRASH_ID)
        assert list(storage.new_crashes()) == []
        getattr(storage, end)(CRASH_ID)
        assert drain(storage) == [CRASH_ID]
        assert drain(storage) == []

    @pytest.mark.needs(persists=True, one_owner=True)
    def test_while_handed_out_it_is_not_for_a_second_instance(self, storage, make):
        other = make()
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert list(storage.new_crashes()) == [CRASH_ID]
        other.save_raw_crash({"new": 1}, {}, CRASH_ID)
        assert list(other.new_crashes()) == []
        storage.ack_crash(CRASH_ID)
        assert drain(other) == [CRASH_ID]


@pytest.mark.needs("remove")
class TestRemoved:
    @pytest.mark.needs(one_owner=True)
    def test_a_removed_crash_is_not_new(self, storage):
        for crash_id in (CRASH_ID, SAME_RADIX):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        storage.remove(CRASH_ID)
        assert drain(storage) == [SAME_RADIX]

    def test_one_saved_again_is_new(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.remove(CRASH_ID)
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert drain(storage) == [CRASH_ID]

    def test_its_consumer_may_remove_it(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        for crash_id in storage.new_crashes():
            storage.remove(crash_id)
            storage.ack_crash(crash_id)
        assert drain(storage) == []
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert drain(storage) == [CRASH_ID]


@pytest.mark.needs("save_raw_and_processed")
class TestRawAndProcessed:
    def test_does_not_make_a_crash_new(self, storage):
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        assert drain(storage) == []

    def test_does_not_make_it_new_again(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert list(storage.new_crashes()) == [CRASH_ID]
        storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
        storage.ack_crash(CRASH_ID)
        assert drain(storage) == []

    def test_does_not_make_it_old_either(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
        assert drain(storage) == [CRASH_ID]


class TestAdvance:
    def test_asking_for_the_next_is_the_ack(self, make):
        storage = make(ack="advance")
        for crash_id in (ELSEWHERE, CRASH_ID):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        assert sorted(storage.new_crashes()) == [ELSEWHERE, CRASH_ID]
        assert list(storage.new_crashes()) == []

    def test_the_last_one_is_given_back_when_the_consumer_stops(self, make):
        storage = make(ack="advance")
        for crash_id in (ELSEWHERE, CRASH_ID):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        walk = storage.new_crashes()
        acknowledged, stopped_at = next(walk), next(walk)
        walk.close()
        assert list(storage.new_crashes()) == [stopped_at] != [acknowledged]

    @pytest.mark.needs(persists=True)
    def test_it_is_so_for_a_second_instance(self, make):
        first = make(ack="advance")
        for crash_id in (ELSEWHERE, CRASH_ID):
            first.save_raw_crash(RAW, DUMPS, crash_id)
        walk = first.new_crashes()
        _acknowledged, stopped_at = next(walk), next(walk)
        walk.close()
        first.close()
        assert drain(make()) == [stopped_at]


def test_the_quit_check_ends_a_walk(make):
    asked = threading.Event()

    def quit_check():
        if asked.is_set():
            raise KeyboardInterrupt

    storage = make(quit_check_callback=quit_check)
    for number in range(20):
        storage.save_raw_crash(RAW, {}, numbered(number))
    walk = storage.new_crashes()
    next(walk)
    asked.set()
    with pytest.raises(KeyboardInterrupt):
        list(walk)
