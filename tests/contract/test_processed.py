"""Processed crashes, redacted and not, and saving both halves at once."""

import json
import math

import pytest

from contract.checking import check_dumps
from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, PROCESSED, RAW
from socorro_fast import CrashIDNotFound, InvalidCrash, InvalidCrashID, Redactor

pytestmark = pytest.mark.needs("save_processed", "get_unredacted_processed")


def test_a_processed_crash_comes_back(storage):
    storage.save_processed(PROCESSED)
    assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED


def test_a_second_save_replaces_the_first(storage):
    storage.save_processed(PROCESSED)
    storage.save_processed({"uuid": CRASH_ID, "signature": "new"})
    assert storage.get_unredacted_processed(CRASH_ID) == {"uuid": CRASH_ID, "signature": "new"}


def test_odd_json_comes_back(storage):
    storage.save_processed({"uuid": CRASH_ID, "n": [math.nan, 2**70], "s": "\ud800"})
    processed = storage.get_unredacted_processed(CRASH_ID)
    assert math.isnan(processed["n"][0])
    assert (processed["n"][1], processed["s"]) == (2**70, "\ud800")


@pytest.mark.needs("get_unredacted_processed_bytes")
def test_the_bytes_are_json(storage):
    storage.save_processed(PROCESSED)
    assert json.loads(storage.get_unredacted_processed_bytes(CRASH_ID)) == PROCESSED


@pytest.mark.parametrize("operation", ["get_unredacted_processed", "get_processed"])
def test_one_that_was_not_saved_is_not_found(storage, operation):
    storage.save_processed({"uuid": ELSEWHERE})
    with pytest.raises(CrashIDNotFound, match=f"no processed crash for crash {CRASH_ID} in "):
        getattr(storage, operation)(CRASH_ID)


@pytest.mark.needs("save_raw_crash", "get_raw_crash", "list_crashes")
class TestHalves:
    def test_a_raw_crash_has_no_processed_one(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        with pytest.raises(CrashIDNotFound, match="no processed crash"):
            storage.get_unredacted_processed(CRASH_ID)

    def test_a_processed_crash_has_no_raw_one(self, storage):
        storage.save_processed(PROCESSED)
        with pytest.raises(CrashIDNotFound, match="no raw crash"):
            storage.get_raw_crash(CRASH_ID)
        assert list(storage.list_crashes()) == []

    def test_saving_the_raw_crash_again_keeps_the_processed_one(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_processed(PROCESSED)
        storage.save_raw_crash({"new": 1}, {}, CRASH_ID)
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED

    def test_either_may_come_first(self, storage):
        storage.save_processed(PROCESSED)
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED
        assert storage.get_raw_crash(CRASH_ID) == RAW
        check_dumps(storage, CRASH_ID, DUMPS)


class TestID:
    @pytest.mark.parametrize("keys", [("uuid",), ("crash_id",), ("uuid", "crash_id")])
    def test_is_uuid_or_crash_id(self, storage, keys):
        storage.save_processed(dict.fromkeys(keys, CRASH_ID))
        assert storage.get_unredacted_processed(CRASH_ID) == dict.fromkeys(keys, CRASH_ID)

    @pytest.mark.parametrize(
        "processed_crash",
        [{}, {"uuid": None}, {"uuid": CRASH_ID, "crash_id": ELSEWHERE}, [], None, "x"],
    )
    def test_that_is_missing_or_contradicts_itself_is_refused(self, storage, processed_crash):
        with pytest.raises(InvalidCrash):
            storage.save_processed(processed_crash)
        with pytest.raises(CrashIDNotFound):
            storage.get_unredacted_processed(CRASH_ID)

    @pytest.mark.parametrize("crash_id", ["", "../x", 5, CRASH_ID + "\n"])
    def test_that_is_none_is_refused(self, storage, crash_id):
        with pytest.raises(InvalidCrashID):
            storage.save_processed({"uuid": crash_id})

    def test_what_is_no_json_is_refused(self, storage):
        storage.save_processed(PROCESSED)
        with pytest.raises(InvalidCrash):
            storage.save_processed({"uuid": CRASH_ID, "x": object()})
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED


@pytest.mark.needs("save_raw_and_processed", "get_raw_crash", "list_crashes")
class TestBoth:
    def test_come_back(self, storage):
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        assert storage.get_raw_crash(CRASH_ID) == RAW
        check_dumps(storage, CRASH_ID, DUMPS)
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED

    def test_no_dumps_mapping_leaves_the_stored_dumps(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_and_processed({"new": 1}, None, PROCESSED, CRASH_ID)
        assert storage.get_raw_crash(CRASH_ID) == {"new": 1}
        check_dumps(storage, CRASH_ID, DUMPS)

    @pytest.mark.parametrize("processed_crash", [{"uuid": ELSEWHERE}, {}, {"uuid": "x"}, None])
    def test_are_refused_together(self, storage, processed_crash):
        with pytest.raises((InvalidCrash, InvalidCrashID)):
            storage.save_raw_and_processed(RAW, DUMPS, processed_crash, CRASH_ID)
        assert list(storage.list_crashes()) == []

    def test_are_refused_together_when_the_processed_crash_is_no_json(self, storage):
        with pytest.raises(InvalidCrash):
            storage.save_raw_and_processed(RAW, {}, {"uuid": CRASH_ID, "x": object()}, CRASH_ID)
        assert list(storage.list_crashes()) == []


@pytest.mark.needs("get_processed")
class TestRedaction:
    def test_takes_out_what_is_forbidden_and_nothing_else(self, storage):
        storage.save_processed(PROCESSED)
        assert storage.get_processed(CRASH_ID) == {
            "uuid": CRASH_ID,
            "signature": "OOM | small",
            "json_dump": {"threads": [{"frames": []}]},
        }

    def test_changes_nothing_that_is_stored(self, storage):
        storage.save_processed(PROCESSED)
        storage.get_processed(CRASH_ID)
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED

    @pytest.mark.parametrize("value", [None, "text", 5, [], [None, "x"], [[{"sensitive": 1}]]])
    def test_meets_odd_values_calmly(self, storage, value):
        storage.save_processed({"uuid": CRASH_ID, "url": value, "json_dump": value})
        processed = storage.get_processed(CRASH_ID)
        assert "url" not in processed
        assert "sensitive" not in str(processed)

    @pytest.mark.parametrize("redactor", ["signature", ["signature"], Redactor("signature")])
    def test_is_an_option(self, make, redactor):
        storage = make(redactor=redactor)
        storage.save_processed(PROCESSED)
        assert set(PROCESSED) - set(storage.get_processed(CRASH_ID)) == {"signature"}
