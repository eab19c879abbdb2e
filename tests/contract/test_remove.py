"""Removing takes exactly that crash."""

import pytest

from contract.checking import check_dumps
from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, OTHER_DAY, PROCESSED, RAW, SAME_RADIX
from socorro_fast import CrashIDNotFound

pytestmark = pytest.mark.needs("save_raw_crash", "get_raw_crash", "remove")


def test_nothing_of_the_crash_is_left(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    storage.remove(CRASH_ID)
    for get in ("get_raw_crash", "get_raw_dump", "get_unredacted_processed"):
        if get in storage.capabilities:
            with pytest.raises(CrashIDNotFound):
                getattr(storage, get)(CRASH_ID)
    assert list(storage.list_crashes()) == []


@pytest.mark.parametrize("neighbour", [SAME_RADIX, ELSEWHERE, OTHER_DAY])
def test_the_neighbour_stays(storage, neighbour):
    for crash_id in (CRASH_ID, neighbour):
        storage.save_raw_and_processed(RAW, DUMPS, {"uuid": crash_id}, crash_id)
    storage.remove(CRASH_ID)
    assert storage.get_raw_crash(neighbour) == RAW
    check_dumps(storage, neighbour, DUMPS)
    assert storage.get_unredacted_processed(neighbour) == {"uuid": neighbour}


@pytest.mark.parametrize("saved", [[], [SAME_RADIX]], ids=["empty", "beside a neighbour"])
def test_what_is_not_there_is_not_found(storage, saved):
    for crash_id in saved:
        storage.save_raw_crash(RAW, DUMPS, crash_id)
    with pytest.raises(CrashIDNotFound, match=f"no crash for crash {CRASH_ID} in ") as caught:
        storage.remove(CRASH_ID)
    assert caught.value.kind == "crash"


def test_a_second_removal_finds_nothing(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.remove(CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.remove(CRASH_ID)


def test_a_removed_crash_can_be_saved_again(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    storage.remove(CRASH_ID)
    storage.save_raw_crash({"new": 1}, None, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"new": 1}
    check_dumps(storage, CRASH_ID, {})
    with pytest.raises(CrashIDNotFound):
        storage.get_unredacted_processed(CRASH_ID)


@pytest.mark.needs("save_processed")
def test_a_processed_crash_alone_is_removed_too(storage):
    storage.save_processed(PROCESSED)
    storage.remove(CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_unredacted_processed(CRASH_ID)


@pytest.mark.needs(persists=True)
def test_it_is_gone_for_a_second_instance_too(storage, make):
    other = make()
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    other.remove(CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)
