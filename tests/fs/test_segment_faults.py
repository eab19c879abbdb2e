"""What goes wrong once must lose nothing for good: half-read days, broken journals, many days."""

import datetime as dt
import os
import resource
import threading
import warnings

import pytest

from contract.forking import in_child
from fs.procs import in_processes, memory_directory, open_descriptors
from fs.segment_writer import COPY_AT
from socorro_fast import ConfigurationError, CrashIDNotFound, FSSegmentStorage, StorageIOError

DAY = dt.date(2018, 6, 1)
RAW = {"n": 1}
# Length of an entry of the journal, and how many it has before it is rewritten.
ENTRY, REWRITE_FROM = 48, 20_000


def crash_id(number, date="180601"):
    return f"{number:08x}-0000-4000-8000-000002{date}"


def opened(root, **options):
    values = {"durability": "os", "segment_bytes": 1 << 16} | options
    return FSSegmentStorage(fs_root=root / "crashes", **values)


@pytest.fixture
def root():
    with memory_directory() as directory:
        yield directory


def day_of(root, name="20180601"):
    return root / "crashes" / name


def save(root, number, date="180601"):
    """Save a crash into a segment of its own."""
    with opened(root) as storage:
        storage.save_raw_crash(RAW, {}, crash_id(number, date))


def segment_since(root, before):
    (new,) = set(day_of(root).glob("*.seg")) - set(before)
    return new


def drain(storage):
    return [storage.ack_crash(each) for each in storage.new_crashes()]


def test_a_day_that_could_not_be_read_again_is_read_when_it_can(root):
    segments = []
    with opened(root) as reader:
        for number in range(3):
            save(root, number)
            segments.append(segment_since(root, segments))
            reader.get_raw_crash(crash_id(number))
        gone, broken, _ = segments
        gone.unlink()
        with (day_of(root) / "changes").open("ab") as changes:
            changes.write(b"+")
        sound = broken.read_bytes()
        newer = bytearray(sound)
        newer[8] = newer[COPY_AT + 8] = 2
        broken.write_bytes(newer)
        with pytest.raises(ConfigurationError, match="version 2"):
            reader.get_raw_crash(crash_id(2))
        broken.write_bytes(sound)
        assert [reader.get_raw_crash(crash_id(number)) for number in (1, 2)] == [RAW, RAW]
        with pytest.raises(CrashIDNotFound):
            reader.get_raw_crash(crash_id(0))


def test_a_consumer_sees_what_follows_a_prune_that_was_stopped(root):
    save(root, 1)
    with opened(root) as consumer, opened(root) as other:
        assert drain(consumer) == [crash_id(1)]
        (day_of(root) / "foreign").touch()
        with pytest.raises(StorageIOError):
            other.prune(DAY)
        save(root, 2)
        assert drain(consumer) + drain(consumer) == [crash_id(2)]


def test_a_day_whose_queue_is_broken_takes_no_claims_of_others_along(root):
    save(root, 1)
    save(root, 2, "180602")
    broken = day_of(root, "20180602") / "queue"
    broken.mkdir()
    with opened(root) as consumer:
        handed_out = []
        with pytest.raises(StorageIOError):
            handed_out.extend(map(consumer.ack_crash, consumer.new_crashes()))
        broken.rmdir()
        assert handed_out + drain(consumer) == [crash_id(1), crash_id(2, "180602")]


def test_a_journal_that_cannot_be_rewritten_stops_nobody(root, caplog):
    save(root, 1)
    (day_of(root) / "queue").write_bytes(bytes(ENTRY * (REWRITE_FROM + 1)))
    (day_of(root) / "queue.new").mkdir()
    with opened(root) as consumer:
        assert drain(consumer) == [crash_id(1)]
    assert "queue.new" in caplog.text


