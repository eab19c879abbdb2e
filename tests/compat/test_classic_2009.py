"""Stores of 2009: opened, drained, removed from, copied, and written for programs of then."""

import os

import pytest

from compat.classic_2009 import Store2009
from fs.trees import Clock, look, paths
from socorro_fast import ConfigurationError, CrashIDNotFound, FSDatedRadixTreeStorage, copy
from socorro_fast.compat import classic

ACCEPTED = [
    "0bba929f-8721-460c-dead-a43c20071025",
    "aabbcccc-0000-4000-8000-000002090601",
    "aabbcccd-0000-4000-8000-000002090601",
    "99990000-0000-4000-8000-000002090602",
]
DEFERRED = "aabbdddd-0000-4000-8000-000002090601"
DUMPS = {"upload_file_minidump": b"MDMP main", "browser": b"MDMP browser"}
ROOTS = ("std", "def", "pro")


def raw(crash_id, legacy_processing=0):
    return {"uuid": crash_id, "legacy_processing": legacy_processing, "ProductName": "Firefox"}


def processed(crash_id):
    return {"uuid": crash_id, "signature": "OOM | small", "email": "a@example.com"}


@pytest.fixture
def config(tmp_path):
    return {f"{name}_fs_root": str(tmp_path / name) for name in ROOTS} | {
        "dump_dir_count": 1024,
        "dump_gid": "",
        "dump_permissions": "660",
        "minutes_per_slot": 1,
        "sub_slot_count": 1,
        "index_name": "name",
        "date_name": "date",
        "storage_depth": 2,
        "now": Clock("15:00:00"),
    }


@pytest.fixture
def stores(tmp_path):
    std, deferred, pro = (Store2009(tmp_path / name) for name in ROOTS)
    for minute, crash_id in enumerate(ACCEPTED):
        std.save_raw(raw(crash_id), DUMPS, crash_id, hour=7, minute=minute)
    deferred.save_raw(raw(DEFERRED, 1), DUMPS, DEFERRED, hour=7)
    for crash_id in ACCEPTED[1:]:
        pro.save_processed(processed(crash_id))
    return std, deferred, pro


@pytest.fixture
def storage(config, stores):
    with classic.FileSystemCrashStorage(config, lambda: None) as storage:
        yield storage


def test_everything_is_read(storage):
    for crash_id in ACCEPTED:
        assert storage.get_raw_crash(crash_id) == raw(crash_id)
        assert storage.get_raw_dumps(crash_id) == DUMPS
    assert storage.get_raw_crash(DEFERRED).legacy_processing == 1
    assert storage.get_raw_dump(DEFERRED, "browser") == DUMPS["browser"]
    assert storage.get_unredacted_processed(ACCEPTED[1]) == processed(ACCEPTED[1])
    assert "email" not in storage.get_processed(ACCEPTED[1])
    with pytest.raises(CrashIDNotFound):
        storage.get_unredacted_processed(ACCEPTED[0])
    assert sorted(storage.list_crashes()) == sorted([*ACCEPTED, DEFERRED])


def test_the_queue_is_drained_and_the_deferred_stay(storage, tmp_path):
    assert sorted(storage.new_crashes()) == sorted(ACCEPTED)
    assert list(storage.new_crashes()) == []
    left = look(tmp_path / "std", modes=False)
    assert [path for path, entry in left.items() if entry[0] == "link"] == []
    assert [path for path in left if "/date/" in path] == []
    assert storage.get_raw_dumps(ACCEPTED[0]) == DUMPS
    assert [path for path in paths(tmp_path / "def") if path.endswith(f"/{DEFERRED}")] != []


@pytest.mark.parametrize("collector", ["pm-collector01.example.org", None])
def test_any_collector_s_slots_are_drained(collector, tmp_path):
    store = Store2009(tmp_path, collector)
    store.save_raw(raw(ACCEPTED[1]), DUMPS, ACCEPTED[1], hour=23, minute=59)
    config = {"std_fs_root": tmp_path, "now": Clock("15:00:00")}
    with classic.FileSystemRawCrashStorage(config, ack="explicit") as source:
        assert list(source.new_crashes()) == [ACCEPTED[1]]
    with classic.FileSystemRawCrashStorage(config) as source:
        assert list(source.new_crashes()) == [ACCEPTED[1]]
    assert [path for path in paths(tmp_path) if "/date/" in path] == []


