"""Weaknesses 6 to 9: what a save of the original leaves behind, on the disk and in the process."""

import contextlib
import errno
import os

import pytest

from fs.trees import DATED, DEPTH_2, DUMPS, RAW, Clock, look, mode_of, paths
from fs.weaknesses import mended

NEW = {"uuid": DEPTH_2, "ProductName": "Thunderbird"}
FAMILIES = [cls.__name__ for cls in DATED[:2]]
FILE_MAX = 4096


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_06_a_first_save_that_fails_leaves_nothing(storages, tmp_path, family, file_size_limit):
    storage = getattr(storages, family)(fs_root=tmp_path, now=Clock())
    with file_size_limit(FILE_MAX), pytest.raises(OSError, match="File too large"):
        storage.save_raw_crash(RAW, DUMPS | {"memory": bytes(FILE_MAX + 1)}, DEPTH_2)
    assert [path for path in paths(tmp_path) if DEPTH_2 in path] == []


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_06_a_replacement_that_fails_leaves_the_old_crash(
    storages, tmp_path, family, file_size_limit
):
    storage = getattr(storages, family)(fs_root=tmp_path, now=Clock())
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    before = look(tmp_path)
    with file_size_limit(FILE_MAX), pytest.raises(OSError, match="File too large"):
        storage.save_raw_crash(NEW, {"browser": b"new", "memory": bytes(FILE_MAX + 1)}, DEPTH_2)
    assert look(tmp_path) == before


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_06_whoever_reads_while_a_crash_is_replaced_sees_the_old_objects(
    storages, tmp_path, family
):
    storage = getattr(storages, family)(fs_root=tmp_path, now=Clock(), codec="json")
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    before = [path.read_bytes() for path in files]
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(path.open("rb")) for path in files]
        storage.save_raw_crash(NEW, {"browser": b"new", "upload_file_minidump": b""}, DEPTH_2)
        assert [reader.read() for reader in readers] == before


@mended()
def test_06_a_processed_crash_that_fails_leaves_the_old_one(storages, tmp_path, file_size_limit):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    storage.save_processed({"uuid": DEPTH_2})
    before = look(tmp_path)
    noise = os.urandom(2 * FILE_MAX).hex()
    with file_size_limit(FILE_MAX), pytest.raises(OSError, match="File too large"):
        storage.save_processed({"uuid": DEPTH_2, "noise": noise})
    assert look(tmp_path) == before


@mended()
def test_07_opening_a_tree_leaves_the_umask_alone(storages, tmp_path, umask):
    umask(0o077)
    storages.FSRadixTreeStorage(fs_root=tmp_path)
    assert umask(0) == 0o077


@mended()
def test_07_a_save_that_fails_leaves_the_umask_alone(storages, tmp_path, umask):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    (tmp_path / "20180601").write_bytes(b"in the way")
    umask(0o077)
    with pytest.raises(OSError, match="20180601"):
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert umask(0) == 0o077


@mended()
@pytest.mark.parametrize("process_umask", [0, 0o077], ids=oct)
def test_08_the_date_branch_obeys_the_option(storages, tmp_path, umask, process_umask):
    storage = storages.FSDatedRadixTreeStorage(
        fs_root=tmp_path / "crashes", umask=0o027, now=Clock()
    )
    umask(process_umask)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    directories = [path for path in tmp_path.rglob("*") if path.is_dir() and not path.is_symlink()]
    assert {path: mode_of(path) for path in directories} == dict.fromkeys(directories, 0o750)


@mended()
def test_09_an_error_says_why_the_directory_cannot_be_made(storages, tmp_path):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    (tmp_path / "20180601").symlink_to("nowhere")
    with pytest.raises(OSError, match="20180601") as caught:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert caught.value.errno == errno.ELOOP


@mended()
def test_09_a_read_only_disk_is_said_to_be_read_only(storages, tmpfs):
    storage = storages.FSRadixTreeStorage(fs_root=tmpfs("ro"))
    with pytest.raises(OSError, match="20180601") as caught:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert caught.value.errno == errno.EROFS
