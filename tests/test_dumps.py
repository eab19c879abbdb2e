"""Dumps mappings, and what `normalise_dumps` makes of a caller's."""

import os
import stat
from pathlib import Path

import pytest

from contract.samples import BAD_DUMP_NAMES, CRASH_ID, LONGEST_DUMP_NAME
from socorro_fast import (
    FileDumpsMapping,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    MemoryDumpsMapping,
    StorageIOError,
)
from socorro_fast.dumps import check_dump_name, check_stored_dump_name, normalise_dumps

MEMORY = MemoryDumpsMapping(upload_file_minidump=b"main", browser=b"\0\xff", empty=b"")


class TestMappings:
    def test_become_files_and_memory_again(self, tmp_path):
        files = MEMORY.as_file_dumps_mapping(CRASH_ID, tmp_path, ".dump")
        assert type(files) is FileDumpsMapping
        assert files["browser"] == str(tmp_path / f"{CRASH_ID}.browser.TEMPORARY.dump")
        assert files.as_memory_dumps_mapping() == MEMORY
        assert type(files.as_memory_dumps_mapping()) is MemoryDumpsMapping
        assert len(list(tmp_path.iterdir())) == len(MEMORY)

    def test_are_themselves_already(self):
        files = FileDumpsMapping(a="/tmp/a")
        assert files.as_file_dumps_mapping("any", "thing") is files
        assert MEMORY.as_memory_dumps_mapping() is MEMORY

    @pytest.mark.parametrize("name", [None, "", "upload_file_minidump"])
    def test_give_the_main_dump_its_name(self, tmp_path, name):
        files = MemoryDumpsMapping({name: b"main"}).as_file_dumps_mapping(CRASH_ID, tmp_path, ".x")
        path = tmp_path / f"{CRASH_ID}.upload_file_minidump.TEMPORARY.x"
        assert files == {"upload_file_minidump": str(path)}

    def test_replace_files_of_that_name_but_follow_no_link(self, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"not ours")
        planted = tmp_path / f"{CRASH_ID}.browser.TEMPORARY.dump"
        planted.symlink_to(elsewhere)
        MEMORY.as_file_dumps_mapping(CRASH_ID, tmp_path, ".dump")
        assert elsewhere.read_bytes() == b"not ours"
        assert planted.read_bytes() == MEMORY["browser"]
        assert not planted.is_symlink()

    def test_make_files_for_their_owner_only(self, tmp_path):
        for path in MEMORY.as_file_dumps_mapping(CRASH_ID, tmp_path, ".dump").values():
            assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600

    @pytest.mark.parametrize("name", ["../up", "a/b", "a\0b"])
    def test_write_nothing_under_a_bad_name(self, tmp_path, name):
        with pytest.raises(InvalidDumpName):
            MemoryDumpsMapping({"good": b"", name: b""}).as_file_dumps_mapping(
                CRASH_ID, tmp_path, ".dump"
            )
        assert list(tmp_path.iterdir()) == []

    def test_write_nothing_for_a_bad_crash_id(self, tmp_path):
        with pytest.raises(InvalidCrashID):
            MEMORY.as_file_dumps_mapping("../../up", tmp_path, ".dump")

    def test_refuse_two_main_dumps(self, tmp_path):
        with pytest.raises(InvalidDumpName, match="twice"):
            MemoryDumpsMapping({"": b"", None: b""}).as_file_dumps_mapping(CRASH_ID, tmp_path, "")

    def test_say_what_cannot_be_written_or_read(self, tmp_path):
        with pytest.raises(StorageIOError, match="cannot write dump file"):
            MEMORY.as_file_dumps_mapping(CRASH_ID, tmp_path / "missing", ".dump")
        with pytest.raises(StorageIOError, match="cannot read dump file") as caught:
            FileDumpsMapping(a=str(tmp_path / "missing")).as_memory_dumps_mapping()
        assert caught.value.filename == str(tmp_path / "missing")


class TestNormalise:
    def test_none_is_none_and_no_dumps_are_no_dumps(self):
        assert normalise_dumps(None) is None
        assert normalise_dumps({}) == []

    def test_bytes_are_not_copied(self):
        dump = bytes(range(256))
        ((_, same),) = normalise_dumps({"a": dump})
        assert same is dump

    def test_other_buffers_are_flat_views_of_the_same_memory(self):
        buffer = bytearray(b"abcd")
        ((_, view),) = normalise_dumps({"a": memoryview(buffer).cast("H")})
        buffer[0] = 0
        assert (view.format, view.nbytes, bytes(view)) == ("B", 4, b"\0bcd")

    def test_paths_are_text(self, tmp_path):
        class BytesPath:
            def __fspath__(self):
                return b"/tmp/\xff"

        given = {"a": tmp_path, "b": "relative", "c": BytesPath()}
        assert dict(normalise_dumps(given)) == {
            "a": str(tmp_path),
            "b": "relative",
            "c": os.fsdecode(b"/tmp/\xff"),
        }

    def test_the_order_is_kept_and_the_main_dump_named(self):
        names = [name for name, _ in normalise_dumps({"z": b"", None: b"", "a": b""}, "core")]
        assert names == ["z", "core", "a"]

    def test_a_released_buffer_is_refused(self):
        view = memoryview(b"x")
        view.release()
        with pytest.raises(InvalidCrash, match=r"'a'.*released"):
            normalise_dumps({"a": view})

    def test_a_file_is_not_read(self):
        assert normalise_dumps({"a": Path("/no/such/file")}) == [("a", "/no/such/file")]


class TestNames:
    @pytest.mark.parametrize("name", BAD_DUMP_NAMES.values(), ids=BAD_DUMP_NAMES)
    def test_a_bad_one_is_refused_in_one_line(self, name):
        with pytest.raises(InvalidDumpName) as caught:
            check_dump_name(name)
        assert len(str(caught.value)) < 200
        assert len(str(caught.value).splitlines()) == 1

    def test_the_suffix_counts(self):
        assert check_dump_name(LONGEST_DUMP_NAME) == LONGEST_DUMP_NAME
        assert len(f"{CRASH_ID}.{LONGEST_DUMP_NAME}.dump") == 255
        with pytest.raises(InvalidDumpName, match="has 213 bytes, 212 are allowed"):
            check_dump_name("x" * 213, ".dumps")

    @pytest.mark.parametrize("name", ["dümp", ".hidden", "a\nb", "x" * 300])
    def test_a_stored_one_may_be_odd(self, name):
        assert check_stored_dump_name(name) == name

    @pytest.mark.parametrize("name", [".", "..", "a/b", "a\0b", "\ud800", 5, b"a"])
    def test_a_stored_one_is_a_part_of_a_file_name(self, name):
        with pytest.raises(InvalidDumpName):
            check_stored_dump_name(name)
