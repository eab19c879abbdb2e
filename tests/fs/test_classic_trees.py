"""Trees of the original in our hands, and ours in the original's."""

import shutil

import pytest

from fs.trees import (
    CLASSES,
    DATED,
    DEPTH_0,
    DEPTH_2,
    DUMPS,
    NEIGHBOUR,
    PROCESSED,
    RAW,
    Clock,
    crash_id,
    drain,
    look,
    paths,
)
from fs.weaknesses import classic
from socorro_fast import CrashIDNotFound, fs

CRASHES = [DEPTH_2, NEIGHBOUR, DEPTH_0, *(crash_id(number, "180701", 1) for number in range(5))]
WEBHEADS = ["webhead01_0", "webhead02_0"]


def original(cls):
    return getattr(classic, cls.__name__)


def save_all(storage):
    for crash in CRASHES:
        storage.save_raw_crash(RAW | {"uuid": crash}, DUMPS, crash)
        storage.save_processed(PROCESSED | {"uuid": crash})


def check_all(storage):
    for crash in CRASHES:
        assert storage.get_raw_crash(crash) == RAW | {"uuid": crash}
        assert storage.get_raw_dumps(crash) == DUMPS
        assert storage.get_raw_dump(crash, "browser") == DUMPS["browser"]
        assert storage.get_unredacted_processed(crash) == PROCESSED | {"uuid": crash}


def options_of(cls, root, clock):
    return {"fs_root": root} | ({"now": clock} if cls in DATED else {})


@pytest.mark.parametrize("cls", CLASSES)
def test_a_tree_of_the_original_is_read_and_removed(cls, tmp_path):
    clock = Clock()
    save_all(original(cls)(**options_of(cls, tmp_path, clock)))
    clock.set("15:00:00")
    storage = cls(**options_of(cls, tmp_path, clock))
    check_all(storage)
    assert sorted(storage.list_crashes()) == sorted(CRASHES)
    for crash in CRASHES:
        storage.remove(crash)
    assert paths(tmp_path) == []


@pytest.mark.parametrize("cls", CLASSES)
def test_a_tree_of_ours_is_read_by_the_original(cls, tmp_path):
    clock = Clock()
    save_all(cls(**options_of(cls, tmp_path, clock)))
    check_all(original(cls)(**options_of(cls, tmp_path, clock)))


@pytest.mark.parametrize("cls", DATED)
@pytest.mark.parametrize("ours_writes", [True, False], ids=["ours to original", "original to ours"])
def test_a_queue_is_drained_by_the_other(cls, ours_writes, tmp_path):
    writer, reader = (cls, original(cls)) if ours_writes else (original(cls), cls)
    clock = Clock()
    save_all(writer(fs_root=tmp_path, now=clock))
    clock.set("15:00:00")
    consumer = reader(fs_root=tmp_path, now=clock)
    assert sorted(drain(consumer)) == sorted(CRASHES)
    check_all(consumer)
    left = look(tmp_path, modes=False)
    assert [path for path, entry in left.items() if entry[0] == "link"] == []
    assert [path for path in left if "/date/" in path] == []


@pytest.mark.parametrize("cls", DATED)
def test_a_crash_of_the_original_that_is_saved_again_stays_queued_once(cls, tmp_path):
    clock = Clock()
    original(cls)(fs_root=tmp_path, now=clock).save_raw_crash(RAW, DUMPS, DEPTH_2)
    storage = cls(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    clock.set("15:00:00")
    assert drain(storage) == [DEPTH_2]
    assert storage.get_raw_dumps(DEPTH_2) == {}


@pytest.fixture
def webhead_tree(tmp_path):
    """A tree of 2009: the slots have a directory a collector, the crashes are in those."""
    storage = classic.FSLegacyDatedRadixTreeStorage(fs_root=tmp_path, now=Clock())
    for crash, webhead in zip([DEPTH_2, DEPTH_0], WEBHEADS, strict=True):
        storage.save_raw_crash(RAW | {"uuid": crash}, DUMPS, crash)
        (slot,) = tmp_path.glob(f"20{crash[-6:]}/date/12/34_5")
        (link,) = slot.iterdir()
        (slot / webhead).mkdir()
        (slot / webhead / crash).symlink_to(f"../{link.readlink()}")
        back = link.resolve() / crash
        target = back.readlink()
        link.unlink()
        back.unlink()
        back.symlink_to(target / webhead)
        assert (slot / webhead / crash / f"{crash}.json").is_file()
        assert back.is_dir()
    return tmp_path


def test_directories_of_webheads_are_drained(webhead_tree):
    storage = fs.FSLegacyDatedRadixTreeStorage(fs_root=webhead_tree, now=Clock("15:00:00"))
    assert drain(storage) == [DEPTH_0, DEPTH_2]
    left = look(webhead_tree, modes=False)
    assert [path for path, entry in left.items() if entry[0] == "link"] == []
    assert [path for path in left if "/date/" in path] == []
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS


def test_crashes_of_webheads_are_removed_with_their_links(webhead_tree):
    storage = fs.FSLegacyDatedRadixTreeStorage(fs_root=webhead_tree, now=Clock("15:00:00"))
    for crash in (DEPTH_2, DEPTH_0):
        storage.remove(crash)
    assert paths(webhead_tree) == []


@pytest.mark.parametrize("cls", DATED[:2])
def test_the_dump_without_a_name_is_the_main_dump(cls, tmp_path):
    storage = cls(fs_root=tmp_path, now=Clock())
    storage.save_raw_crash(RAW, {"browser": b"b"}, DEPTH_2)
    (json,) = tmp_path.glob(f"**/{DEPTH_2}.json")
    nameless = json.parent / f"{DEPTH_2}..dump"
    nameless.write_bytes(b"main")
    assert storage.get_raw_dumps(DEPTH_2) == {"browser": b"b", "upload_file_minidump": b"main"}
    assert list(storage.get_raw_dumps_as_files(DEPTH_2).values())[-1] == str(nameless)
    storage.remove(DEPTH_2)
    assert not nameless.exists()


def test_what_a_killed_original_left_is_cleared_by_a_removal(tmp_path):
    """The JSON is written first: a killed save leaves it without dumps and links."""
    storage = fs.FSLegacyDatedRadixTreeStorage(fs_root=tmp_path, now=Clock())
    original(fs.FSLegacyRadixTreeStorage)(fs_root=tmp_path).save_raw_crash(RAW, {}, DEPTH_2)
    storage.remove(DEPTH_2)
    assert paths(tmp_path) == []


@pytest.mark.parametrize("cls", DATED)
def test_links_that_lead_nowhere_are_cleared(cls, tmp_path):
    clock = Clock()
    original(cls)(fs_root=tmp_path, now=clock).save_raw_crash(RAW, DUMPS, DEPTH_2)
    (name,) = tmp_path.glob("*/name")
    shutil.rmtree(name)
    clock.set("15:00:00")
    storage = cls(fs_root=tmp_path, now=clock)
    drain(storage)
    assert drain(storage) == []
    assert [path for path in paths(tmp_path) if "/date/" in path] == []
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(DEPTH_2)