def test_the_journal_stays_short_though_no_consumer_lives_long(root):
    with opened(root) as storage:
        storage.save_many((RAW, {}, crash_id(number)) for number in range(REWRITE_FROM))
    taken = []
    for _ in range(10):
        with opened(root) as consumer:
            for each in consumer.new_crashes():
                taken.append(each)
                if len(taken) % (REWRITE_FROM // 10) == 0:
                    break
            consumer.ack_many(taken[-REWRITE_FROM // 10 :])
    assert len(set(taken)) == len(taken) == REWRITE_FROM
    assert (day_of(root) / "queue").stat().st_size < 1.5 * ENTRY * REWRITE_FROM


def use_many_days(root):
    inherited = open_descriptors()
    limit = inherited + 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    days = [dt.date(2018, 1, 1) + dt.timedelta(days=number) for number in range(360)]
    ids = [crash_id(7, f"{day:%y%m%d}") for day in days]
    with opened(root) as storage:
        for each in ids:
            storage.save_raw_crash(RAW, {}, each)
        assert [storage.get_raw_crash(each) for each in ids] == [RAW] * len(ids)
        for each, expected in zip(storage.new_crashes(), ids, strict=True):
            assert each == expected
            assert open_descriptors() - inherited < 200
            storage.ack_crash(each)
        assert drain(storage) == []
        assert list(storage.list_crashes()) == ids
        assert storage.prune(days[0])


def test_more_days_than_open_files_are_used(root):
    in_processes([lambda: use_many_days(root)])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_no_segment(root, make):
    save(root, 1)
    make(day_of(root) / "0123456789abcdef.seg")
    with opened(root) as storage:
        assert storage.get_raw_crash(crash_id(1)) == RAW
        assert drain(storage) == [crash_id(1)]


@pytest.mark.parametrize("name", ["changes", "queue"])
def test_a_pipe_takes_no_part(root, name):
    save(root, 1)
    (day_of(root) / name).unlink(missing_ok=True)
    os.mkfifo(day_of(root) / name)
    with opened(root) as storage, pytest.raises(StorageIOError, match=name):
        drain(storage)


def read_a_lie(root):
    with opened(root) as storage:
        assert storage.get_raw_crash(crash_id(1)) == RAW


def test_a_footer_as_long_as_it_pleases_takes_no_memory(root):
    save(root, 1)
    (segment,) = day_of(root).glob("*.seg")
    with segment.open("r+b") as file:
        file.seek(1 << 42)
        file.write((64).to_bytes(8, "little") + bytes(8) + b"SFSEALED")
    in_processes([lambda: read_a_lie(root)])


@pytest.mark.parametrize("percent", [0, 101, 1 << 63, -1])
def test_compaction_takes_a_part_in_a_hundred(root, percent):
    with opened(root) as storage, pytest.raises(ConfigurationError, match="dead_percent"):
        storage.compact(DAY, percent)


def fork_beside_a_consumer(root):
    """Fork children that live on while a thread claims; then claim in another storage."""
    reading, writing = os.pipe()
    stop = threading.Event()

    def consume(storage):
        while not stop.is_set():
            for each in storage.new_crashes():
                storage.release_crash(each)

    with opened(root) as storage, opened(root) as other:
        thread = threading.Thread(target=consume, args=(storage,))
        thread.start()
        for _ in range(100):
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                child = os.fork()
            if child == 0:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
        stop.set()
        thread.join()
        assert drain(other) == [crash_id(1)]
    os.close(writing)
    for _ in range(100):
        os.wait()


def test_a_child_that_was_forked_during_a_claim_holds_no_lock(root):
    save(root, 1)
    in_processes([lambda: fork_beside_a_consumer(root)])


def save_in_a_child_of_a_storage_that_was_moved(root):
    storage = opened(root)
    storage.save_raw_crash(RAW, {}, crash_id(1))
    (root / "crashes").rename(root / "moved")
    assert in_child(lambda: storage.save_raw_crash(RAW, {}, crash_id(2))) == 0
    storage.save_raw_crash(RAW, {}, crash_id(3))
    storage.close()


def test_a_child_saves_where_its_parent_does_and_not_into_its_segments(root):
    in_processes([lambda: save_in_a_child_of_a_storage_that_was_moved(root)])
    assert not (root / "crashes").exists()
    (root / "moved").rename(root / "crashes")
    with opened(root) as storage:
        assert list(storage.list_crashes()) == [crash_id(1), crash_id(2), crash_id(3)]
