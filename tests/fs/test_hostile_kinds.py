"""FIFOs, sockets, devices and directories where files should be, and files in place of directories.

Nothing waits for the other end of a FIFO: the timeout would end it.
"""

import contextlib
import errno
import os
import socket
import stat

import pytest

from fs.trees import CLASSES, DATED, DEPTH_2, DUMPS, NEIGHBOUR, PROCESSED, RAW, Clock, drain
from socorro_fast import InvalidCrash, StorageIOError, fs

pytestmark = pytest.mark.timeout(20)

OBJECTS = {
    "json": [("get_raw_crash", ())],
    "dump": [("get_raw_dump", ()), ("get_raw_dumps", ())],
    "browser.dump": [("get_raw_dump", ("browser",)), ("get_raw_dumps", ())],
    "jsonz": [("get_unredacted_processed", ())],
}
DIRECTORIES = ["{day}", "{day}/name", "{day}/name/aa", "{day}/name/aa/bb"]


def make_device(path):
    if os.geteuid() != 0:
        pytest.skip("making a device needs root")
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero: endless


def make_socket(path):
    # By a short relative name: the address of a socket must fit into 108 bytes.
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s")
        os.rename("s", path.name)  # noqa: PTH104 - as above


def make_full_directory(path):
    path.mkdir()
    (path / "file").write_bytes(b"in the way")


KINDS = {
    "FIFO": os.mkfifo,
    "socket": make_socket,
    "device": make_device,
    "directory": os.mkdir,
    "full directory": make_full_directory,
}


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def storage(request, tmp_path):
    clock = {"now": Clock()} if request.param in DATED else {}
    with request.param(fs_root=tmp_path, **clock) as storage:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        storage.save_processed(PROCESSED)
        yield storage


def day_of(storage):
    return "01" if isinstance(storage, fs.FSTemporaryStorage) else "20180601"


@pytest.fixture(params=OBJECTS)
def suffix(request):
    return request.param


@pytest.fixture(params=KINDS)
def planted(request, storage, suffix):
    """The path of an object that is something else now."""
    (path,) = storage.fs_root.glob(f"*/name/**/{DEPTH_2}.{suffix}")
    path.unlink()
    KINDS[request.param](path)
    return path


def test_reading_what_is_no_file_is_an_error(storage, suffix, planted):
    for method, arguments in OBJECTS[suffix]:
        with pytest.raises(
            StorageIOError, match=r"no regular file|(directory|device or address) \[errno"
        ) as caught:
            getattr(storage, method)(DEPTH_2, *arguments)
        assert caught.value.filename == str(planted)


def test_what_is_no_file_is_replaced_or_reported(storage, planted):
    is_directory = planted.is_dir()
    saved = False
    with contextlib.suppress(StorageIOError):
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        storage.save_processed(PROCESSED)
        saved = True
    assert saved is not is_directory
    if saved:
        assert storage.get_raw_crash(DEPTH_2) == RAW
        assert storage.get_raw_dumps(DEPTH_2) == DUMPS
        assert storage.get_unredacted_processed(DEPTH_2) == PROCESSED
    assert not hidden(storage)


def test_what_is_no_file_is_removed_or_reported(storage, planted):
    is_directory = planted.is_dir()
    removed = False
    with contextlib.suppress(StorageIOError):
        storage.remove(DEPTH_2)
        removed = True
    assert removed is not is_directory
    assert planted.exists() is is_directory


def test_listing_and_draining_pass_what_is_no_file(storage, planted):
    storage.save_raw_crash(RAW, DUMPS, NEIGHBOUR)
    is_listed = planted.suffix != ".json" or not planted.is_dir()
    assert list(storage.list_crashes()) == [DEPTH_2] * is_listed + [NEIGHBOUR]
    if isinstance(storage, tuple(DATED)):
        storage.options.now.set("15:00:00")
        assert NEIGHBOUR in drain(storage)


def hidden(storage):
    return [path for path in storage.fs_root.rglob(".*") if path.exists()]


@pytest.mark.parametrize("level", DIRECTORIES)
@pytest.mark.parametrize("kind", ["file", "FIFO", "socket", "device"])
@pytest.mark.parametrize("cls", CLASSES)
def test_what_is_no_directory_is_reported(cls, kind, level, tmp_path):
    storage = cls(fs_root=tmp_path)
    path = tmp_path / level.format(day=day_of(storage))
    path.parent.mkdir(parents=True, exist_ok=True)
    (KINDS | {"file": lambda path: path.write_bytes(b"")})[kind](path)
    for call in (
        lambda: storage.save_raw_crash(RAW, DUMPS, DEPTH_2),
        lambda: storage.save_processed(PROCESSED),
        lambda: storage.get_raw_crash(DEPTH_2),
        lambda: storage.get_raw_dumps(DEPTH_2),
        lambda: storage.remove(DEPTH_2),
    ):
        with pytest.raises(StorageIOError) as caught:
            call()
        assert caught.value.errno == errno.ENOTDIR
    assert path.exists()


@pytest.mark.parametrize("level", ["date", "date/12", "date/12/34_5"])
@pytest.mark.parametrize("kind", ["file", "FIFO", "socket", "device"])
@pytest.mark.parametrize("cls", DATED)
def test_a_slot_that_cannot_be_made_is_reported_and_the_crash_not_saved(cls, kind, level, tmp_path):
    storage = cls(fs_root=tmp_path, now=Clock())
    path = tmp_path / day_of(storage) / level
    path.parent.mkdir(parents=True, exist_ok=True)
    (KINDS | {"file": lambda path: path.write_bytes(b"")})[kind](path)
    with pytest.raises(StorageIOError) as caught:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert caught.value.errno == errno.ENOTDIR
    assert list(storage.list_crashes()) == []
    assert list(tmp_path.rglob(f"*{DEPTH_2}*")) == []
    path.unlink()
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    storage.options.now.set("15:00:00")
    assert drain(storage) == [DEPTH_2]


@pytest.mark.parametrize("kind", ["FIFO", "socket", "device", "directory"])
def test_a_dump_given_as_a_path_must_be_a_file(storage, kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("upload") / "dump"
    KINDS[kind](path)
    with pytest.raises(StorageIOError) as caught:
        storage.save_raw_crash(RAW, {"new": path}, NEIGHBOUR)
    assert caught.value.filename == str(path)
    assert list(storage.list_crashes()) == [DEPTH_2]
    assert not hidden(storage)


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800"])
def test_a_dump_given_as_a_path_must_be_one(storage, path):
    with pytest.raises((StorageIOError, InvalidCrash)):
        storage.save_raw_crash(RAW, {"new": path}, NEIGHBOUR)
    assert list(storage.list_crashes()) == [DEPTH_2]
