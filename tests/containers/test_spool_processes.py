"""Processes that share a spool, fork, and are killed."""

import os
import signal

import pytest

from contract.samples import DUMPS, RAW
from contract.samples import crash_id as numbered
from fs.procs import Child, in_processes, memory_directory, wait_until
from socorro_fast import FSDatedRadixTreeStorage, FSSpoolStorage


@pytest.fixture
def root():
    with memory_directory() as directory:
        yield directory


def opened(root, **options):
    behind = FSDatedRadixTreeStorage(fs_root=root / "behind")
    return FSSpoolStorage(storage=behind, fs_root=root / "spool", **{"durability": "os"} | options)


def arrived(root):
    with FSDatedRadixTreeStorage(fs_root=root / "behind") as behind:
        ids = list(behind.list_crashes())
        for each in ids:
            assert behind.get_raw_crash(each) == RAW
            assert behind.get_raw_dumps(each) == DUMPS
        return ids


def save_for_ever(root, writer, told):
    spool = opened(root)
    for number in range(1_000_000):
        crash_id = numbered(writer << 24 | number)
        spool.save_raw_crash(RAW, DUMPS, crash_id)
        os.write(told, f"{crash_id}\n".encode())


@pytest.mark.parametrize("durability", ["os", "disk"])
def test_nothing_that_was_saved_is_lost_when_processes_are_killed(root, durability):
    """Each is killed while it saves and moves; what it said it had saved arrives."""
    saved = set()
    for writer in range(8):
        ours, theirs = os.pipe()
        child = Child(lambda writer=writer, theirs=theirs: save_for_ever(root, writer, theirs))
        os.close(theirs)
        with os.fdopen(ours) as told:
            saved |= {told.readline().strip() for _ in range(3 + 7 * writer)}
            child.kill()
            saved |= {line.strip() for line in told if line.endswith("\n")}
    with opened(root, background=False, durability=durability) as spool:
        spool.drain()
        # A save that was cut short may have got the crash there, and not yet into the queue.
        assert spool.stats()["queued"] <= 8
        assert sorted(spool.storage.new_crashes()) == sorted(arrived(root))
    assert saved <= set(arrived(root))
    assert len(saved) > 200


def test_processes_save_into_one_spool_and_move_each_others_crashes(root):
    def work(writer):
        with opened(root, drain_interval=0.01) as spool:
            for number in range(60):
                spool.save_raw_crash(RAW, DUMPS, numbered(writer << 16 | number))
            wait_until(lambda: spool.stats()["queued"] == 0)

    in_processes([lambda writer=writer: work(writer) for writer in range(3)])
    assert len(arrived(root)) == 180


def test_children_of_a_fork_have_threads_of_their_own(root):
    with opened(root) as spool:
        spool.save_raw_crash(RAW, DUMPS, numbered(1))

        def child():
            spool.save_raw_crash(RAW, DUMPS, numbered(2))
            wait_until(lambda: spool.stats()["queued"] == 0)
            spool.close()
            return True

        assert Child(child).result()
        wait_until(lambda: spool.stats()["queued"] == 0)
    assert sorted(arrived(root)) == [numbered(1), numbered(2)]


def test_a_process_ends_although_nobody_closed_the_spool(root):
    def forget():
        spool = opened(root)
        spool.save_raw_crash(RAW, DUMPS, numbered(1))
        signal.alarm(30)

    Child(forget).result()
    with opened(root, background=False) as spool:
        spool.drain()
    assert arrived(root) == [numbered(1)]
