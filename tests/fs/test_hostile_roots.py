"""Roots that are missing, files, read-only, full or out of inodes."""

import contextlib
import errno
import itertools
import os
import shutil

import pytest

from fs.trees import (
    CLASSES,
    DATED,
    DEPTH_2,
    DUMPS,
    NEIGHBOUR,
    PROCESSED,
    RAW,
    Clock,
    crash_id,
    drain,
    look,
)
from socorro_fast import CrashIDNotFound, StorageIOError, fs

MEGABYTE = 1 << 20
BIG = {"upload_file_minidump": bytes(2 * MEGABYTE)}
NOISE = os.urandom(MEGABYTE).hex()  # no compressor makes it fit


def make(cls, root, **options):
    return cls(fs_root=root, **options, **({"now": Clock()} if cls in DATED else {}))


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


def test_a_missing_root_is_made(cls, tmp_path):
    root = tmp_path / "a" / "b" / "crashes"
    with make(cls, root) as storage:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert make(cls, root).get_raw_dumps(DEPTH_2) == DUMPS


@pytest.mark.parametrize("below", ["", "crashes"])
def test_a_root_that_is_a_file_is_refused(cls, below, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"not yours")
    with pytest.raises(StorageIOError, match="Not a directory") as caught:
        make(cls, file / below)
    assert caught.value.errno == errno.ENOTDIR
    assert file.read_bytes() == b"not yours"


def test_a_root_that_leads_nowhere_is_refused(cls, tmp_path):
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(StorageIOError) as caught:
        make(cls, tmp_path / "link")
    assert (caught.value.errno, caught.value.filename) == (errno.ELOOP, str(tmp_path / "link"))


def test_a_root_that_is_removed_is_made_again(cls, tmp_path):
    root = tmp_path / "crashes"
    storage = make(cls, root)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    shutil.rmtree(root)
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(DEPTH_2)
    assert list(storage.list_crashes()) == []
    if cls in DATED:
        assert drain(storage) == []
    storage.save_raw_crash(RAW, DUMPS, NEIGHBOUR)
    assert make(cls, root).get_raw_dumps(NEIGHBOUR) == DUMPS


def saves(storage, crash):
    return {
        "raw crash": lambda: storage.save_raw_crash(RAW | {"new": True}, DUMPS, crash),
        "processed crash": lambda: storage.save_processed({"uuid": crash, "new": True}),
    }


def test_a_read_only_root_is_read_and_not_written(cls, tmpfs, tmp_path):
    root = tmpfs("size=1m")
    writer = make(cls, root)
    writer.save_raw_crash(RAW, DUMPS, DEPTH_2)
    writer.save_processed(PROCESSED)
    writer.close()
    before = look(root)
    tmpfs.remount(root, "ro")
    storage = make(cls, root)
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS
    assert storage.get_unredacted_processed(DEPTH_2) == PROCESSED
    calls = [*saves(storage, DEPTH_2).values(), *saves(storage, crash_id(5)).values()]
    for call in [*calls, lambda: storage.remove(DEPTH_2)]:
        with pytest.raises(StorageIOError) as caught:
            call()
        assert caught.value.errno == errno.EROFS
        assert str(caught.value.filename).startswith(str(root))
    assert look(root) == before


def test_a_read_only_queue_says_so_at_the_acknowledgement(tmpfs):
    root = tmpfs("size=1m")
    make(fs.FSDatedRadixTreeStorage, root).save_raw_crash(RAW, DUMPS, DEPTH_2)
    tmpfs.remount(root, "ro")
    storage = make(fs.FSDatedRadixTreeStorage, root)
    assert list(storage.new_crashes()) == [DEPTH_2]
    with pytest.raises(StorageIOError) as caught:
        storage.ack_crash(DEPTH_2)
    assert caught.value.errno == errno.EROFS


def test_a_read_only_place_for_a_missing_root_is_reported(cls, tmpfs):
    with pytest.raises(StorageIOError) as caught:
        make(cls, tmpfs("ro") / "crashes")
    assert caught.value.errno == errno.EROFS


