"""Raw crashes: what was saved comes back, and bad input changes nothing."""

import datetime as dt
import json
import math
import uuid

import pytest

from contract.checking import check_dumps
from contract.samples import BAD_IDS, CRASH_ID, DUMPS, ELSEWHERE, RAW, SAME_RADIX
from socorro_fast import CrashIDNotFound, InvalidCrash, InvalidCrashID

pytestmark = pytest.mark.needs("save_raw_crash", "get_raw_crash")


def test_a_raw_crash_comes_back(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == RAW


def test_an_empty_raw_crash_comes_back(storage):
    storage.save_raw_crash({}, {}, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {}


def test_a_second_save_replaces_the_first(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.save_raw_crash({"new": 1}, None, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"new": 1}


def test_neighbours_do_not_meet(storage):
    for crash_id in (CRASH_ID, SAME_RADIX, ELSEWHERE):
        storage.save_raw_crash({"uuid": crash_id}, {None: crash_id.encode()}, crash_id)
    for crash_id in (CRASH_ID, SAME_RADIX, ELSEWHERE):
        assert storage.get_raw_crash(crash_id) == {"uuid": crash_id}


@pytest.mark.parametrize("depth", range(10))
def test_every_depth_digit_is_stored(storage, depth):
    crash_id = CRASH_ID[:29] + str(depth) + CRASH_ID[30:]
    storage.save_raw_crash({"depth": depth}, {}, crash_id)
    assert storage.get_raw_crash(crash_id) == {"depth": depth}


@pytest.mark.needs("get_raw_crash_bytes")
def test_the_bytes_are_json(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert json.loads(storage.get_raw_crash_bytes(CRASH_ID)) == RAW


def test_a_crash_that_was_not_saved_is_not_found(storage):
    with pytest.raises(CrashIDNotFound, match=f"no raw crash for crash {CRASH_ID} in ") as caught:
        storage.get_raw_crash(CRASH_ID)
    assert (caught.value.crash_id, caught.value.kind) == (CRASH_ID, "raw crash")
    assert caught.value.where


@pytest.mark.needs("get_raw_crash_bytes")
def test_bytes_that_were_not_saved_are_not_found(storage):
    with pytest.raises(CrashIDNotFound, match="no raw crash for crash"):
        storage.get_raw_crash_bytes(CRASH_ID)


@pytest.mark.parametrize("crash_id", BAD_IDS.values(), ids=BAD_IDS)
class TestBadID:
    @pytest.mark.needs("list_crashes")
    def test_is_refused_by_save(self, storage, crash_id):
        with pytest.raises(InvalidCrashID):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        assert list(storage.list_crashes()) == []

    @pytest.mark.needs("get_raw_dump", "get_raw_dumps", "get_unredacted_processed", "remove")
    @pytest.mark.parametrize(
        "operation",
        ["get_raw_crash", "get_raw_dump", "get_raw_dumps", "get_raw_dumps_as_files",
         "get_unredacted_processed", "get_processed", "remove"],
    )  # fmt: skip
    def test_is_refused_by_every_other_operation(self, storage, operation, crash_id):
        with pytest.raises(InvalidCrashID):
            getattr(storage, operation)(crash_id)


ODD = {
    "nan and infinities": {"a": [math.nan, math.inf, -math.inf, None]},
    "beyond 64 bits": {"a": [2**63, 2**64, -(2**63) - 1, 10**40]},
    "lone surrogates": {"\ud800": "\udfff"},
    "other keys": {7: "int", 2.5: "float", True: "bool", None: "null"},
    "dates": {
        "naive": dt.datetime(2018, 6, 1, 1, 2, 3, 4),  # noqa: DTZ001 - naive on purpose
        "aware": dt.datetime(2018, 6, 1, tzinfo=dt.UTC),
        "date": dt.date(2018, 6, 1),
    },
    "tuples": {"a": (1, (2, ()))},
    "numbers": {"a": [-0.0, 0.1, 1e-320, 1.7976931348623157e308, -0]},
    "null characters": {"\0": "a\0b"},
    "deep": {"a": [[[[[[[[[[{}]]]]]]]]]]},
}


@pytest.mark.parametrize("raw_crash", ODD.values(), ids=ODD)
def test_odd_json_comes_back_as_from_the_standard_library(storage, raw_crash):
    storage.save_raw_crash(raw_crash, {}, CRASH_ID)
    expected = json.loads(json.dumps(raw_crash, default=lambda date: date.isoformat()))
    found = storage.get_raw_crash(CRASH_ID)
    # As text, since NaN is not equal to itself, and 1 is to True.
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.needs(keeps_key_order=True)
def test_keys_come_back_in_their_order(storage):
    keys = ["z", "b", "aa", "é", "0", "a"]
    storage.save_raw_crash(dict.fromkeys(keys), {}, CRASH_ID)
    assert list(storage.get_raw_crash(CRASH_ID)) == keys


NOT_JSON = {
    "set": {"a": {1}},
    "bytes": {"a": b"b"},
    "uuid": {"a": uuid.UUID(int=1)},
    "object": {"a": object()},
    "tuple as a key": {(1,): 1},
    "list": [1],
    "text": "{}",
    "none": None,
}


@pytest.mark.needs("list_crashes")
@pytest.mark.parametrize("raw_crash", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_object_is_refused(storage, raw_crash):
    with pytest.raises(InvalidCrash):
        storage.save_raw_crash(raw_crash, DUMPS, CRASH_ID)
    assert list(storage.list_crashes()) == []


def test_a_refused_save_leaves_the_previous_version(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    with pytest.raises(InvalidCrash):
        storage.save_raw_crash({"a": object()}, {}, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == RAW
    check_dumps(storage, CRASH_ID, DUMPS)


def test_what_callers_do_to_their_objects_reaches_nothing(storage):
    mine = {"list": [1]}
    storage.save_raw_crash(mine, {}, CRASH_ID)
    mine["list"].append(2)
    storage.get_raw_crash(CRASH_ID)["list"].append(3)
    assert storage.get_raw_crash(CRASH_ID) == {"list": [1]}


def test_saving_does_not_change_what_was_handed_in(storage):
    mine, dumps = {"date": dt.date(2018, 6, 1), "t": (1,)}, {None: bytearray(b"x")}
    storage.save_raw_crash(mine, dumps, CRASH_ID)
    assert mine == {"date": dt.date(2018, 6, 1), "t": (1,)}
    assert dumps == {None: b"x"}


@pytest.mark.needs(persists=True)
def test_a_second_instance_sees_it_at_once(storage, make):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert make().get_raw_crash(CRASH_ID) == RAW
