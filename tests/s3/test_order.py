"""In which order objects come and go, and what shows when it breaks off."""

import pytest

from contract.samples import CRASH_ID, RAW
from servers.http_faults import INTERNAL_ERROR
from socorro_fast import CrashIDNotFound, CrashStorageError, StorageUnavailable

OLD = {"keep": b"old", "gone": b"old"}
NEW = {"keep": b"new", "added": b"new"}


def shows_nothing(storage):
    for get in (storage.get_raw_crash, storage.get_raw_dumps, storage.get_raw_dump):
        with pytest.raises(CrashIDNotFound):
            get(CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_dump(CRASH_ID, "keep")
    return list(storage.list_crashes()) == []


def test_the_raw_crash_comes_last(faulty, faults):
    faulty.save_raw_crash(RAW, NEW, CRASH_ID)
    *dumps, names, raw = faults.writes()
    assert sorted(dumps) == ["PUT v1/added", "PUT v1/keep"]
    assert (names, raw) == ("PUT v1/dump_names", "PUT v1/raw_crash")


def test_dumps_that_are_no_longer_wanted_go_after_the_raw_crash(faulty, faults):
    faulty.save_raw_crash(RAW, OLD, CRASH_ID)
    before = len(faults.writes())
    faulty.save_raw_crash(RAW, NEW, CRASH_ID)
    *dumps, union, raw, names, gone = faults.writes()[before:]
    assert sorted(dumps) == ["PUT v1/added", "PUT v1/keep"]
    assert (union, raw, names) == ("PUT v1/dump_names", "PUT v1/raw_crash", "PUT v1/dump_names")
    assert gone == "DELETE v1/gone"


def test_none_writes_the_raw_crash_only(faulty, faults):
    faulty.save_raw_crash(RAW, OLD, CRASH_ID)
    before = len(faults.writes())
    faulty.save_raw_crash(RAW, None, CRASH_ID)
    assert faults.writes()[before:] == ["PUT v1/raw_crash"]


def test_the_raw_crash_is_removed_first_and_the_list_of_dumps_last(faulty, faults):
    faulty.save_raw_and_processed(RAW, OLD, {"uuid": CRASH_ID}, CRASH_ID)
    before = len(faults.writes())
    faulty.remove(CRASH_ID)
    first, *parts, last = faults.writes()[before:]
    assert (first, last) == ("DELETE v1/raw_crash", "DELETE v1/dump_names")
    assert {"DELETE v1/keep", "DELETE v1/gone", "DELETE v1/processed_crash"} <= set(parts)


@pytest.mark.parametrize("thing", ["keep", "dump_names", "raw_crash"])
class TestFirstSave:
    def test_that_breaks_off_shows_nothing(self, faulty, faults, storage, thing):
        faults.fail(INTERNAL_ERROR, "PUT", f"/{thing}/")
        with pytest.raises(StorageUnavailable, match=f"cannot write 'v1/{thing}/"):
            faulty.save_raw_crash(RAW, OLD, CRASH_ID)
        assert shows_nothing(storage)

    @pytest.mark.parametrize("dumps", [None, {}, {"keep": b"new"}])
    def test_that_broke_off_shows_nothing_later(self, faulty, faults, storage, thing, dumps):
        faults.fail(INTERNAL_ERROR, "PUT", f"/{thing}/")
        with pytest.raises(StorageUnavailable):
            faulty.save_raw_crash(RAW, OLD, CRASH_ID)
        storage.save_raw_crash({"new": 1}, dumps, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == (dumps or {})
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_dump(CRASH_ID, "gone")

    def test_that_broke_off_can_be_repeated(self, faulty, faults, thing):
        faults.fail(INTERNAL_ERROR, "PUT", f"/{thing}/", times=1)
        with pytest.raises(StorageUnavailable):
            faulty.save_raw_crash(RAW, OLD, CRASH_ID)
        faulty.save_raw_crash(RAW, OLD, CRASH_ID)
        assert faulty.get_raw_crash(CRASH_ID) == RAW
        assert faulty.get_raw_dumps(CRASH_ID) == OLD


@pytest.mark.parametrize(
    ("method", "thing"),
    [("PUT", "added"), ("PUT", "dump_names"), ("PUT", "raw_crash"), ("DELETE", "gone")],
)
def test_a_replacement_that_breaks_off_leaves_each_object_old_or_new(
    faulty, faults, storage, method, thing
):
    storage.save_raw_crash({"n": "old"}, OLD, CRASH_ID)
    faults.fail(INTERNAL_ERROR, method, f"/{thing}/")
    with pytest.raises(StorageUnavailable):
        faulty.save_raw_crash({"n": "new"}, NEW, CRASH_ID)
    raw, dumps = storage.get_raw_crash(CRASH_ID), storage.get_raw_dumps(CRASH_ID)
    assert raw == {"n": "new" if method == "DELETE" else "old"}
    assert dumps["keep"] in (b"old", b"new")
    assert dumps.keys() - {"added"} == ({"keep"} if method == "DELETE" else {"keep", "gone"})
    assert dumps.get("added", b"new") == b"new"
    faults.fail(INTERNAL_ERROR, "no such method")
    faulty.save_raw_crash({"n": "new"}, NEW, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"n": "new"}
    assert storage.get_raw_dumps(CRASH_ID) == NEW


@pytest.mark.parametrize("thing", ["raw_crash", "keep", "processed_crash", "dump_names"])
def test_a_removal_that_breaks_off_can_go_on(faulty, faults, keys, thing):
    faulty.save_raw_and_processed(RAW, OLD, {"uuid": CRASH_ID}, CRASH_ID)
    faults.fail(INTERNAL_ERROR, "DELETE", f"/{thing}/", times=1)
    with pytest.raises(StorageUnavailable, match=f"cannot remove 'v1/{thing}/"):
        faulty.remove(CRASH_ID)
    faulty.remove(CRASH_ID)
    assert keys() == []


def test_a_file_that_is_not_there_is_found_out_first(faulty, faults, tmp_path):
    with pytest.raises(CrashStorageError, match="missing"):
        faulty.save_raw_crash(RAW, {"a": b"a", "b": tmp_path / "missing"}, CRASH_ID)
    assert faults.seen == []