def failing_saves(storage, crash):
    return {
        "dump": lambda: storage.save_raw_crash(RAW | {"new": True}, DUMPS | BIG, crash),
        "raw crash": lambda: storage.save_raw_crash(RAW | {"noise": NOISE}, DUMPS, crash),
        "processed crash": lambda: storage.save_processed({"uuid": crash, "noise": NOISE}),
    }


FAILING = list(failing_saves(None, ""))


@pytest.mark.parametrize("what", FAILING)
def test_a_full_disk_leaves_the_previous_version(cls, what, tmpfs):
    root = tmpfs("size=1m")
    storage = make(cls, root)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    storage.save_processed(PROCESSED)
    before = look(root)
    with pytest.raises(StorageIOError) as caught:
        failing_saves(storage, DEPTH_2)[what]()
    assert caught.value.errno == errno.ENOSPC
    assert str(caught.value.filename).startswith(str(root))
    assert look(root) == before
    check_next_saves(storage)


@pytest.mark.parametrize("what", FAILING)
def test_a_first_save_on_a_full_disk_leaves_nothing(cls, what, tmpfs):
    storage = make(cls, tmpfs("size=1m"))
    with pytest.raises(StorageIOError) as caught:
        failing_saves(storage, DEPTH_2)[what]()
    assert caught.value.errno == errno.ENOSPC
    assert left_of(storage, DEPTH_2) == []
    check_next_saves(storage)


def left_of(storage, crash):
    return [str(path) for path in storage.fs_root.rglob(f"*{crash}*")]


def check_next_saves(storage):
    storage.save_raw_crash(RAW | {"next": True}, {"next": b"n"}, DEPTH_2)
    storage.save_processed(PROCESSED | {"next": True})
    assert storage.get_raw_crash(DEPTH_2) == RAW | {"next": True}
    assert storage.get_raw_dumps(DEPTH_2) == {"next": b"n"}
    assert storage.get_unredacted_processed(DEPTH_2) == PROCESSED | {"next": True}
    if isinstance(storage, tuple(DATED)):
        storage.options.now.set("15:00:00")
        assert drain(storage) == [DEPTH_2]


# Enough for 0, 1, 2, ... of the names that a save makes: it fails at each of its steps once.
@pytest.mark.parametrize("room", range(11))
def test_a_first_save_without_inodes_leaves_nothing(cls, room, tmpfs):
    root = tmpfs("nr_inodes=400")
    storage = make(cls, root)
    fillers = fill_inodes(root, room)
    saved = save_or_no_space(storage)
    if not saved:
        assert left_of(storage, DEPTH_2) == []
    else:
        assert storage.get_raw_dumps(DEPTH_2) == DUMPS
    for filler in fillers:
        filler.unlink()
    check_next_saves(storage)


@pytest.mark.parametrize("room", range(6))
@pytest.mark.parametrize("queued", [True, False], ids=["queued", "not queued"])
def test_a_replacement_without_inodes_leaves_the_previous_version(cls, queued, room, tmpfs):
    root = tmpfs("nr_inodes=400")
    storage = make(cls, root)
    storage.save_raw_crash(RAW | {"old": True}, {"old": b"o"}, DEPTH_2)
    if cls in DATED and not queued:
        drain(storage)
    before = look(storage.fs_root)
    fillers = fill_inodes(root, room)
    saved = save_or_no_space(storage)
    for filler in fillers:
        filler.unlink()
    if saved:
        assert storage.get_raw_dumps(DEPTH_2) == DUMPS
    else:
        assert look(storage.fs_root) == before
    check_next_saves(storage)


def fill_inodes(root, room):
    """Use all inodes but `room`."""
    fillers = []
    with contextlib.suppress(OSError):
        for number in itertools.count():
            filler = root / f"filler-{number}"
            filler.touch()
            fillers.append(filler)
    assert os.statvfs(root).f_ffree == 0
    for filler in fillers[:room]:
        filler.unlink()
    return fillers[room:]


def save_or_no_space(storage):
    (outcome,) = storage.save_many([(RAW, DUMPS, DEPTH_2)])
    assert getattr(outcome, "errno", errno.ENOSPC) == errno.ENOSPC
    return outcome is None
