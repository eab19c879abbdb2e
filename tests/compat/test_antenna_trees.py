"""Antenna's tree: what it wrote is read, what is written it reads, byte for byte."""

import json
import os

import pytest

from compat.crashes import ACCEPTED, ACCEPTED_TOO, DUMPS, IDS, RAW
from compat.todays import AntennaToday, NotFoundError
from contract.samples import BAD_DUMP_NAMES, BAD_IDS
from fs.procs import memory_directory
from fs.trees import look
from reference.tree import tree
from socorro_fast import (
    ConfigurationError,
    CorruptCrash,
    CrashIDNotFound,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    StorageIOError,
)
from socorro_fast.compat.antenna import CrashReport, FSCrashStorage

# Names of directories that the tree has anyway are names like any other, and so is none at all.
ODD_DUMPS = {
    "x" * 218: b"long",
    "raw_crash": b"r",
    "dump_names": b"n",
    "with blank": b"b",
    "": b"nameless",
    "x": b"",
}
DAY = "20260801"
BAD_NAMES = {
    **BAD_DUMP_NAMES,
    "just too long": "x" * 219,
    "above": "..",
    "sideways": "../raw_crash",
    "absolute": "/etc",
}


@pytest.fixture
def original(tmp_path):
    return AntennaToday(tmp_path / "original")


@pytest.fixture
def storage(tmp_path):
    return FSCrashStorage({"fs_root": tmp_path / "ours"})


def content(root):
    return {path: (kind, data) for path, (kind, _, data) in tree(root).items()}


def save_all(save):
    for crash_id in IDS:
        save({**RAW, "uuid": crash_id}, DUMPS, crash_id)
    save(RAW, ODD_DUMPS, "11111111" + ACCEPTED[8:])
    save({}, {}, "22222222" + ACCEPTED[8:])


def save_report(storage):
    return lambda raw_crash, dumps, crash_id: storage.save_crash(
        CrashReport(raw_crash, dumps, crash_id)
    )


def test_both_write_the_same_bytes(original, storage):
    save_all(original.save)
    save_all(save_report(storage))
    assert content(storage.root) == content(original.root)


def test_what_the_original_wrote_is_read(original):
    save_all(original.save)
    ours = FSCrashStorage({"fs_root": original.root})
    for crash_id in IDS:
        assert ours.load_crash(crash_id) == CrashReport({**RAW, "uuid": crash_id}, DUMPS, crash_id)
    odd = "11111111" + ACCEPTED[8:]
    assert ours.load_crash(odd) == CrashReport(RAW, ODD_DUMPS, odd)


def test_what_is_written_the_original_reads(original):
    ours = FSCrashStorage({"fs_root": original.root})
    save_all(save_report(ours))
    for crash_id in IDS:
        assert original.load(crash_id) == ({**RAW, "uuid": crash_id}, DUMPS)
    assert original.load("11111111" + ACCEPTED[8:]) == (RAW, ODD_DUMPS)


def test_saving_again_changes_nothing(storage):
    report = CrashReport(RAW, DUMPS, ACCEPTED)
    storage.save_crash(report)
    before = content(storage.root)
    for _ in range(5):
        storage.save_crash(report)
    assert content(storage.root) == before


def test_saving_again_replaces_and_leaves_the_neighbour(storage):
    for crash_id in (ACCEPTED, ACCEPTED_TOO):
        storage.save_crash(CrashReport(RAW, {**ODD_DUMPS, **DUMPS}, crash_id))
    storage.save_crash(CrashReport({"new": 1}, {"memory": b"new", "added": b"a"}, ACCEPTED))
    new = CrashReport({"new": 1}, {"memory": b"new", "added": b"a"}, ACCEPTED)
    assert storage.load_crash(ACCEPTED) == new
    neighbour = CrashReport(RAW, {**ODD_DUMPS, **DUMPS}, ACCEPTED_TOO)
    assert storage.load_crash(ACCEPTED_TOO) == neighbour
    left = {path for path, (kind, _) in content(storage.root).items() if kind == "file"}
    assert {path for path in left if ACCEPTED in path} == {
        f"{DAY}/raw_crash/{ACCEPTED}.json",
        f"{DAY}/dump_names/{ACCEPTED}.json",
        f"{DAY}/memory/{ACCEPTED}",
        f"{DAY}/added/{ACCEPTED}",
    }


