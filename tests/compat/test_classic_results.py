"""What goes into the classic storages and what comes out: crashes as DotDict, dumps as mappings."""

import copy
import json
import pickle
from collections.abc import MutableMapping

import pytest

from fs.trees import DEPTH_2, DUMPS
from socorro_fast import CrashIDNotFound, CrashStorageError, InvalidCrash
from socorro_fast.compat import classic

RAW = {"uuid": DEPTH_2, "nested": {"deep": {"er": [1, {"est": 2}]}}, "a.b": 3, "legacy": 0}
PROCESSED = {"uuid": DEPTH_2, "json_dump": {"sensitive": 1, "status": "OK"}, "email": "a@b.c"}


class TheirDotDict(MutableMapping):
    """A mapping with attributes that is no dict, as configman's."""

    def __init__(self, values):
        vars(self)["values_"] = {
            key: TheirDotDict(each) if isinstance(each, dict) else each
            for key, each in values.items()
        }

    def __getitem__(self, key):
        return self.values_[key]

    def __setitem__(self, key, value):
        self.values_[key] = value

    def __delitem__(self, key):
        del self.values_[key]

    def __iter__(self):
        return iter(self.values_)

    def __len__(self):
        return len(self.values_)

    def __getattr__(self, key):
        return self[key]


@pytest.fixture(params=["FSDatedRadixTreeStorage", "FSPermanentStorage", "InMemoryCrashStorage"])
def storage(request, tmp_path):
    with getattr(classic, request.param)({"fs_root": tmp_path, "temp_path": tmp_path}) as storage:
        yield storage


