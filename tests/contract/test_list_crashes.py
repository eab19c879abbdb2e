"""Listing: every raw crash once, days ascending."""

import datetime as dt

import pytest

from contract.samples import CRASH_ID, DAY, OTHER_DAY, PROCESSED, RAW, crash_id, days_ago
from socorro_fast import InvalidCrash

pytestmark = pytest.mark.needs("save_raw_crash", "list_crashes")


def test_an_empty_storage_lists_nothing(storage):
    assert list(storage.list_crashes()) == []
    assert list(storage.list_crashes(DAY)) == []


def test_every_crash_is_listed_once_days_ascending(storage):
    ids = [
        crash_id(number * 0x01010101, days_ago(days), depth)
        for days in (5, 11, 17, 1)
        for number, depth in ((1, 1), (2, 2), (3, 3), (250, 4), (3, 2))
    ]
    for each in ids:
        storage.save_raw_crash(RAW, {}, each)
    listed = list(storage.list_crashes())
    assert sorted(listed) == sorted(ids)
    assert [each[-6:] for each in listed] == sorted(each[-6:] for each in ids)


def test_a_date_selects_its_crashes(storage):
    for each in (CRASH_ID, OTHER_DAY):
        storage.save_raw_crash(RAW, {}, each)
    assert list(storage.list_crashes(DAY)) == [CRASH_ID]
    assert list(storage.list_crashes(dt.date(2018, 7, 2))) == [OTHER_DAY]
    assert list(storage.list_crashes(dt.date(2018, 6, 2))) == []


def test_a_date_and_time_selects_the_crashes_of_its_day(storage):
    storage.save_raw_crash(RAW, {}, CRASH_ID)
    assert list(storage.list_crashes(dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC))) == [CRASH_ID]


def test_saving_again_and_processing_list_nothing_twice(storage):
    storage.save_raw_crash(RAW, {}, CRASH_ID)
    storage.save_raw_and_processed(RAW, {None: b"x"}, PROCESSED, CRASH_ID)
    assert list(storage.list_crashes()) == [CRASH_ID]


def test_crashes_may_be_removed_while_they_are_listed(storage, backend):
    for number in range(min(30, backend.many)):
        storage.save_raw_crash(RAW, {}, crash_id(number << 24))
    for each in storage.list_crashes():
        storage.remove(each)
    assert list(storage.list_crashes()) == []


@pytest.mark.parametrize("date", [5, "20180601", 0])
def test_what_is_no_date_is_refused_at_the_call(storage, date):
    storage.save_raw_crash(RAW, {}, CRASH_ID)
    with pytest.raises(InvalidCrash, match="the day to list must be a date"):
        storage.list_crashes(date)