def test_removing_takes_one_crash_everywhere_and_no_neighbour(storage, tmp_path):
    before = {name: look(tmp_path / name) for name in ROOTS}
    storage.remove(ACCEPTED[1])
    for name in ROOTS:
        gone = before[name].keys() - look(tmp_path / name).keys()
        assert all(
            path.rpartition("/")[2].startswith(ACCEPTED[1]) or "/date/" in path for path in gone
        )
    with pytest.raises(CrashIDNotFound):
        storage.remove(ACCEPTED[1])
    assert storage.get_raw_dumps(ACCEPTED[2]) == DUMPS
    for crash_id in [*ACCEPTED[2:], ACCEPTED[0], DEFERRED]:
        storage.remove(crash_id)
    assert [paths(tmp_path / name) for name in ROOTS] == [[], [], []]


def test_removing_follows_no_link_in_the_date_branch(config, tmp_path):
    store, crash_id = Store2009(tmp_path / "pro"), ACCEPTED[1]
    store.save_processed(processed(crash_id))
    outside = tmp_path / "outside" / "00"
    outside.mkdir(parents=True)
    (outside / crash_id).symlink_to("nowhere")
    (tmp_path / "pro/20090601/date/01").symlink_to(tmp_path / "outside")
    (tmp_path / "pro/20090601/date/02").mkdir()
    (tmp_path / "pro/20090601/date/02/00_0").symlink_to(outside)
    before = look(tmp_path / "outside")
    with classic.FileSystemCrashStorage(config) as storage:
        storage.remove(crash_id)
    assert look(tmp_path / "outside") == before
    assert not os.path.lexists(tmp_path / f"pro/20090601/date/00/00_0/{crash_id}")


def test_a_copy_into_a_storage_of_today_is_whole(storage, tmp_path):
    with FSDatedRadixTreeStorage(fs_root=tmp_path / "new") as new:
        report = copy(storage, new)
        assert (report.copied, report.failed) == (len(ACCEPTED) + 1, 0)
        for crash_id in ACCEPTED[1:]:
            assert new.get_raw_crash(crash_id) == raw(crash_id)
            assert new.get_raw_dumps(crash_id) == DUMPS
            assert new.get_unredacted_processed(crash_id) == processed(crash_id)
        assert new.get_raw_dumps(DEFERRED) == DUMPS


def test_the_programs_of_2009_find_what_is_saved(config, tmp_path):
    std, deferred, pro = (Store2009(tmp_path / name) for name in ROOTS)
    with classic.FileSystemCrashStorage(config) as storage:
        storage.save_raw_crash(raw(ACCEPTED[1]), DUMPS, ACCEPTED[1])
        storage.save_raw_crash(raw(DEFERRED, 1), DUMPS, DEFERRED)
        storage.save_processed(processed(ACCEPTED[1]))
    assert std.read_raw(ACCEPTED[1]) == raw(ACCEPTED[1])
    assert deferred.read_raw(DEFERRED) == raw(DEFERRED, 1)
    assert pro.read_processed(ACCEPTED[1]) == processed(ACCEPTED[1])
    assert std.drain() == [ACCEPTED[1]]
    assert std.drain() == []
    home = std.name_dir(ACCEPTED[1])
    assert (home / f"{ACCEPTED[1]}.dump").stat().st_mode & 0o777 == 0o660
    assert home.stat().st_mode & 0o777 == 0o770


def test_a_crash_without_a_word_about_it_is_accepted(config, tmp_path):
    crash_id = ACCEPTED[1]
    with classic.FileSystemThrottledCrashStorage(config) as storage:
        storage.save_raw_crash({"uuid": crash_id}, {}, crash_id)
    assert Store2009(tmp_path / "std").read_raw(crash_id) == {"uuid": crash_id}


def test_saving_both_queues_nothing_and_keeps_the_two_apart(config, tmp_path):
    crash_id = ACCEPTED[1]
    with classic.FileSystemCrashStorage(config) as storage:
        storage.save_raw_and_processed(raw(crash_id), DUMPS, processed(crash_id), crash_id)
        assert list(storage.new_crashes()) == []
        assert storage.get_processed(crash_id).signature == "OOM | small"
    files = {path.rpartition("/")[2] for path in paths(tmp_path / "std")}
    assert f"{crash_id}.json" in files
    assert f"{crash_id}.jsonz" not in files


def test_a_group_is_refused(config):
    with pytest.raises(ConfigurationError, match="dump_gid '33'"):
        classic.FileSystemCrashStorage(config | {"dump_gid": "33"})
