"""Batches: outcomes in order, failures returned, the rest done."""

import pytest

from contract.checking import check_dumps
from contract.samples import BAD_IDS, CRASH_ID, DUMPS, ELSEWHERE, RAW, SAME_RADIX, crash_id
from socorro_fast import CrashIDNotFound, InvalidCrash, InvalidCrashID, InvalidDumpName

pytestmark = pytest.mark.needs("save_many", "get_many", "remove_many")


def test_saving_many_goes_on_after_a_failure(storage):
    outcomes = storage.save_many(
        [
            (RAW, DUMPS, CRASH_ID),
            (RAW, DUMPS, "not an id"),
            (RAW, {"/": b""}, ELSEWHERE),
            ({"a": object()}, {}, ELSEWHERE),
            (RAW, None, SAME_RADIX),
        ]
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [type(None), InvalidCrashID, InvalidDumpName, InvalidCrash, type(None)]
    assert list(storage.list_crashes()) == [CRASH_ID, SAME_RADIX]
    check_dumps(storage, CRASH_ID, DUMPS)
    check_dumps(storage, SAME_RADIX, {})


def test_the_last_save_of_a_crash_wins(storage):
    storage.save_many(({"n": n}, {None: b"%d" % n}, CRASH_ID) for n in range(5))
    assert storage.get_raw_crash(CRASH_ID) == {"n": 4}
    check_dumps(storage, CRASH_ID, {"upload_file_minidump": b"4"})


def test_getting_many_goes_on_after_a_failure(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.save_raw_crash({"n": 2}, DUMPS, ELSEWHERE)
    first, missing, bad, last = storage.get_many([CRASH_ID, SAME_RADIX, "", ELSEWHERE])
    assert (first, last) == (RAW, {"n": 2})
    assert isinstance(missing, CrashIDNotFound)
    assert (missing.crash_id, missing.kind) == (SAME_RADIX, "raw crash")
    assert isinstance(bad, InvalidCrashID)


def test_removing_many_goes_on_after_a_failure(storage):
    for each in (CRASH_ID, SAME_RADIX, ELSEWHERE):
        storage.save_raw_crash(RAW, DUMPS, each)
    outcomes = storage.remove_many([CRASH_ID, crash_id(1), CRASH_ID, "x", ELSEWHERE])
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [type(None), CrashIDNotFound, CrashIDNotFound, InvalidCrashID, type(None)]
    assert list(storage.list_crashes()) == [SAME_RADIX]


@pytest.mark.parametrize("operation", ["save_many", "get_many", "remove_many"])
def test_none_is_none(storage, operation):
    assert getattr(storage, operation)(iter(())) == []


@pytest.mark.parametrize("operation", ["get_many", "remove_many"])
def test_bad_ids_are_outcomes(storage, operation):
    outcomes = getattr(storage, operation)(BAD_IDS.values())
    assert {type(outcome) for outcome in outcomes} == {InvalidCrashID}
    assert len(outcomes) == len(BAD_IDS)


def test_a_thousand_go_through(storage, backend):
    ids = [crash_id(number * 0x10001) for number in range(backend.many)]
    assert storage.save_many(({"id": each}, {None: each.encode()}, each) for each in ids) == [
        None
    ] * len(ids)
    assert [raw_crash["id"] for raw_crash in storage.get_many(ids)] == ids
    assert storage.remove_many(ids) == [None] * len(ids)
    assert list(storage.list_crashes()) == []


@pytest.mark.needs("new_crashes")
def test_many_are_queued_each(storage):
    storage.save_many((RAW, {}, each) for each in (CRASH_ID, SAME_RADIX, CRASH_ID))
    assert sorted(storage.new_crashes()) == [CRASH_ID, SAME_RADIX]


def test_the_quit_check_ends_a_batch(make):
    asked = []

    def quit_check():
        asked.append(1)
        if len(asked) > 2:
            raise KeyboardInterrupt

    storage = make(quit_check_callback=quit_check)
    with pytest.raises(KeyboardInterrupt):
        storage.get_many(crash_id(number) for number in range(100_000))


ODD_ITEMS = {
    "nothing": None,
    "a number": 5,
    "text of three": "abc",
    "too few": (RAW, {}),
    "too many": (RAW, {}, SAME_RADIX, 1),
    "empty": (),
}


def test_what_is_no_item_is_an_outcome(storage):
    outcomes = storage.save_many([*ODD_ITEMS.values(), [RAW, DUMPS, CRASH_ID]])
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [*[InvalidCrash] * len(ODD_ITEMS), type(None)]
    assert list(storage.list_crashes()) == [CRASH_ID]


@pytest.mark.parametrize("operation", ["save_many", "get_many", "remove_many", "ack_many"])
def test_what_is_no_batch_is_refused(storage, operation):
    with pytest.raises(InvalidCrash, match="a batch is an iterable, not 5"):
        getattr(storage, operation)(5)
