"""Symbolic links planted in the tree: nothing behind them is read, written or removed."""

import contextlib
import errno

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

LATER = "15:00:00"
REFUSED = (errno.ELOOP, errno.ENOTDIR)  # the latter where a directory was asked for
NEW = crash_id(0xAABBEEEE)  # shares the radix
# Where a link is planted; {own} is the directory of the crash's files.
LEVELS = {
    "day": "{day}",
    "name": "{day}/name",
    "radix 1": "{day}/name/aa",
    "radix 2": "{day}/name/aa/bb",
    "crash": "{own}",
    "json": "{own}/{id}.json",
    "dump": "{own}/{id}.dump",
    "named dump": "{own}/{id}.browser.dump",
    "jsonz": "{own}/{id}.jsonz",
}
QUEUE_LEVELS = {
    "date": "{day}/date",
    "hour": "{day}/date/12",
    "slot": "{day}/date/12/34_5",
}
READS = {
    "json": [("get_raw_crash", ()), ("get_raw_crash_bytes", ())],
    "dump": [("get_raw_dump", ()), ("get_raw_dumps", ()), ("get_raw_dumps_as_files", ())],
    "named dump": [("get_raw_dump", ("browser",)), ("get_raw_dumps", (["browser"],))],
    "jsonz": [("get_unredacted_processed", ()), ("get_unredacted_processed_bytes", ())],
}
EVERY_READ = [read for reads in READS.values() for read in reads]


class Tree:
    """A tree with a crash in it, of which a part was moved outside and replaced by a link to it."""

    def __init__(self, cls, place):
        self.root, self.outside, self.clock = place / "crashes", place / "outside", Clock()
        self.cls = cls
        self.day = "01" if cls is fs.FSTemporaryStorage else "20180601"
        radix = f"{self.day}/name/aa/bb"
        leaf = cls in (fs.FSRadixTreeStorage, fs.FSDatedRadixTreeStorage)
        self.own = f"{radix}/{DEPTH_2}" if leaf else radix
        storage = self.open()
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        storage.save_processed(PROCESSED)

    def open(self, **options):
        dated = {"now": self.clock} if self.cls in DATED else {}
        return self.cls(fs_root=self.root, **dated, **options)

    def path(self, level):
        levels = LEVELS | QUEUE_LEVELS
        return self.root / levels[level].format(day=self.day, own=self.own, id=DEPTH_2)

    def plant(self, level):
        """Replace a part of the tree by a link to where it was moved: as inviting as can be."""
        path = self.path(level)
        self.outside.mkdir()
        path.rename(self.outside / path.name)
        path.symlink_to(self.outside / path.name)


@pytest.fixture
def planted(request, tmp_path):
    """A tree with a link at a level; what it leads to must be the same after the test."""
    cls, level = request.param
    tree = Tree(cls, tmp_path)
    tree.plant(level)
    tree.level = level
    before = look(tree.outside)
    yield tree
    assert look(tree.outside) == before


def has_level(cls, level):
    own_directory = cls in (fs.FSRadixTreeStorage, fs.FSDatedRadixTreeStorage)
    return (level != "crash" or own_directory) and (level in LEVELS or cls in DATED)


def at(*levels, classes=CLASSES):
    cases = [(cls, level) for cls in classes for level in levels if has_level(cls, level)]
    return pytest.mark.parametrize(
        "planted", cases, ids=[f"{cls.__name__}-{level}" for cls, level in cases], indirect=True
    )


@at(*LEVELS)
def test_nothing_is_read_through_a_link(planted):
    storage = planted.open()
    for method, arguments in READS.get(planted.level, EVERY_READ):
        with pytest.raises(StorageIOError) as caught:
            getattr(storage, method)(DEPTH_2, *arguments)
        assert caught.value.errno in REFUSED
        assert str(caught.value.filename).startswith(str(planted.root))


@at(*LEVELS, *QUEUE_LEVELS)
def test_nothing_is_saved_through_a_link(planted):
    storage = planted.open()
    for crash in (DEPTH_2, NEW):
        with contextlib.suppress(StorageIOError):
            storage.save_raw_crash(RAW | {"new": True}, {"browser": b"new"}, crash)
        with contextlib.suppress(StorageIOError):
            storage.save_processed({"uuid": crash})


@at("json", "dump", "named dump", "jsonz")
def test_a_link_in_place_of_an_object_is_replaced(planted):
    storage = planted.open()
    storage.save_raw_crash(RAW, DUMPS | {"browser": b"new"}, DEPTH_2)
    storage.save_processed(PROCESSED | {"new": True})
    assert storage.get_raw_crash(DEPTH_2) == RAW
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS | {"browser": b"new"}
    assert storage.get_unredacted_processed(DEPTH_2) == PROCESSED | {"new": True}
    assert not planted.path(planted.level).is_symlink()


