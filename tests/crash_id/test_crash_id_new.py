"""Making crash IDs."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from crash_id_oracle import DAYS, is_crash_id
from hypothesis import given
from hypothesis import strategies as st

from socorro_fast.crash_id import (
    crash_id_from_uuid,
    date_and_depth,
    date_of,
    new_crash_id,
    new_crash_ids,
)
from socorro_fast.errors import InvalidCrashID

DAY = date(2018, 6, 1)


@given(DAYS, st.integers(1, 4))
def test_new_id_has_its_date_and_depth_and_is_a_uuid_4(day, depth):
    crash_id = new_crash_id(day, depth)
    assert is_crash_id(crash_id)
    assert date_and_depth(crash_id) == (day, depth)
    as_uuid = uuid.UUID(crash_id)
    assert (as_uuid.version, as_uuid.variant) == (4, uuid.RFC_4122)


def test_new_id_is_of_today_in_utc_at_depth_two():
    before = datetime.now(UTC).date()
    crash_id = new_crash_id()
    after = datetime.now(UTC).date()
    day, depth = date_and_depth(crash_id)
    assert before <= day <= after
    assert depth == 2


def test_datetime_counts_as_the_day_that_it_shows():
    east = timezone(timedelta(hours=14))
    assert date_of(new_crash_id(datetime(2018, 6, 2, 1, tzinfo=east))) == date(2018, 6, 2)


def test_batch_makes_as_many_different_ids_as_asked():
    ids = new_crash_ids(100_000, date=DAY, depth=3)
    assert len(ids) == len(set(ids)) == 100_000
    assert {crash_id[29:] for crash_id in ids} == {"3180601"}
    assert new_crash_ids(0) == []


def test_every_free_character_takes_every_value():
    ids = new_crash_ids(2_000)
    seen = [len(set(column)) for column in zip(*ids, strict=True)][:29]
    fixed = {8: 1, 13: 1, 14: 1, 18: 1, 19: 4, 23: 1}
    assert seen == [fixed.get(at, 16) for at in range(29)]


def test_threads_never_make_the_same_id():
    with ThreadPoolExecutor(4) as threads:
        batches = threads.map(lambda _: [new_crash_id() for _ in range(10_000)], range(4))
        assert len({crash_id for batch in batches for crash_id in batch}) == 40_000


@given(st.uuids(), DAYS, st.integers(1, 4))
def test_id_of_a_uuid_shares_its_first_29_characters(given_uuid, day, depth):
    expected = f"{str(given_uuid)[:29]}{depth}{day:%y%m%d}"
    assert crash_id_from_uuid(given_uuid, day, depth) == expected
    assert crash_id_from_uuid(str(given_uuid), date=day, depth=depth) == expected


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "wrong at position 0, where one of 0-9 and a-f belongs"),
        ("A" * 36, "wrong at position 0, where one of 0-9 and a-f belongs"),
        (uuid.UUID(int=0).hex, "wrong at position 8, where a dash belongs"),
        (f"{uuid.UUID(int=0)}\n", "wrong at position 36, where the end belongs"),
        (f"{uuid.UUID(int=0)}"[:-1] + "\udc80", "wrong at position 35, where one of 0-9"),
        (b"0" * 36, "it must be a uuid.UUID or a str"),
        (None, "None; it must be a uuid.UUID or a str"),
    ],
)
def test_what_is_no_uuid_is_refused(wrong, told):
    with pytest.raises(InvalidCrashID, match=f"uuid is .*{re.escape(told)}"):
        crash_id_from_uuid(wrong)


def makers(**wrong):
    yield lambda: new_crash_id(**wrong)
    yield lambda: new_crash_ids(1, **wrong)
    yield lambda: crash_id_from_uuid(uuid.uuid4(), **wrong)


@pytest.mark.parametrize("depth", [0, 5, -1, 256, 2**70, "2", 2.0, None])
def test_depth_out_of_range_is_named(depth):
    for make in makers(depth=depth):
        with pytest.raises(InvalidCrashID, match=r"depth is .*; it must be an int from 1 to 4"):
            make()


@pytest.mark.parametrize(
    "day", [date(1999, 12, 31), date(2100, 1, 1), date.min, date.max, "2018-06-01", 20180601]
)
def test_date_out_of_range_is_named(day):
    for make in makers(date=day):
        with pytest.raises(InvalidCrashID, match=r"^date is .*2000 to 2099"):
            make()


class NotATime(datetime):
    """As pandas' NaT: a datetime whose fields are no integers."""

    year = float("nan")


def test_date_without_a_year_is_refused():
    with pytest.raises(InvalidCrashID, match=r"^date is .*2000 to 2099"):
        new_crash_id(NotATime(2018, 6, 1))


@pytest.mark.parametrize("n", [-1, 10_000_001, 2**70, "1", 1.0, None])
def test_number_out_of_range_is_named(n):
    with pytest.raises(InvalidCrashID, match=r"n is .*; it must be an int from 0 to 10000000"):
        new_crash_ids(n)
