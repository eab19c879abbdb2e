"""What the operations of a warm segment storage ask of the system: counted, not timed."""

import datetime as dt
from collections import Counter

import pytest

from contract.samples import CRASH_ID, ELSEWHERE, RAW, SAME_RADIX
from fs.procs import Traced, calls_of, memory_directory, need_strace
from fs.segment_writer import opened

DUMPS = {"upload_file_minidump": bytes(64 * 1024)}


@pytest.fixture
def counted():
    """Count the system calls of an operation on a storage with two crashes, in memory."""
    need_strace()
    with memory_directory() as root:

        def count(operation, **options):
            def prepare():
                storage = opened(root, **options)
                for each in (CRASH_ID, SAME_RADIX):
                    storage.save_raw_crash(RAW, DUMPS, each)
                storage.get_raw_crash(CRASH_ID)
                return lambda: operation(storage)

            return Counter(call.name for call in calls_of(prepare))

        yield count


def save(storage):
    storage.save_raw_crash(RAW, DUMPS, ELSEWHERE)


def test_a_save_is_one_write_between_two_looks(counted):
    assert counted(save) == {"fstat": 2, "pwritev": 1}


def test_a_durable_save_is_one_sync_more(counted):
    assert counted(save, durability="disk") == {"fstat": 2, "pwritev": 1, "fdatasync": 1}


def test_a_batch_waits_for_the_disk_once(counted):
    ids = [f"{number:08x}-0000-4000-8000-000002180601" for number in range(50)]

    def save_many(storage):
        assert storage.save_many((RAW, DUMPS, each) for each in ids) == [None] * 50

    assert counted(save_many, durability="disk")["fdatasync"] <= 2


def test_what_is_written_ahead_is_synced_once_a_file():
    need_strace()
    with memory_directory() as root:

        def save_many_one_by_one():
            storage = opened(root, durability="disk", segment_bytes=2 << 20)
            saves = (f"{number:08x}-0000-4000-8000-000002180601" for number in range(400))
            return lambda: [storage.save_raw_crash(RAW, DUMPS, each) for each in saves]

        traced = Traced(save_many_one_by_one, "-f")
        assert traced.child.result() is None
        pieces, syncs = (
            sum(f"{name}(" in line for line in traced.lines)
            for name in ("sync_file_range", "fdatasync")
        )
        assert pieces >= 16, "no file was written ahead"
        assert syncs - 400 < pieces


def test_a_raw_crash_is_one_look_and_one_read(counted):
    assert counted(lambda storage: storage.get_raw_crash(CRASH_ID)) == {"fstat": 1, "pread64": 1}


def test_a_dump_is_a_read_more(counted):
    calls = counted(lambda storage: storage.get_raw_dump(CRASH_ID))
    assert calls == {"fstat": 1, "pread64": 2}


def test_compaction_syncs_what_replaces_the_dead_whatever_saves_wait_for():
    need_strace()
    with memory_directory() as root:

        def prepare():
            for _ in range(2):
                with opened(root) as storage:
                    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
            storage = opened(root)
            storage.ack_many(list(storage.new_crashes()))
            return lambda: storage.compact(dt.date(2018, 6, 1), 1)

        names = [call.name for call in calls_of(prepare)]
        assert names.index("fdatasync") < names.index("unlinkat")
