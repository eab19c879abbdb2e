"""Where the objects of a crash lie, in each layout, and what is read of older ones."""

import json

import pytest

from contract.samples import CRASH_ID, PROCESSED, RAW
from socorro_fast import ConfigurationError, CrashIDNotFound, KeyBuilderBase

DAY = "20180601"
V1_RAW = f"v1/raw_crash/{CRASH_ID}"
V2_RAW = f"v2/raw_crash/aab/{DAY}/{CRASH_ID}"
DATED_RAW = f"v1/raw_crash/{DAY}/{CRASH_ID}"
OTHERS = ["v1/dump/{}", "v1/dump_names/{}", "v1/memory/{}", "v1/processed_crash/{}"]
PLAIN = [each.format(CRASH_ID) for each in OTHERS]
DATED = [each.format(f"{DAY}/{CRASH_ID}") for each in OTHERS]

LAYOUTS = {
    "KeyBuilderBase": [*PLAIN, V1_RAW],
    "DatePrefixKeyBuilder": [*PLAIN, V2_RAW],
    "SimpleDatePrefixKeyBuilder": [*DATED, DATED_RAW],
    "GCSKeyBuilder": [*PLAIN, DATED_RAW],
}
RAW_FALLBACKS = {
    "KeyBuilderBase": [],
    "DatePrefixKeyBuilder": [V1_RAW],
    "SimpleDatePrefixKeyBuilder": [V2_RAW, V1_RAW],
    "GCSKeyBuilder": [V2_RAW, V1_RAW],
}


@pytest.mark.parametrize("name", LAYOUTS)
class TestLayout:
    def test_has_these_keys(self, make, keys, name):
        storage = make(keybuilder_class=name)
        storage.save_raw_and_processed(RAW, {None: b"m", "memory": b"r"}, PROCESSED, CRASH_ID)
        assert keys() == sorted(LAYOUTS[name])

    @pytest.mark.parametrize(
        ("options", "before"),
        [({"prefix": "dev"}, "dev/"), ({"prefix": "a/b"}, "a/b/"), ({"leading_slash": True}, "/")],
    )
    def test_comes_after_a_prefix(self, make, keys, name, options, before):
        storage = make(keybuilder_class=name, **options)
        storage.save_raw_and_processed(RAW, {None: b"m", "memory": b"r"}, PROCESSED, CRASH_ID)
        assert keys() == sorted(before + key for key in LAYOUTS[name])
        assert list(storage.list_crashes()) == [CRASH_ID]
        assert storage.get_raw_dumps(CRASH_ID) == {"upload_file_minidump": b"m", "memory": b"r"}
        storage.remove(CRASH_ID)
        assert keys() == []

    def test_reads_raw_crashes_of_older_layouts(self, make, put, name):
        storage = make(keybuilder_class=name)
        for key in reversed([LAYOUTS[name][-1], *RAW_FALLBACKS[name]]):
            put(key, json.dumps({"key": key}).encode())
            assert storage.get_raw_crash(CRASH_ID) == {"key": key}
            assert list(storage.list_crashes()) == [CRASH_ID]

    def test_can_do_without_the_older_layouts(self, make, put, name):
        storage = make(keybuilder_class=name, read_older_layouts=False)
        for key in RAW_FALLBACKS[name]:
            put(key, b"{}")
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(CRASH_ID)
        assert list(storage.list_crashes()) == []

    def test_is_removed_in_every_layout_that_is_read(self, make, put, keys, name):
        for key in [LAYOUTS[name][-1], *RAW_FALLBACKS[name], *PLAIN]:
            put(key, b'["memory"]')
        make(keybuilder_class=name).remove(CRASH_ID)
        assert keys() == []


def test_dated_parts_are_read_without_date_as_well(make, put):
    put(V1_RAW, b"{}")
    put(f"v1/dump_names/{CRASH_ID}", b'["memory", "upload_file_minidump"]')
    put(f"v1/memory/{CRASH_ID}", b"r")
    put(f"v1/dump/{CRASH_ID}", b"m")
    put(f"v1/processed_crash/{CRASH_ID}", json.dumps(PROCESSED).encode())
    storage = make(keybuilder_class="SimpleDatePrefixKeyBuilder")
    assert storage.get_raw_dumps(CRASH_ID) == {"memory": b"r", "upload_file_minidump": b"m"}
    assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED


def test_what_is_saved_again_lies_in_the_newer_layout(make, put, keys):
    put(V1_RAW, b'{"old": 1}')
    storage = make(keybuilder_class="DatePrefixKeyBuilder")
    storage.save_raw_crash({"new": 1}, {}, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"new": 1}
    assert list(storage.list_crashes()) == [CRASH_ID]
    assert V2_RAW in keys()


class Reversed(KeyBuilderBase):
    def build_keys(self, prefix, name_of_thing, crash_id):
        return [f"{prefix}{crash_id}/{name_of_thing}"]


def test_a_key_builder_of_ones_own_is_used(make, keys):
    for named in (Reversed, f"{__name__}.Reversed"):
        storage = make(keybuilder_class=named)
        storage.save_raw_crash(RAW, {None: b"m"}, CRASH_ID)
        assert storage.get_raw_dump(CRASH_ID) == b"m"
        assert keys() == [f"{CRASH_ID}/{thing}" for thing in ("dump", "dump_names", "raw_crash")]


@pytest.mark.parametrize("given", ["Nonsense", "no.such.Builder", int, 5])
def test_what_is_no_key_builder_is_refused(make, given):
    with pytest.raises(ConfigurationError, match="'keybuilder_class' of BotoCrashStorage cannot"):
        make(keybuilder_class=given)
