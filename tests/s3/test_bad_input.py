"""Hostile crashes over a real server: they come back equal, or are refused whole."""

from pathlib import Path

import pytest

from contract.samples import CRASH_ID, RAW
from socorro_fast import BotoS3CrashStorage, CrashIDNotFound, InvalidCrash, InvalidDumpName

ODD_NAMES = [
    "a b", " ", "%", "%2F", "%00", "+", "a+b", "a..b", "a\\b", "'", '"', "&", "?x=1", "#", "~", "=",
    "a,b", "*", "<>", "null", "x" * 200,
]  # fmt: skip
BAD_NAMES = [
    ".", "..", "../x", "a/b", "/", "\0", "a\nb", "\u00e9", "\u2603", "\ud800", "x" * 1024, 5, b"x",
]  # fmt: skip


@pytest.fixture
def storage(seaweedfs, tmp_path):
    # Of all tests here: a bucket is made in most of a second.
    options = seaweedfs.options(seaweedfs.new_bucket())
    with BotoS3CrashStorage(**options, temp_path=tmp_path, backoff_delays=()) as storage:
        yield storage


def test_annotations_come_back_equal(storage):
    raw_crash = {
        "NUL": "\0", "quotes": "'\"`\\ -- ; DROP TABLE", "surrogate": "\ud800",
        "pair": "\U0001f600", "large": "x" * 10_000_000, "": "", "\0key\ud800": "v",
        "control": "\x01\x1f\x7f\u2028", "integer": 2**70, "nan": float("inf"),
        "null": None, "nested": [{"a": [{}]}],
    }  # fmt: skip
    storage.save_raw_crash(raw_crash, {}, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == raw_crash
    processed = raw_crash | {"uuid": CRASH_ID}
    storage.save_processed(processed)
    assert storage.get_unredacted_processed(CRASH_ID) == processed


def test_odd_names_of_dumps_come_back_equal(storage, seaweedfs):
    dumps = {name: name.encode() for name in ODD_NAMES}
    storage.save_raw_crash(RAW, dumps, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == dumps
    files = storage.get_raw_dumps_as_files(CRASH_ID)
    assert {name: Path(path).read_bytes() for name, path in files.items()} == dumps
    storage.save_raw_crash(RAW, {"kept": b""}, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == {"kept": b""}
    storage.remove(CRASH_ID)
    assert seaweedfs.keys(storage.options.bucket_name) == []


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_name_that_no_dump_can_have_is_refused_whole(make, keys, name):
    storage = make()
    with pytest.raises(InvalidDumpName) as caught:
        storage.save_raw_crash(RAW, {"good": b"x", name: b"y"}, CRASH_ID)
    assert "dump name" in str(caught.value)
    with pytest.raises((InvalidDumpName, CrashIDNotFound)):
        storage.get_raw_dump(CRASH_ID, name)
    assert keys() == []


@pytest.mark.parametrize(
    ("raw_crash", "dumps", "told"),
    [
        (b"{}", {}, "bytes"),
        ([], {}, "list"),
        (None, {}, "None"),
        ({"ok": 1, "field": {"inner": object()}}, {}, "field"),
        ({"ok": 1, "field": b"bytes"}, {}, "field"),
        ({"ok": 1, "field": {1, 2}}, {}, "field"),
        (RAW, {"good": b"", "dump": "\ud800"}, "dump"),
        (RAW, {"good": b"", "dump": 5}, "dump"),
        (RAW, {"good": b"", "dump": None}, "dump"),
        (RAW, [b"x"], "list"),
    ],
)
def test_what_cannot_be_stored_is_refused_whole_and_named(make, keys, raw_crash, dumps, told):
    with pytest.raises(InvalidCrash, match=told):
        make().save_raw_crash(raw_crash, dumps, CRASH_ID)
    assert keys() == []


def test_an_empty_name_is_the_main_dump(make):
    storage = make()
    storage.save_raw_crash(RAW, {"": b"main"}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == b"main"
    with pytest.raises(InvalidDumpName, match="given twice"):
        storage.save_raw_crash(RAW, {"": b"main", None: b"main"}, CRASH_ID)
