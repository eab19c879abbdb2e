"""In which order objects come and go, and what shows when it breaks off."""

import contextlib
import itertools

import pytest

from contract.samples import CRASH_ID, RAW, crash_id
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


RESAVES = {
    "other dumps": NEW,
    "none": {},
    "left as they are": None,
}


@pytest.mark.parametrize("dumps", RESAVES.values(), ids=RESAVES)
def test_a_replacement_cut_anywhere_shows_no_dump_of_the_old_beside_the_new(
    make, faults, storage, keys, dumps
):
    replacing = make(port=faults.port, parallel_transfers=1)  # one request after another
    for after in itertools.count():
        each = crash_id(after)
        storage.save_raw_crash({"n": "old"}, OLD, each)
        is_cut = cut_after(faults, after)
        with contextlib.suppress(StorageUnavailable):
            replacing.save_raw_crash({"n": "new"}, dumps, each)
        check_replaced(storage, each, dumps)
        if not is_cut():
            break
        storage.save_raw_crash({"n": "new"}, dumps, each)
        assert storage.get_raw_dumps(each) == (OLD if dumps is None else dumps)
        storage.remove(each)
        assert keys() == []
    assert storage.get_raw_crash(each) == {"n": "new"}
    assert after >= 2


def cut_after(faults, count):
    """Let so many requests through, and no more; return what says whether there were more."""
    before = len(faults.seen)
    faults.choose = lambda *_: INTERNAL_ERROR if len(faults.seen) - before > count else None
    return lambda: len(faults.seen) - before > count


def check_replaced(storage, saved_as, dumps):
    """Old and new may be mixed under the old raw crash; under the new one all is new."""
    found = storage.get_raw_dumps(saved_as)
    new = OLD if dumps is None else dumps
    if storage.get_raw_crash(saved_as) == {"n": "new"}:
        assert found == new
    else:
        assert OLD.keys() <= found.keys() <= OLD.keys() | new.keys()
        assert all(dump in (OLD.get(name), new.get(name)) for name, dump in found.items())
    for name, dump in found.items():
        assert storage.get_raw_dump(saved_as, name) == dump
    for name in (OLD.keys() | NEW.keys()) - found.keys():
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_dump(saved_as, name)


def test_a_first_save_cut_anywhere_shows_nothing(make, faults, storage):
    saving = make(port=faults.port, parallel_transfers=1)
    for after in itertools.count():
        each = crash_id(after)
        is_cut = cut_after(faults, after)
        with contextlib.suppress(StorageUnavailable):
            saving.save_raw_crash(RAW, OLD, each)
        if not is_cut():
            break
        assert list(storage.list_crashes()) == []
        for get in (storage.get_raw_crash, storage.get_raw_dumps):
            with pytest.raises(CrashIDNotFound):
                get(each)
        storage.save_raw_crash(RAW, {"keep": b"x"}, each)
        assert storage.get_raw_dumps(each) == {"keep": b"x"}
        storage.remove(each)
    assert storage.get_raw_dumps(each) == OLD
    assert after >= 5


def test_dumps_left_behind_stay_so_when_the_dumps_are_left_as_they_are(
    faulty, faults, storage, keys
):
    storage.save_raw_crash(RAW, OLD, CRASH_ID)
    faults.fail(INTERNAL_ERROR, "DELETE")
    with pytest.raises(StorageUnavailable):
        faulty.save_raw_crash(RAW, NEW, CRASH_ID)
    storage.save_raw_crash(RAW, None, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == NEW
    assert f"v1/gone/{CRASH_ID}" in keys()
    storage.remove(CRASH_ID)
    assert keys() == []


def test_a_dump_comes_back_that_was_left_behind(storage):
    for dumps in (OLD, NEW, OLD, {}, OLD | NEW):
        storage.save_raw_crash(RAW, dumps, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == dumps
        assert all(storage.get_raw_dump(CRASH_ID, name) == dumps[name] for name in dumps)


def test_many_long_names_that_are_left_behind(storage, keys):
    """More than can be noted on an object."""
    dumps = {f"%,+ '{number:x}" * 30: b"" for number in range(16)}
    storage.save_raw_crash(RAW, dumps, CRASH_ID)
    storage.save_raw_crash(RAW, {"keep": b""}, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == {"keep": b""}
    storage.remove(CRASH_ID)
    assert keys() == []


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
