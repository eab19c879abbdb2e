"""Weaknesses 3 to 5, 21 and 26: what the original takes from callers, and tells them."""

import contextlib

import pytest

from fs.trees import DEPTH_2, DUMPS, NEIGHBOUR, RAW, Clock, look, paths
from fs.weaknesses import mended
from socorro_fast import FSNewCrashSource

ESCAPING = "../../evil-1180601"  # depth 1, of 2018-06-01: the original's radix directory is '..'


@mended()
def test_03_a_crash_id_cannot_write_outside_the_root(storages, tmp_path):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path / "crashes")
    with contextlib.suppress(ValueError):
        storage.save_raw_crash(RAW, DUMPS, ESCAPING)
    assert paths(tmp_path) == ["crashes"]


@mended()
def test_03_a_crash_id_cannot_remove_what_is_not_its_own(storages, tmp_path):
    storage = storages.FSPermanentStorage(fs_root=tmp_path, zero_depth=0)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    before = look(tmp_path)
    with contextlib.suppress(ValueError, OSError):
        storage.remove(ESCAPING)
    assert look(tmp_path) == before


@mended()
@pytest.mark.parametrize("name", ["a/b", "../../../evil"])
def test_04_a_refused_dump_name_leaves_nothing_behind(storages, tmp_path, name):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    with pytest.raises((ValueError, OSError)):
        storage.save_raw_crash(RAW, DUMPS | {name: b""}, DEPTH_2)
    assert paths(tmp_path) == []


@mended()
@pytest.mark.parametrize("other", ["", None])
def test_05_two_names_of_one_dump_are_refused(storages, tmp_path, other):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    refused = False
    try:
        storage.save_raw_crash(RAW, {"upload_file_minidump": b"1", other: b"2"}, DEPTH_2)
    except ValueError:
        refused = True
    assert refused
    assert paths(tmp_path) == []


@mended(by=FileNotFoundError)
@pytest.mark.parametrize(
    ("method", "arguments"), [("get_raw_crash", ()), ("get_raw_dump", ("browser",))]
)
def test_21_an_object_that_is_missing_is_not_found(storages, tmp_path, method, arguments):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    storage.save_processed({"uuid": DEPTH_2})
    with pytest.raises(storages.CrashIDNotFound):
        getattr(storage, method)(DEPTH_2, *arguments)


@mended(by=FileNotFoundError)
def test_21_a_crash_that_is_missing_beside_another_is_not_found(storages, tmp_path):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    with pytest.raises(storages.CrashIDNotFound):
        storage.get_raw_crash(NEIGHBOUR)


@mended()
def test_21_the_dumps_of_a_missing_crash_are_not_found(storages, tmp_path):
    storage = storages.FSLegacyRadixTreeStorage(fs_root=tmp_path)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    found = None
    with contextlib.suppress(storages.CrashIDNotFound):
        found = storage.get_raw_dumps(NEIGHBOUR)
    assert found is None


class Quit(Exception):  # noqa: N818 - it is no error
    pass


@mended()
def test_26_the_new_crash_source_passes_the_quit_check_on(storages, tmp_path):
    def quit_check():
        raise Quit

    clock = Clock()
    storage = storages.FSDatedRadixTreeStorage(
        fs_root=tmp_path, now=clock, quit_check_callback=quit_check
    )
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    clock.set("13:00:00")
    jobs = iter(FSNewCrashSource(storage))
    taken = None
    with contextlib.suppress(Quit):
        taken = next(jobs)
    assert taken is None
