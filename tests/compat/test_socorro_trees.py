"""Trees of today's Socorro: what it wrote is read, what is written it reads, byte for byte."""

import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from compat.crashes import ACCEPTED, ACCEPTED_TOO, DEFERRED, DUMPS, IDS, PROCESSED, RAW, WITH_DATES
from compat.todays import NotFoundError, SocorroToday
from fs.procs import in_processes
from reference.tree import tree
from socorro_fast import CrashIDNotFound, InvalidCrashID, InvalidDumpName
from socorro_fast.compat.socorro import FSPermanentStorage


@pytest.fixture
def original(tmp_path):
    return SocorroToday(tmp_path / "original")


@pytest.fixture
def storage(tmp_path):
    return FSPermanentStorage(fs_root=str(tmp_path / "ours"))


def content(root):
    """All there is, but for modes: the original's are those of the process."""
    return {path: (kind, data) for path, (kind, _, data) in tree(root).items()}


def save_all(save, save_processed):
    for crash_id in IDS:
        save({**RAW, "uuid": crash_id}, DUMPS, crash_id)
        save_processed({**WITH_DATES, "uuid": crash_id})


def test_both_write_the_same_bytes(original, storage):
    save_all(original.save, original.save_processed)
    save_all(storage.save_raw_crash, lambda it: storage.save_processed_crash(None, it))
    assert content(storage.fs_root) == content(original.root)


def test_what_the_original_wrote_is_read_and_deleted(original):
    save_all(original.save, original.save_processed)
    ours = FSPermanentStorage(original.root)
    for crash_id in IDS:
        assert ours.get_raw_crash(crash_id) == {**RAW, "uuid": crash_id}
        assert ours.get_dumps(crash_id) == DUMPS
        assert ours.get_raw_dump(crash_id, "memory") == DUMPS["memory"]
        assert ours.get_raw_dump(crash_id) == DUMPS["upload_file_minidump"]
        assert ours.get_processed_crash(crash_id) == original.load_processed(crash_id)
        ours.delete_crash(crash_id)
    assert content(original.root) == {}


def test_what_is_written_the_original_reads(original, tmp_path):
    ours = FSPermanentStorage(tmp_path / "original")
    save_all(ours.save_raw_crash, lambda it: ours.save_processed_crash(None, it))
    for crash_id in IDS:
        assert original.load(crash_id) == ({**RAW, "uuid": crash_id}, DUMPS)
        assert original.load_processed(crash_id)["started"] == "2026-08-01 12:34:56.000789"


def test_orjson_writes_the_same_data_and_dates(tmp_path):
    ours = FSPermanentStorage(tmp_path, codec="orjson")
    ours.save_processed_crash(None, WITH_DATES)
    assert SocorroToday(tmp_path).load_processed(ACCEPTED) == {
        **PROCESSED,
        "started": "2026-08-01 12:34:56.000789",
        "completed": "2026-08-01 12:34:57.000000",
    }