def test_crashes_come_back_with_attributes(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    raw = storage.get_raw_crash(DEPTH_2)
    assert raw == RAW
    assert (raw.legacy, raw.nested.deep.er[0], raw.nested.deep.er[1].est) == (0, 1, 2)
    assert (raw["nested.deep.er"][1]["est"], raw["a.b"]) == (2, 3)
    assert storage.get_unredacted_processed(DEPTH_2).json_dump.status == "OK"
    redacted = storage.get_processed(DEPTH_2)
    assert redacted == {"uuid": DEPTH_2, "json_dump": {"status": "OK"}}
    assert isinstance(redacted.json_dump, classic.DotDict)


@pytest.mark.parametrize("kind", [classic.DotDict, TheirDotDict, dict])
def test_crashes_go_in_as_any_mapping(kind, storage):
    storage.save_raw_crash(kind(RAW), DUMPS, DEPTH_2)
    storage.save_processed(kind(PROCESSED))
    assert storage.get_raw_crash(DEPTH_2) == RAW
    assert storage.get_unredacted_processed(DEPTH_2) == PROCESSED
    storage.save_raw_and_processed(kind(RAW), None, kind(PROCESSED), DEPTH_2)
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS


def test_many_come_back_with_attributes(storage):
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    found, missing = storage.get_many([DEPTH_2, "99990000-0000-4000-8000-000002180601"])
    assert found.nested.deep.er[1].est == 2
    assert isinstance(missing, CrashIDNotFound)


def test_what_came_out_goes_in_again(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    raw, processed = storage.get_raw_crash(DEPTH_2), storage.get_unredacted_processed(DEPTH_2)
    raw.nested.deep.new = classic.DotDict(x=1)
    storage.save_raw_and_processed(raw, storage.get_raw_dumps(DEPTH_2), processed, DEPTH_2)
    assert storage.get_raw_crash(DEPTH_2).nested.deep.new.x == 1


@pytest.mark.parametrize("kind", [dict, classic.MemoryDumpsMapping])
def test_dumps_in_memory(kind, storage):
    storage.save_raw_crash(RAW, kind(DUMPS), DEPTH_2)
    dumps = storage.get_raw_dumps(DEPTH_2)
    assert dumps == DUMPS
    assert dumps.as_memory_dumps_mapping() is dumps
    assert storage.get_raw_dump(DEPTH_2) == DUMPS["upload_file_minidump"]
    assert storage.get_raw_dump(DEPTH_2, "browser") == DUMPS["browser"]


@pytest.mark.parametrize("kind", [dict, classic.FileDumpsMapping])
def test_dumps_in_files(kind, storage, tmp_path):
    paths = classic.MemoryDumpsMapping(DUMPS).as_file_dumps_mapping(DEPTH_2, tmp_path, ".dump")
    storage.save_raw_crash_with_file_dumps(RAW, kind(paths), DEPTH_2)
    files = storage.get_raw_dumps_as_files(DEPTH_2)
    assert files.as_memory_dumps_mapping() == DUMPS
    assert isinstance(files, classic.FileDumpsMapping)
    storage.save_raw_crash_with_file_dumps(RAW, None, DEPTH_2)
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS


def test_json_is_the_standard_library_s_byte_for_byte(tmp_path):
    with classic.FSRadixTreeStorage({"fs_root": tmp_path}) as storage:
        storage.save_raw_crash(classic.DotDict(RAW), {}, DEPTH_2)
        assert storage.get_raw_crash_bytes(DEPTH_2) == json.dumps(RAW).encode()


def test_what_is_no_crash_is_refused(storage):
    with pytest.raises(InvalidCrash):
        storage.save_raw_crash([RAW], {}, DEPTH_2)
    with pytest.raises(InvalidCrash):
        storage.save_processed({"signature": "no ID"})


def test_a_crash_that_is_not_there(storage):
    for get in (
        storage.get_raw_crash,
        storage.get_raw_dumps,
        storage.get_processed,
        storage.remove,
    ):
        with pytest.raises(classic.CrashIDNotFound, match=DEPTH_2):
            get(DEPTH_2)


def test_the_null_storage_finds_everything_empty():
    storage = classic.NullCrashStorage({})
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    assert storage.get_raw_crash(DEPTH_2) == classic.DotDict()
    assert isinstance(storage.get_processed(DEPTH_2), classic.DotDict)
    assert storage.get_raw_dump(DEPTH_2, "x") == b""
    assert (storage.remove(DEPTH_2), list(storage.new_crashes())) == (None, [])


@pytest.mark.parametrize("args", [(), ("some text",), (DEPTH_2,)])
def test_crash_id_not_found_is_raised_with_whatever_there_is(args):
    with pytest.raises(CrashStorageError) as caught:
        raise classic.CrashIDNotFound(*args)
    assert isinstance(caught.value, CrashIDNotFound)
    assert "".join(args) in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_bare_crash_id_not_found():
    with pytest.raises(CrashIDNotFound, match="no crash for crash not named"):
        raise classic.CrashIDNotFound


class TestDotDict:
    def test_paths_are_read_set_and_removed(self):
        d = classic.DotDict({"a": classic.DotDict(b=classic.DotDict(c=1))})
        assert d["a.b.c"] == d.a.b.c == d["a"]["b.c"] == 1
        assert "a.b.c" in d
        assert "a.x.c" not in d
        d["a.b.c"] = 2
        d["a.b.d"] = 3
        assert dict(d.a.b) == {"c": 2, "d": 3}
        del d["a.b.c"]
        assert d == {"a": {"b": {"d": 3}}}
        del d.a
        assert len(d) == 0

    def test_a_key_with_dots_is_itself(self):
        d = classic.DotDict({"a.b": 1})
        d["c.d"] = 2
        assert dict(d) == {"a.b": 1, "c.d": 2}
        assert (d["a.b"], d.get("c.d"), d.get("c.e", 5), d.get("c")) == (1, 2, 5, None)
        del d["a.b"]
        assert dict(d) == {"c.d": 2}

    @pytest.mark.parametrize("error", [KeyError, AttributeError])
    def test_what_is_missing_is_both_errors(self, error):
        d = classic.DotDict()
        with pytest.raises(error):
            d.missing  # noqa: B018 - the look-up is the test
        with pytest.raises(error):
            del d.missing
        assert not hasattr(d, "missing")
        with pytest.raises(KeyError):
            d["a.b"]
        with pytest.raises(KeyError):
            del d["a.b"]

    def test_copies_and_pickles(self):
        d = classic.DotDict(a=classic.DotDict(b=[1]))
        for twin in (copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
            assert twin == d
            assert twin.a.b == [1]
            twin.a.b.append(2)
            assert d.a.b == [1]

    def test_plain_copy(self):
        theirs = TheirDotDict({"a": {"b": (1, {"c": 2})}, "t": "text"})
        plain = classic.socorrodotdict_to_dict(theirs)
        assert plain == {"a": {"b": [1, {"c": 2}]}, "t": "text"}
        assert type(plain["a"]) is dict

    def test_data_nested_as_deep_as_json_goes(self, tmp_path):
        deep = {}
        for _ in range(200):
            deep = {"x": [deep]}
        storage = classic.InMemoryCrashStorage({})
        storage.save_raw_crash(deep, {}, DEPTH_2)
        node = storage.get_raw_crash(DEPTH_2)
        for _ in range(200):
            node = node.x[0]
        assert node == {}
