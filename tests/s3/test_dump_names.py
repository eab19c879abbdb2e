"""Dumps named as the store's own objects, and those that others have saved."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.samples import CRASH_ID, RAW
from socorro_fast import CorruptCrash, CrashIDNotFound
from socorro_fast.s3.keys import Keys
from socorro_fast.s3.options import S3Options

OWN = ["raw_crash", "dump_names", "processed_crash", "crash_report", "dump"]
MAIN = "upload_file_minidump"


@pytest.mark.parametrize("name", [*OWN, "dump_", "dump_x", "dump_raw_crash", "dump_dump_x"])
def test_a_name_of_the_stores_own_is_escaped(storage, moto, bucket, keys, name):
    storage.save_raw_and_processed(RAW, {name: b"x"}, {"uuid": CRASH_ID}, CRASH_ID)
    assert f"v1/dump_{name}/{CRASH_ID}" in keys()
    assert storage.get_raw_crash(CRASH_ID) == RAW
    assert storage.get_raw_dumps(CRASH_ID) == {name: b"x"}
    assert storage.get_raw_dump(CRASH_ID, name) == b"x"
    assert storage.get_unredacted_processed(CRASH_ID) == {"uuid": CRASH_ID}
    listed = moto.client.get_object(Bucket=bucket, Key=f"v1/dump_names/{CRASH_ID}")["Body"].read()
    assert json.loads(listed) == [name]
    storage.remove(CRASH_ID)
    assert keys() == []


def test_all_odd_names_live_side_by_side(storage):
    names = [*OWN, "dump_", "dump_x", "x", "dump_raw_crash", "dump_dump_raw_crash", MAIN, "v1", "~"]
    dumps = {name: name.encode() for name in names}
    storage.save_raw_crash(RAW, dumps, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == dumps


NAMES = st.one_of(
    st.sampled_from([*OWN, MAIN]),
    st.text("dump_raw", min_size=1, max_size=9),
    st.lists(st.sampled_from(["dump_", *OWN, "x"]), min_size=1, max_size=4).map("".join),
)


@given(st.lists(NAMES, min_size=2, max_size=12, unique=True))
def test_no_two_names_share_a_key(names):
    keys = Keys(S3Options())
    written = [keys.of_dump(name, CRASH_ID)[0] for name in names]
    own = [keys.of(thing, CRASH_ID)[0] for thing in OWN if thing != "dump"]
    assert len({*written, *own}) == len(names) + len(own)
    read = [key for name in names for key in keys.of_dump(name, CRASH_ID)]
    assert len({*read, *own}) == len(read) + len(own)


class TestOthers:
    """What the original wrote is read, and what it called the main dump."""

    @pytest.fixture
    def saved(self, put):
        def save(listed, **objects):
            put(f"v1/raw_crash/{CRASH_ID}", b"{}")
            put(f"v1/dump_names/{CRASH_ID}", json.dumps(listed).encode())
            for thing, body in objects.items():
                put(f"v1/{thing}/{CRASH_ID}", body)

        return save

    @pytest.mark.parametrize("listed", [MAIN, "", None, "dump"])
    def test_the_main_dump_has_four_names(self, storage, saved, listed):
        saved([listed], dump=b"main")
        assert storage.get_raw_dumps(CRASH_ID) == {MAIN: b"main"}
        assert storage.get_raw_dump(CRASH_ID) == b"main"

    def test_a_name_was_not_escaped(self, storage, saved, keys):
        saved(["dump_x", MAIN], dump_x=b"x", dump=b"main")
        assert storage.get_raw_dumps(CRASH_ID) == {"dump_x": b"x", MAIN: b"main"}
        storage.save_raw_crash({}, {"dump_x": b"new"}, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == {"dump_x": b"new"}
        storage.remove(CRASH_ID)
        assert keys() == []

    def test_a_crash_without_a_list_has_no_dumps(self, storage, put):
        put(f"v1/raw_crash/{CRASH_ID}", b"{}")
        assert storage.get_raw_dumps(CRASH_ID) == {}
        with pytest.raises(CrashIDNotFound, match=f"no dump '{MAIN}'"):
            storage.get_raw_dump(CRASH_ID)

    @pytest.mark.parametrize("listed", [b"no json", b"{}", b"[5]", b"\xff", b'["../x"]', b'[".."]'])
    def test_a_list_that_is_none_is_damage(self, storage, put, listed):
        put(f"v1/raw_crash/{CRASH_ID}", b"{}")
        put(f"v1/dump_names/{CRASH_ID}", listed)
        with pytest.raises(
            CorruptCrash, match=f"'v1/dump_names/{CRASH_ID}' in bucket .* is damaged"
        ):
            storage.get_raw_dumps(CRASH_ID)

    @pytest.mark.parametrize("read", ["get_raw_dumps", "get_raw_dump", "get_raw_dumps_as_files"])
    def test_a_dump_that_is_lost_is_damage(self, storage, saved, read, tmp_path):
        saved([MAIN])
        with pytest.raises(CorruptCrash, match="dump_names lists it, but it is not there"):
            getattr(storage, read)(CRASH_ID)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("thing", ["raw_crash", "processed_crash"])
    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff"])
    def test_what_is_no_json_object_is_damage(self, storage, put, thing, data):
        put(f"v1/{thing}/{CRASH_ID}", data)
        read = storage.get_raw_crash if thing == "raw_crash" else storage.get_processed
        with pytest.raises(CorruptCrash, match=f"'v1/{thing}/{CRASH_ID}' in bucket 'test-"):
            read(CRASH_ID)