def test_what_the_original_left_half_written_is_made_whole(original):
    """Names and dumps come first: without the raw crash there is no crash."""
    original.save(RAW, {"gone": b"g", "memory": b"old"}, ACCEPTED)
    (original.root / DAY / "raw_crash" / f"{ACCEPTED}.json").unlink()
    ours = FSCrashStorage({"fs_root": original.root})
    with pytest.raises(CrashIDNotFound, match="no raw crash for crash"):
        ours.load_crash(ACCEPTED)
    ours.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
    assert original.load(ACCEPTED) == (RAW, DUMPS)
    assert not (original.root / DAY / "gone" / ACCEPTED).exists()


def test_an_absent_crash_is_not_found(original, storage):
    storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
    with pytest.raises(CrashIDNotFound) as caught:
        storage.load_crash(ACCEPTED_TOO)
    assert caught.value.crash_id == ACCEPTED_TOO
    with pytest.raises(NotFoundError):
        original.load(ACCEPTED_TOO)


def test_any_buffer_and_a_path_are_dumps(storage, tmp_path):
    (tmp_path / "upload").write_bytes(b"from a file")
    dumps = {"a": bytearray(b"1"), "b": memoryview(b"22"), "c": tmp_path / "upload"}
    storage.save_crash(CrashReport(RAW, dumps, ACCEPTED))
    assert storage.load_crash(ACCEPTED).dumps == {"a": b"1", "b": b"22", "c": b"from a file"}


class TestRefused:
    @pytest.fixture(autouse=True)
    def untouched(self, storage, tmp_path):
        storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
        before = look(tmp_path)
        yield
        assert look(tmp_path) == before

    @pytest.mark.parametrize("crash_id", BAD_IDS.values(), ids=BAD_IDS)
    def test_what_is_no_crash_id(self, storage, crash_id):
        with pytest.raises(InvalidCrashID):
            storage.save_crash(CrashReport(RAW, DUMPS, crash_id))
        with pytest.raises(InvalidCrashID):
            storage.load_crash(crash_id)

    @pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
    def test_a_dump_name_that_is_none(self, storage, name):
        with pytest.raises(InvalidDumpName):
            storage.save_crash(CrashReport(RAW, {"good": b"g", name: b"b"}, ACCEPTED))

    @pytest.mark.parametrize(
        "report",
        [
            CrashReport([], {}, ACCEPTED),
            CrashReport({"x": object()}, {}, ACCEPTED),
            CrashReport({1: "a", "b": 2}, {}, ACCEPTED),
            CrashReport({}, [b"dump"], ACCEPTED),
            CrashReport({}, {"a": 5}, ACCEPTED),
            {"raw_crash": {}},
            None,
        ],
        ids=["list", "object", "mixed keys", "no mapping", "no bytes", "dict", "none"],
    )
    def test_what_is_no_crash(self, storage, report):
        with pytest.raises(InvalidCrash):
            storage.save_crash(report)

    def test_a_path_that_cannot_be_read(self, storage, tmp_path):
        with pytest.raises(StorageIOError):
            storage.save_crash(CrashReport(RAW, {"a": tmp_path / "missing"}, ACCEPTED))


