"""What would lose a crash, bring one back, hide one, or hold one for ever."""

import contextlib
import datetime as dt
import errno
import fcntl
import functools
import os
import signal
from pathlib import Path

import pytest

from fs.procs import Child, Traced, calls_of, memory_directory, need_strace
from fs.procs import wait_until as wait_for
from fs.segment_writer import flip, records_of
from socorro_fast import FSSegmentStorage, StorageIOError

DAY = dt.date(2018, 6, 1)
RAW = {"n": 1}
# Length of an entry of the journal, and how many it has before it is rewritten.
ENTRY, REWRITE_FROM = 48, 20_000


def crash_id(number):
    return f"{number:08x}-0000-4000-8000-000002180601"


def opened(root, **options):
    values = {"durability": "os", "segment_bytes": 1 << 16} | options
    return FSSegmentStorage(fs_root=root / "crashes", **values)


@pytest.fixture
def root():
    with memory_directory() as directory:
        yield directory


def day_of(root):
    return root / "crashes/20180601"


def drain(storage):
    return [storage.ack_crash(each) for each in storage.new_crashes()]


def remove_crosswise(root):
    """Leave two segments, each with a crash and the tombstone of the other's."""
    with opened(root) as one, opened(root) as other:
        one.save_raw_crash(RAW, {}, crash_id(1))
        other.save_raw_crash(RAW, {}, crash_id(2))
        one.remove(crash_id(2))
        other.remove(crash_id(1))


def test_a_compaction_that_stops_between_two_segments_brings_nothing_back(root):
    need_strace()
    remove_crosswise(root)
    stopped = Traced(
        lambda: functools.partial(opened(root).compact, DAY, 1),
        "--inject=unlinkat:error=EIO:when=2",
    )
    assert isinstance(stopped.child.result(), StorageIOError)
    with opened(root) as storage:
        assert list(storage.list_crashes()) == []
        assert storage.compact(DAY, 1) > 0
        assert list(storage.list_crashes()) == []


def test_a_day_is_compacted_by_one_at_a_time(root):
    remove_crosswise(root)
    with opened(root) as storage:
        with (day_of(root) / "changes").open("rb") as changes:
            fcntl.flock(changes, fcntl.LOCK_EX)
            assert storage.compact(DAY, 1) == 0
        assert storage.compact(DAY, 1) > 0


@pytest.mark.parametrize("at", [0, 60, -1], ids=["magic", "check", "mark"])
def test_a_flipped_byte_hides_nothing_of_a_living_writer(root, at):
    with opened(root) as writer, opened(root) as reader, opened(root) as consumer:
        writer.save_raw_crash(RAW, {}, crash_id(1))
        assert reader.get_raw_crash(crash_id(1)) == RAW
        assert drain(consumer) == [crash_id(1)]
        writer.save_raw_crash(RAW, {}, crash_id(2))
        (segment,) = day_of(root).glob("*.seg")
        begin, end = records_of(segment.read_bytes())[1]
        flip(segment, (end if at < 0 else begin) + at)
        writer.save_raw_crash(RAW, {}, crash_id(3))
        assert reader.get_raw_crash(crash_id(3)) == RAW
        assert drain(consumer)[-1] == crash_id(3)
        with opened(root) as late:
            assert late.get_raw_crash(crash_id(3)) == RAW


def test_a_durable_save_syncs_what_its_day_lies_in_whoever_made_it(root):
    need_strace()
    with opened(root) as other:
        other.save_raw_crash(RAW, {}, crash_id(1))

    def prepare():
        storage = opened(root, durability="disk")
        return lambda: storage.save_raw_crash(RAW, {}, crash_id(2))

    # The new segment, the day, and the root.
    assert [call.name for call in calls_of(prepare)].count("fsync") == 3


def test_a_root_that_is_made_is_synced(root):
    need_strace()
    names = [call.name for call in calls_of(lambda: lambda: opened(root / "new"))]
    assert names.count("mkdirat") == names.count("fsync") == 2


def test_a_pass_that_a_child_has_a_copy_of_holds_no_claims(root):
    with opened(root) as storage:
        for number in range(20):
            storage.save_raw_crash(RAW, {}, crash_id(number))

    def parent():
        handed_out = opened(root).new_crashes()
        next(handed_out)
        if os.fork() == 0:
            (root / "forked").touch()
            wait_for((root / "done").exists)
            os._exit(len([handed_out]))
        wait_for((root / "forked").exists)
        os.kill(os.getpid(), signal.SIGKILL)

    assert Child(parent).exit_code() == -signal.SIGKILL
    with opened(root) as other:
        assert drain(other) == [crash_id(number) for number in range(20)]
    (root / "done").touch()