class TestLeafDirectory:
    """The original removes the whole directory, which for accepted crashes is a day."""

    def test_stays_as_long_as_a_neighbour_is_in_it(self, original, tmp_path):
        ours = FSPermanentStorage(original.root)
        save_all(original.save, original.save_processed)
        before = content(original.root)
        ours.delete_crash(ACCEPTED)
        gone = {path for path in before if ACCEPTED in path}
        assert len(gone) == len(DUMPS) + 2
        assert content(original.root) == {
            path: entry for path, entry in before.items() if path not in gone
        }
        assert original.load(ACCEPTED_TOO) == ({**RAW, "uuid": ACCEPTED_TOO}, DUMPS)

    def test_goes_with_the_last_crash(self, storage, tmp_path):
        leaf = tmp_path / "ours/20260801/name/aa"
        for crash_id in (DEFERRED, "aa111111" + DEFERRED[8:]):
            storage.save_raw_crash(RAW, DUMPS, crash_id)
            assert leaf.is_dir()
        storage.delete_crash(DEFERRED)
        assert leaf.is_dir()
        storage.delete_crash("aa111111" + DEFERRED[8:])
        assert not leaf.exists()

    def test_stays_with_a_processed_crash_or_a_stranger_in_it(self, storage, tmp_path):
        leaf = tmp_path / "ours/20260801/name/aa"
        storage.save_raw_crash(RAW, DUMPS, DEFERRED)
        (leaf / "notes.txt").write_text("not a crash")
        storage.save_processed_crash(None, {"uuid": "aa111111" + DEFERRED[8:]})
        storage.delete_crash(DEFERRED)
        assert sorted(path.name for path in leaf.iterdir()) == [
            f"aa111111{DEFERRED[8:]}.jsonz",
            "notes.txt",
        ]

    def test_an_absent_crash_takes_nobody_with_it(self, storage):
        storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
        before = content(storage.fs_root)
        with pytest.raises(CrashIDNotFound):
            storage.delete_crash(ACCEPTED_TOO)
        assert content(storage.fs_root) == before

    def test_is_shared_by_threads(self, storage):
        with ThreadPoolExecutor(4) as pool:
            done = [pool.submit(come_and_go, storage, part) for part in range(4)]
        assert [each.result() for each in done] == [None] * 4
        assert content(storage.fs_root) == {}

    def test_is_shared_by_processes(self, tmp_path):
        root = tmp_path / "ours"
        parts = [partial(come_and_go, FSPermanentStorage(root), part) for part in range(3)]
        assert in_processes(parts) == [None] * 3
        assert content(root) == {}


def come_and_go(storage, part):
    """Save, read and delete crashes that all have one leaf directory."""
    for number in range(40):
        crash_id = f"aa{part:02x}{number:04x}{DEFERRED[8:]}"
        storage.save_raw_crash(RAW, DUMPS, crash_id)
        storage.save_processed_crash(None, {**PROCESSED, "uuid": crash_id})
        assert storage.get_dumps(crash_id) == DUMPS
        storage.delete_crash(crash_id)
        assert storage.catalog_crash(crash_id) == []


@pytest.mark.parametrize("crash_id", ["../../evil-1180601", "a/b", "", None, ACCEPTED.upper()])
def test_what_is_no_crash_id_is_refused_by_all(storage, crash_id, tmp_path):
    storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
    before = content(tmp_path)
    for call in [
        lambda: storage.save_raw_crash(RAW, DUMPS, crash_id),
        lambda: storage.save_processed_crash(None, {"uuid": crash_id or ""}),
        lambda: storage.get_raw_crash(crash_id),
        lambda: storage.get_raw_dump(crash_id),
        lambda: storage.get_dumps(crash_id),
        lambda: storage.get_dumps_as_files(crash_id, tmp_path),
        lambda: storage.get_processed_crash(crash_id),
        lambda: storage.catalog_crash(crash_id),
        lambda: storage.delete_crash(crash_id),
    ]:
        with pytest.raises(InvalidCrashID):
            call()
    assert content(tmp_path) == before


def test_a_dump_name_that_is_a_path_leaves_nothing(storage):
    with pytest.raises(InvalidDumpName):
        storage.save_raw_crash(RAW, {"good": b"g", "../../up": b"b"}, ACCEPTED)
    assert content(storage.fs_root) == {}


def test_what_is_handed_in_is_not_changed(storage):
    raw, dumps, processed = (copy.deepcopy(each) for each in (RAW, DUMPS, WITH_DATES))
    storage.save_raw_crash(raw, dumps, ACCEPTED)
    storage.save_processed_crash(raw, processed)
    assert (raw, dumps, processed) == (RAW, DUMPS, WITH_DATES)


def test_an_absent_crash_beside_others_is_not_found(storage, original):
    """The original finds the directory of the others and has no word for it."""
    storage.save_raw_crash(RAW, DUMPS, ACCEPTED)
    for get in (storage.get_raw_crash, storage.get_dumps, storage.get_raw_dump):
        with pytest.raises(CrashIDNotFound):
            get(ACCEPTED_TOO)
    with pytest.raises(CrashIDNotFound):
        storage.get_dumps_as_files(ACCEPTED_TOO, None)
    with pytest.raises(NotFoundError):
        original.load(ACCEPTED_TOO)
