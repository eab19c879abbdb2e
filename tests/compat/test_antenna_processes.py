"""Savers and readers of Antenna's tree in processes of their own."""

import itertools
import os
import time

import pytest

from compat.todays import AntennaToday
from fs.procs import Child, in_processes, memory_directory
from socorro_fast import CrashIDNotFound
from socorro_fast.compat.antenna import CrashReport, FSCrashStorage

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
SECONDS = 600 if LONG else 1.5
ID = "aabbcccc-0000-4000-8000-000000260801"
NAMES = [["a", "b"], ["b", "c"], ["c", "d", "upload_file_minidump"], []]


@pytest.fixture
def root():
    with memory_directory() as directory:
        yield directory / "crashes"


def opened(root):
    return FSCrashStorage({"fs_root": root})


def report(version, crash_id=ID, size=5000):
    dumps = {name: f"{version}".encode() * size for name in NAMES[version % len(NAMES)]}
    return CrashReport({"version": version}, dumps, crash_id)


def crash_id(writer, number):
    return f"{number:08x}-0000-4000-8000-{writer:05x}0260801"


def until_time_is_up():
    end = time.monotonic() + SECONDS
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count())


def save_over(root, writer):
    storage = opened(root)
    for turn in until_time_is_up():
        storage.save_crash(report(2 * (turn % 10) + writer))


def check_each_object(root):
    """Whatever the savers are at: what is read is whole, and there once it was."""
    storage, seen = opened(root), 0
    for _ in until_time_is_up():
        try:
            found = storage.load_crash(ID)
        except CrashIDNotFound:
            assert seen == 0
            continue
        seen += 1
        assert sorted(found.dumps) in NAMES
        for name, dump in found.dumps.items():
            wholes = [report(version).dumps.get(name) for version in range(20)]
            assert dump in wholes, name
    return seen


def test_two_savers_of_one_crash_and_a_reader(root):
    works = [
        lambda: save_over(root, 0),
        lambda: save_over(root, 1),
        lambda: check_each_object(root),
    ]
    assert in_processes(works)[2] > 0
    last = opened(root).load_crash(ID)
    assert last == report(last.raw_crash["version"])
    assert AntennaToday(root).load(ID) == (last.raw_crash, last.dumps)
    left = {path.parent.name for path in root.rglob(f"*{ID}*")}
    assert left == {"raw_crash", "dump_names", *last.dumps}


def save_first(root, writer, many):
    storage = opened(root)
    for number in range(many):
        storage.save_crash(report(number, crash_id(writer, number), size=50_000))


def look_for(root, writer, many):
    """Wait for each crash in turn; each must be whole from the first moment on."""
    storage = opened(root)
    for number in range(many):
        wanted = report(number, crash_id(writer, number), size=50_000)
        end = time.monotonic() + 60
        while True:
            try:
                found = storage.load_crash(wanted.crash_id)
            except CrashIDNotFound:
                assert time.monotonic() < end
                continue
            assert found == wanted
            break


def test_a_first_save_appears_whole(root):
    many = 5000 if LONG else 200
    works = [
        lambda writer=writer, work=work: work(root, writer, many)
        for writer in range(2)
        for work in (save_first, look_for)
    ]
    in_processes(works)
    assert len(list((root / "20260801/raw_crash").iterdir())) == 2 * many


def test_children_of_a_fork_go_on_with_the_storage(root):
    storage = opened(root)
    storage.save_crash(report(0, crash_id(9, 0)))

    def work(writer):
        storage.save_crash(report(writer, crash_id(writer, 0)))
        return storage.load_crash(crash_id(9, 0)) == report(0, crash_id(9, 0))

    children = [Child(lambda writer=writer: work(writer)) for writer in range(3)]
    assert [child.result() for child in children] == [True] * 3
    for writer in range(3):
        assert storage.load_crash(crash_id(writer, 0)) == report(writer, crash_id(writer, 0))
