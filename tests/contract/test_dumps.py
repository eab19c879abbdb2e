"""Dumps: of every kind, by every name, in memory and as files."""

import array
import ctypes
import mmap
import os
from pathlib import Path

import pytest

from contract.samples import BAD_DUMP_NAMES, CRASH_ID, DUMPS, LONGEST_DUMP_NAME, RAW, SAME_RADIX
from socorro_fast import (
    CrashIDNotFound,
    InvalidCrash,
    InvalidDumpName,
    MemoryDumpsMapping,
    StorageIOError,
)

pytestmark = pytest.mark.needs("save_raw_crash", "get_raw_dump", "get_raw_dumps")

MAIN = "upload_file_minidump"


def test_dumps_come_back_as_bytes_in_a_mapping(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    dumps = storage.get_raw_dumps(CRASH_ID)
    assert dumps == DUMPS
    assert type(dumps) is MemoryDumpsMapping
    assert {type(dump) for dump in dumps.values()} == {bytes}


def test_one_dump_comes_back_by_name(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    for name, dump in DUMPS.items():
        assert storage.get_raw_dump(CRASH_ID, name) == dump


def test_named_dumps_come_back_alone(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID, ["memory", None]) == {
        "memory": DUMPS["memory"],
        MAIN: DUMPS[MAIN],
    }


@pytest.mark.parametrize("saved_as", [None, "", MAIN])
@pytest.mark.parametrize("read_as", [None, "", MAIN])
def test_the_main_dump_has_three_names(storage, saved_as, read_as):
    storage.save_raw_crash(RAW, {saved_as: b"main"}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID, read_as) == b"main"
    assert storage.get_raw_dumps(CRASH_ID) == {MAIN: b"main"}


def test_the_main_dump_is_read_without_a_name(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == DUMPS[MAIN]


def test_dump_field_names_the_main_dump(make):
    storage = make(dump_field="core")
    storage.save_raw_crash(RAW, {"core": b"main", MAIN: b"other"}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == b"main"
    assert storage.get_raw_dumps(CRASH_ID) == {"core": b"main", MAIN: b"other"}


@pytest.mark.parametrize("dumps", [{None: b"a", "": b"b"}, {"": b"a", MAIN: b"a"}])
def test_a_dump_given_twice_is_refused(storage, dumps):
    with pytest.raises(InvalidDumpName):
        storage.save_raw_crash(RAW, dumps, CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


class TestReplacement:
    def test_none_leaves_the_stored_dumps(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash({"new": 1}, None, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == DUMPS

    def test_none_at_first_means_no_dumps(self, storage):
        storage.save_raw_crash(RAW, None, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == {}

    def test_an_empty_mapping_removes_them(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, {}, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == {}
        assert storage.get_raw_crash(CRASH_ID) == RAW

    def test_a_new_mapping_is_all_there_is(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, {"memory": b"longer than before", "new": b"n"}, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == {"memory": b"longer than before", "new": b"n"}

    def test_leaves_the_neighbour_alone(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, {"other": b"o"}, SAME_RADIX)
        storage.save_raw_crash(RAW, {}, CRASH_ID)
        assert storage.get_raw_dumps(SAME_RADIX) == {"other": b"o"}


class TestNotFound:
    def test_says_which_dump(self, storage):
        storage.save_raw_crash(RAW, {}, CRASH_ID)
        with pytest.raises(CrashIDNotFound, match=f"no dump '{MAIN}' for crash {CRASH_ID} in "):
            storage.get_raw_dump(CRASH_ID)
        with pytest.raises(CrashIDNotFound, match="no dump 'memory' for crash"):
            storage.get_raw_dump(CRASH_ID, "memory")
        with pytest.raises(CrashIDNotFound, match="no dump 'memory' for crash"):
            storage.get_raw_dumps(CRASH_ID, ["memory"])

    def test_without_the_crash(self, storage):
        with pytest.raises(CrashIDNotFound, match=f"no dump '{MAIN}' for crash {CRASH_ID} in "):
            storage.get_raw_dump(CRASH_ID)

    @pytest.mark.needs("get_raw_dumps_as_files")
    @pytest.mark.parametrize("operation", ["get_raw_dumps", "get_raw_dumps_as_files"])
    def test_says_that_there_is_no_crash(self, storage, operation):
        with pytest.raises(CrashIDNotFound, match=f"no crash for crash {CRASH_ID} in ") as caught:
            getattr(storage, operation)(CRASH_ID)
        assert caught.value.kind == "crash"


@pytest.mark.parametrize("name", BAD_DUMP_NAMES.values(), ids=BAD_DUMP_NAMES)
def test_a_bad_name_is_refused_before_anything_is_stored(storage, name):
    with pytest.raises(InvalidDumpName):
        storage.save_raw_crash(RAW, {"good": b"g", name: b"b"}, CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


@pytest.mark.parametrize("name", ["a/b", "..", "a\0b", 5, "\ud800"])
def test_a_bad_name_is_refused_by_reads(storage, name):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    with pytest.raises(InvalidDumpName):
        storage.get_raw_dump(CRASH_ID, name)
    with pytest.raises(InvalidDumpName):
        storage.get_raw_dumps(CRASH_ID, [name])


@pytest.mark.parametrize(
    "name", ["a", "a b", "json", "dump", "x.dump", "a.json", "~", LONGEST_DUMP_NAME]
)
def test_a_good_name_is_kept(storage, name):
    storage.save_raw_crash(RAW, {name: b"content", None: b"main"}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID, name) == b"content"
    assert storage.get_raw_dumps(CRASH_ID) == {name: b"content", MAIN: b"main"}


def _mapped(content):
    mapped = mmap.mmap(-1, len(content))
    mapped.write(content)
    return mapped


BUFFERS = {
    "bytes": lambda: b"0123456789abcdef",
    "bytearray": lambda: bytearray(b"0123456789abcdef"),
    "memoryview": lambda: memoryview(b"0123456789abcdef"),
    "slice": lambda: memoryview(b"xx0123456789abcdefxx")[2:-2],
    "strided": lambda: memoryview(b"0.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.")[::2],
    "reversed": lambda: memoryview(b"fedcba9876543210")[::-1],
    "table": lambda: memoryview(b"0123456789abcdef").cast("B", (4, 4)),
    "array": lambda: array.array("I", b"0123456789abcdef"),
    "ctypes": lambda: (ctypes.c_uint32 * 4).from_buffer_copy(b"0123456789abcdef"),
    "mmap": lambda: _mapped(b"0123456789abcdef"),
}


@pytest.mark.parametrize("buffer", BUFFERS.values(), ids=BUFFERS)
def test_any_buffer_is_a_dump(storage, buffer):
    storage.save_raw_crash(RAW, {None: buffer()}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == b"0123456789abcdef"


@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b""), array.array("d")])
def test_an_empty_buffer_is_an_empty_dump(storage, empty):
    storage.save_raw_crash(RAW, {None: empty}, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == {MAIN: b""}


def test_a_buffer_may_change_after_it_was_saved(storage):
    buffer = bytearray(b"before")
    storage.save_raw_crash(RAW, {None: buffer}, CRASH_ID)
    buffer[:] = b"behind, and longer"
    assert storage.get_raw_dump(CRASH_ID) == b"before"


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_a_path_is_read(storage, tmp_path, kind):
    path = tmp_path / "upload"
    path.write_bytes(b"from a file")
    storage.save_raw_crash(RAW, {None: kind(path), "b": b"from memory"}, CRASH_ID)
    assert storage.get_raw_dumps(CRASH_ID) == {MAIN: b"from a file", "b": b"from memory"}
    assert path.read_bytes() == b"from a file"


def test_a_file_may_change_after_it_was_saved(storage, tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(b"before")
    storage.save_raw_crash(RAW, {None: path}, CRASH_ID)
    path.write_bytes(b"behind")
    assert storage.get_raw_dump(CRASH_ID) == b"before"


@pytest.mark.parametrize("what", ["missing", "a directory"])
def test_a_path_that_cannot_be_read_is_an_error(storage, tmp_path, what):
    path = tmp_path if what == "a directory" else tmp_path / "missing"
    with pytest.raises(StorageIOError, match=str(path)) as caught:
        storage.save_raw_crash(RAW, {"a": b"a", None: path}, CRASH_ID)
    assert caught.value.errno
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


@pytest.mark.parametrize("value", [None, 5, 1.5, object(), [b"x"], {"a": b"b"}, "nul\0path"])
def test_what_is_neither_buffer_nor_path_is_refused(storage, value):
    with pytest.raises(InvalidCrash, match="'bad'"):
        storage.save_raw_crash(RAW, {"good": b"g", "bad": value}, CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


@pytest.mark.parametrize("dumps", [[b"x"], b"x", "x", 5])
def test_dumps_that_are_no_mapping_are_refused(storage, dumps):
    with pytest.raises(InvalidCrash, match="mapping"):
        storage.save_raw_crash(RAW, dumps, CRASH_ID)


def test_a_big_dump_comes_back(storage):
    dump = os.urandom(1 << 20) * 16
    storage.save_raw_crash(RAW, {None: dump}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == dump
    assert storage.get_raw_dumps(CRASH_ID) == {MAIN: dump}


@pytest.mark.needs("get_raw_dumps_as_files")
class TestAsFiles:
    def test_the_files_hold_the_dumps(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        files = storage.get_raw_dumps_as_files(CRASH_ID)
        assert {name: Path(path).read_bytes() for name, path in files.items()} == DUMPS
        assert files.as_memory_dumps_mapping() == DUMPS

    def test_they_can_be_saved_as_another_crash(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, storage.get_raw_dumps_as_files(CRASH_ID), SAME_RADIX)
        assert storage.get_raw_dumps(SAME_RADIX) == DUMPS

    def test_they_can_be_saved_as_the_same_crash(self, storage):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, storage.get_raw_dumps_as_files(CRASH_ID), CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == DUMPS


def test_names_that_are_no_iterable_are_refused(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    with pytest.raises(InvalidDumpName, match="names of dumps are an iterable, not 5"):
        storage.get_raw_dumps(CRASH_ID, 5)