@at("day", "name", "radix 1", "radix 2", "crash")
def test_a_directory_that_is_a_link_is_refused_for_saves(planted):
    storage = planted.open()
    for save in (
        lambda: storage.save_raw_crash(RAW, DUMPS, DEPTH_2),
        lambda: storage.save_processed(PROCESSED),
    ):
        with pytest.raises(StorageIOError) as caught:
            save()
        assert caught.value.errno in REFUSED


@at(*LEVELS, *QUEUE_LEVELS)
def test_nothing_is_removed_through_a_link(planted):
    storage = planted.open()
    planted.clock.set(LATER)
    for crash in (DEPTH_2, NEIGHBOUR):
        with contextlib.suppress(StorageIOError, CrashIDNotFound):
            storage.remove(crash)


@at("json", "dump", "named dump", "jsonz")
def test_a_link_in_place_of_an_object_is_removed_with_the_crash(planted):
    storage = planted.open()
    planted.clock.set(LATER)
    storage.remove(DEPTH_2)
    assert list(planted.root.iterdir()) == []


@at(*LEVELS)
def test_nothing_is_listed_through_a_link(planted):
    storage = planted.open()
    listed = []
    with contextlib.suppress(StorageIOError):
        listed.extend(storage.list_crashes())
    is_listed = planted.level in ("dump", "named dump", "jsonz")
    assert listed == [DEPTH_2] * is_listed


@at(*LEVELS, *QUEUE_LEVELS, classes=DATED)
def test_the_queue_is_drained_past_a_link(planted):
    storage = planted.open()
    other_day = crash_id(9, date="180602")
    storage.save_raw_crash(RAW, DUMPS, other_day)
    planted.clock.set(LATER)
    assert other_day in drain(storage)


@pytest.mark.parametrize("cls", DATED)
@pytest.mark.parametrize("target", ["/etc", "../../../../../../outside", "nowhere", "."])
def test_slot_links_are_not_followed(cls, target, tmp_path):
    tree = Tree(cls, tmp_path)
    tree.outside.mkdir()
    (tree.outside / f"{DEPTH_2}.json").write_bytes(b"{}")
    before = look(tree.outside)
    slot = tree.path("slot")
    (slot / DEPTH_2).unlink()
    (slot / DEPTH_2).symlink_to(target)
    storage = tree.open()
    tree.clock.set(LATER)
    assert drain(storage) == [DEPTH_2]
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS
    assert look(tree.outside) == before
    assert not slot.exists()


@pytest.mark.parametrize("cls", DATED)
@pytest.mark.parametrize("operation", ["drain", "remove", "save"])
@pytest.mark.parametrize(
    "target", ["/etc", "{outside}", "../../../../../../outside", "../../../date/../../../outside"]
)
def test_back_links_are_not_followed(cls, operation, target, tmp_path):
    tree = Tree(cls, tmp_path)
    tree.outside.mkdir()
    (tree.outside / DEPTH_2).write_bytes(b"not yours")
    before = look(tree.outside)
    own = tree.root / tree.own
    back = own / ("date_root" if tree.own.endswith(DEPTH_2) else DEPTH_2)
    back.unlink()
    back.symlink_to(target.format(outside=tree.outside))
    storage = tree.open()
    tree.clock.set(LATER)
    if operation == "drain":
        assert drain(storage) == [DEPTH_2]
        assert not back.is_symlink()
    elif operation == "remove":
        storage.remove(DEPTH_2)
        assert not own.exists()
    else:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        assert DEPTH_2 in drain(storage)
    assert look(tree.outside) == before


@pytest.mark.parametrize("cls", CLASSES)
def test_the_root_itself_may_be_a_link(cls, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    storage = cls(fs_root=tmp_path / "link")
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert cls(fs_root=tmp_path / "real").get_raw_dumps(DEPTH_2) == DUMPS


@pytest.mark.parametrize("cls", CLASSES)
def test_days_may_be_links_if_the_option_says_so(cls, tmp_path):
    tree = Tree(cls, tmp_path)
    tree.plant("day")
    storage = tree.open(follow_day_links=True)
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS
    assert list(storage.list_crashes()) == [DEPTH_2]
    storage.save_raw_crash(RAW, None, NEW)
    tree.clock.set(LATER)
    if cls in DATED:
        assert drain(storage) == [DEPTH_2, NEW]
    storage.remove(DEPTH_2)
    storage.remove(NEW)
    assert tree.path("day").is_symlink()