def test_who_is_told_to_quit_keeps_nothing_that_was_not_handed_out(root):
    def quit_check():
        if taken:
            raise InterruptedError

    taken = []
    with opened(root, quit_check_callback=quit_check) as quitter, opened(root) as other:
        for number in range(5):
            other.save_raw_crash(RAW, {}, crash_id(number))
        with pytest.raises(InterruptedError):
            taken.extend(map(taken.append, quitter.new_crashes()))
        assert drain(other) == [crash_id(number) for number in range(1, 5)]


def test_pruning_takes_nothing_whose_name_is_only_like_ours(root):
    with opened(root) as storage:
        storage.save_raw_crash(RAW, {}, crash_id(1))
        foreign = day_of(root) / "queue-before-the-incident"
        foreign.write_bytes(b"not yours")
        with pytest.raises(StorageIOError):
            storage.prune(DAY)
        assert foreign.read_bytes() == b"not yours"


def test_a_full_disk_can_be_pruned(root):
    need_strace()
    with opened(root) as storage:
        storage.save_raw_crash(RAW, {}, crash_id(1))
    pruned = Traced(
        lambda: functools.partial(opened(root).prune, DAY),
        "--inject=write:error=ENOSPC:when=1",
    )
    assert pruned.child.result() is None
    assert any("ENOSPC" in line for line in pruned.lines)
    assert not day_of(root).exists()


def test_a_removal_gives_its_space_back_though_the_queue_cannot_be_told(root):
    need_strace()
    with opened(root) as storage:
        storage.save_raw_crash(RAW, {None: bytes(10_000)}, crash_id(1))

    def look(raised):
        with opened(root) as storage:
            return raised, list(storage.list_crashes())

    removed = Traced(
        lambda: functools.partial(opened(root).remove, crash_id(1)),
        "--inject=write:error=ENOSPC:when=2",
        after=look,
    )
    assert removed.child.result() == (None, [])
    assert any("ENOSPC" in line for line in removed.lines)
    assert any("PUNCH_HOLE" in line for line in removed.lines)


def open_spares():
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(each.readlink())
    return [path.name for path in found if path.suffix == ".spare"]


def test_a_child_keeps_no_segment_that_its_parent_has_written_ahead(root):
    with opened(root, durability="disk", segment_bytes=1 << 20) as storage:

        def save_some():
            for _ in range(64):
                storage.save_raw_crash(RAW, {}, crash_id(0))

        save_some()
        # A child that is forked while some of it is being written has it still.
        wait_for(lambda: open_spares() and not Child(open_spares).result())
        save_some()  # into that; the next one is begun, and waits for more
        wait_for(lambda: open_spares() and not Child(open_spares).result())


def test_a_full_disk_gives_room_to_crashes_not_to_what_is_written_ahead(tmpfs):
    root = tmpfs("size=16m")
    dumps = {"upload_file_minidump": bytes(100_000)}
    with opened(root, durability="disk", segment_bytes=1 << 20) as storage:
        for _ in range(64):
            storage.save_raw_crash(RAW, {}, crash_id(0))
        wait_for(lambda: open_spares() and not Child(open_spares).result())
        storage.save_raw_crash(RAW, {}, crash_id(0))  # into that; the next one waits for more
        assert storage.prune(DAY)
        storage.save_raw_crash(RAW, {}, crash_id(1))  # into one that was not written ahead
        with contextlib.suppress(OSError), (root / "rest").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

        def save():
            storage.save_raw_crash(RAW, dumps, crash_id(2))
            return True

        with pytest.raises(StorageIOError) as caught:
            save()
        assert caught.value.errno == errno.ENOSPC

        def is_saved():
            with contextlib.suppress(StorageIOError):
                return save()
            return False

        wait_for(is_saved)
        assert storage.get_raw_dumps(crash_id(2)) == dumps
    with opened(root) as storage:
        assert [storage.get_raw_crash(crash_id(number)) for number in (1, 2)] == [RAW, RAW]


def test_consumers_that_were_killed_with_nothing_in_hand_leave_nothing(root):
    with opened(root) as storage:
        for number in range(2):
            storage.save_raw_crash(RAW, {}, crash_id(number))

    def consume():
        storage = opened(root)
        storage.ack_crash(next(storage.new_crashes()))
        os.kill(os.getpid(), signal.SIGKILL)

    assert Child(consume).exit_code() == -signal.SIGKILL
    with opened(root) as consumer:
        assert len(drain(consumer)) == 1
        assert len(list((root / "crashes/consumers").iterdir())) == 1


def test_a_start_costs_nothing_for_what_was_consumed(root):
    count = REWRITE_FROM // 2 + 1000  # a claim and an acknowledgement each
    with opened(root) as storage:
        storage.save_many((RAW, {}, crash_id(number)) for number in range(count))
    with opened(root) as consumer:
        consumer.ack_many(list(consumer.new_crashes()))
    with opened(root) as consumer:
        assert drain(consumer) == []
    done = len(list(day_of(root).glob("*.seg")))
    assert (day_of(root) / "queue").stat().st_size <= ENTRY * done
