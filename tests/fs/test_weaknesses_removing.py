"""Weaknesses 1 and 22, and 23: what the original removes, and what it does not."""

import contextlib
import os
import time

import pytest

from fs.trees import DEPTH_2, DUMPS, NEIGHBOUR, PROCESSED, RAW, Clock, crash_id, drain, look, paths
from fs.weaknesses import OURS, mended

ACCEPTED = [crash_id(number, depth=0) for number in (0xAABBCCCC, 0x11223344)]
MAY, JUNE = crash_id(5, date="180501"), crash_id(6, date="180601")
TWO_DAYS = 2 * 86_400


@mended()
@pytest.mark.parametrize("pair", [(DEPTH_2, NEIGHBOUR), ACCEPTED], ids=["depth 2", "depth 0"])
def test_01_a_removal_leaves_the_neighbours(storages, tmp_path, pair):
    crash, neighbour = pair
    storage = storages.FSPermanentStorage(fs_root=tmp_path, zero_depth=0)
    storage.save_raw_crash(RAW, DUMPS, neighbour)
    before = look(tmp_path)
    storage.save_raw_crash(RAW, DUMPS, crash)
    storage.remove(crash)
    assert look(tmp_path) == before


@mended()
@pytest.mark.parametrize("pair", [(DEPTH_2, NEIGHBOUR), ACCEPTED], ids=["depth 2", "depth 0"])
def test_01_removing_what_was_never_saved_removes_nothing(storages, tmp_path, pair):
    crash, neighbour = pair
    storage = storages.FSPermanentStorage(fs_root=tmp_path, zero_depth=0)
    storage.save_raw_crash(RAW, DUMPS, neighbour)
    before = look(tmp_path)
    with contextlib.suppress(storages.CrashIDNotFound):
        storage.remove(crash)
    assert look(tmp_path) == before


@mended()
@pytest.mark.parametrize("options", [{}, {"json_file_suffix": ".js"}], ids=["", "suffix"])
def test_22_a_removal_takes_everything(storages, tmp_path, options):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path, **options)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    storage.save_processed(PROCESSED)
    storage.remove(DEPTH_2)
    assert paths(tmp_path) == []


@mended()
def test_22_a_removal_takes_the_links(storages, tmp_path):
    clock = Clock()
    storage = storages.FSLegacyDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    clock.set("15:00:00")
    storage.remove(DEPTH_2)
    assert paths(tmp_path) == []


@mended()
def test_22_removing_what_is_not_there_is_an_error(storages, tmp_path):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    removed = True
    try:
        storage.remove(NEIGHBOUR)
    except storages.CrashIDNotFound:
        removed = False
    assert not removed


@mended()
def test_22_a_removal_that_fails_is_an_error(storages, tmp_path):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path)
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    dump = tmp_path / "20180601" / "name" / "aa" / "bb" / f"{DEPTH_2}.dump"
    dump.mkdir()
    failed = False
    try:
        storage.remove(DEPTH_2)
    except OSError:
        failed = True
    assert failed


@mended()
def test_23_a_day_that_comes_round_is_cleared(storages, tmp_path):
    storage = storages.FSTemporaryStorage(fs_root=tmp_path, now=Clock())
    storage.save_raw_crash(RAW, DUMPS, MAY)
    unqueue(tmp_path, MAY)
    make_old(tmp_path, MAY)
    storage.save_raw_crash(RAW, DUMPS, JUNE)
    assert [path for path in paths(tmp_path) if MAY in path] == []
    assert storage.get_raw_dumps(JUNE) == DUMPS


@pytest.mark.parametrize("kept_for", ["queued", "young"])
def test_23_what_is_queued_or_young_is_not_cleared(tmp_path, kept_for):
    storage = OURS.FSTemporaryStorage(fs_root=tmp_path, now=Clock())
    storage.save_raw_crash(RAW, DUMPS, MAY)
    if kept_for == "queued":
        make_old(tmp_path, MAY)
    else:
        unqueue(tmp_path, MAY)
    storage.save_raw_crash(RAW, DUMPS, JUNE)
    assert storage.get_raw_dumps(MAY) == DUMPS


@mended()
def test_23_the_last_day_of_a_month_is_not_after_the_first(storages, tmp_path):
    clock = Clock("23:50:00")
    storage = storages.FSTemporaryStorage(fs_root=tmp_path, now=clock)
    last = crash_id(7, date="180531")
    storage.save_raw_crash(RAW, DUMPS, last)
    clock.set("00:10:00")
    assert drain(storage) == [last]


def unqueue(root, crash_id):
    """Take a crash out of the queue as its consumer would, whatever the consumer's class."""
    for path in root.rglob(crash_id):
        path.unlink()


def make_old(root, crash_id):
    then = time.time() - TWO_DAYS
    for path in root.rglob(f"{crash_id}*"):
        os.utime(path, (then, then), follow_symlinks=False)