class TestLinks:
    """No step below the root is a symbolic link."""

    @pytest.fixture
    def outside(self, tmp_path):
        place = tmp_path / "outside"
        place.mkdir()
        (place / ACCEPTED).write_bytes(b"not yours")
        (place / f"{ACCEPTED}.json").write_bytes(b'["not", "yours"]')
        before = look(place)
        yield place
        assert look(place) == before

    @pytest.mark.parametrize("step", [DAY, f"{DAY}/raw_crash", f"{DAY}/dump_names", f"{DAY}/dump"])
    def test_a_directory(self, storage, outside, step):
        link = storage._tree.path / step
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(outside, target_is_directory=True)
        with pytest.raises(StorageIOError):
            storage.save_crash(CrashReport(RAW, {"dump": b"d"}, ACCEPTED))
        with pytest.raises((CrashIDNotFound, StorageIOError)):
            storage.load_crash(ACCEPTED)

    def test_a_file_is_replaced_and_not_followed(self, storage, outside):
        kinds = {"raw_crash": ".json", "dump_names": ".json", "dump": ""}
        for kind, suffix in kinds.items():
            place = storage._tree.path / DAY / kind
            place.mkdir(parents=True)
            (place / f"{ACCEPTED}{suffix}").symlink_to(outside / f"{ACCEPTED}{suffix}")
        with pytest.raises(StorageIOError):
            storage.load_crash(ACCEPTED)
        storage.save_crash(CrashReport(RAW, {"dump": b"d"}, ACCEPTED))
        assert storage.load_crash(ACCEPTED) == CrashReport(RAW, {"dump": b"d"}, ACCEPTED)

    def test_the_root_may_be_one(self, tmp_path):
        (tmp_path / "place").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "place")
        storage = FSCrashStorage({"fs_root": tmp_path / "link"})
        storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
        assert list((tmp_path / "place").rglob(f"{ACCEPTED}.json"))


class TestDamage:
    @pytest.fixture
    def place(self, storage):
        storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
        return storage._tree.path / DAY

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"text"', b"\xff"])
    def test_of_the_raw_crash(self, storage, place, data):
        (place / "raw_crash" / f"{ACCEPTED}.json").write_bytes(data)
        with pytest.raises(CorruptCrash, match="raw_crash"):
            storage.load_crash(ACCEPTED)

    @pytest.mark.parametrize(
        "names", [None, {}, ["memory", 5], ["missing"], ["../memory"], [".x"], [""], ["\ud800"]]
    )
    def test_of_the_names(self, storage, place, names):
        (place / "dump_names" / f"{ACCEPTED}.json").write_text(json.dumps(names))
        with pytest.raises(CorruptCrash, match="dump_names"):
            storage.load_crash(ACCEPTED)

    @pytest.mark.parametrize("path", [f"dump_names/{ACCEPTED}.json", f"memory/{ACCEPTED}"])
    def test_of_a_file_that_is_missing(self, storage, place, path):
        (place / path).unlink()
        with pytest.raises(CorruptCrash, match="dump_names"):
            storage.load_crash(ACCEPTED)


class TestModes:
    @pytest.mark.parametrize("process", [0o000, 0o077])
    def test_come_from_the_options_alone(self, tmp_path, process):
        before = os.umask(process)
        try:
            storage = FSCrashStorage({"fs_root": tmp_path / "ours", "umask": "027"})
            storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
            assert os.umask(process) == process
        finally:
            os.umask(before)
        found = {(kind, oct(mode)) for kind, mode, _ in tree(storage.root).values()}
        assert found == {("directory", "0o750"), ("file", "0o640")}

    def test_of_each_kind_may_be_given(self, tmp_path):
        storage = FSCrashStorage(
            {"fs_root": tmp_path / "ours", "file_mode": "600", "dir_mode": 0o700}
        )
        storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
        found = {(kind, oct(mode)) for kind, mode, _ in tree(storage.root).values()}
        assert found == {("directory", "0o700"), ("file", "0o600")}


class TestFailures:
    """Whatever fails is raised: Antenna tries again, and drops the crash in the end."""

    def test_a_file_where_a_directory_should_be(self, storage):
        (storage._tree.path / DAY).mkdir()
        (storage._tree.path / DAY / "memory").write_bytes(b"")
        with pytest.raises(StorageIOError):
            storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
        with pytest.raises(CrashIDNotFound):
            storage.load_crash(ACCEPTED)

    def test_a_root_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StorageIOError):
            FSCrashStorage({"fs_root": tmp_path / "file/below"})

    def test_options_that_are_wrong(self, tmp_path):
        with pytest.raises(ConfigurationError, match=r"durability.*FSCrashStorage"):
            FSCrashStorage({"fs_root": tmp_path, "durability": "paper"})

    def test_a_root_that_is_gone_is_made_again(self):
        with memory_directory() as directory:
            storage = FSCrashStorage({"fs_root": directory / "ours"})
            (directory / "ours").rmdir()
            storage.save_crash(CrashReport(RAW, DUMPS, ACCEPTED))
            assert AntennaToday(directory / "ours").load(ACCEPTED) == (RAW, DUMPS)
