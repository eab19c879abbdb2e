"""Segments shared by processes and threads: what one has saved, every other one reads at once."""

import errno
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, OTHER_DAY, RAW, SAME_RADIX, crash_id
from fs.procs import Child, in_processes, open_descriptors, wait_until
from fs.segment_writer import is_sealed, opened
from socorro_fast import ConfigurationError, CrashIDNotFound, StorageIOError

DUMP = os.urandom(30_000)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "crashes"


def ids_of(writer, count=60):
    return [
        crash_id(number << 16 | writer, ("180601", "180702")[number % 2]) for number in range(count)
    ]


class Talk:
    """A pair of pipes: each side tells the other to go on."""

    def __init__(self):
        self._ends = os.pipe(), os.pipe()

    def tell(self, side):
        os.write(self._ends[side][1], b"x")

    def wait(self, side):
        assert os.read(self._ends[1 - side][0], 1) == b"x"


def test_a_reader_sees_each_save_of_another_process_as_it_returns(root):
    talk = Talk()

    def write():
        with opened(root) as storage:
            for number in range(20):
                storage.save_raw_crash({"n": number}, {None: DUMP}, CRASH_ID)
                storage.save_raw_crash({"n": number}, {None: DUMP}, crash_id(number))
                talk.tell(0)
                talk.wait(0)
            storage.remove(CRASH_ID)

    writer = Child(write)
    with opened(root) as storage:
        for number in range(20):
            talk.wait(1)
            assert storage.get_raw_crash(CRASH_ID) == {"n": number}
            assert storage.get_raw_crash(crash_id(number)) == {"n": number}
            talk.tell(1)
        writer.result()
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(CRASH_ID)
        assert len(list(storage.list_crashes())) == 20


def test_the_last_save_wins_whoever_made_it(root):
    one, other = opened(root), opened(root)
    for number in range(20):
        (one, other)[number % 2].save_raw_crash({"n": number}, None, CRASH_ID)
        assert one.get_raw_crash(CRASH_ID) == other.get_raw_crash(CRASH_ID) == {"n": number}
    one.remove(CRASH_ID)
    other.save_raw_crash(RAW, None, CRASH_ID)
    assert one.get_raw_crash(CRASH_ID) == RAW
    one.close()
    other.close()
    assert opened(root).get_raw_crash(CRASH_ID) == RAW


@pytest.mark.parametrize("durability", ["os", "disk"])
def test_a_prefork_server_shares_one_root(root, durability):
    storage = opened(root, durability=durability, segment_bytes=1 << 17)

    def serve(writer):
        for each in ids_of(writer):
            storage.save_raw_crash({"id": each}, {None: DUMP}, each)
            assert storage.get_raw_crash(each) == {"id": each}
        return len(list(storage.list_crashes()))

    counts = in_processes([lambda writer=writer: serve(writer) for writer in range(4)])
    assert max(counts) <= 4 * 60
    every = sorted(each for writer in range(4) for each in ids_of(writer))
    assert sorted(storage.list_crashes()) == every
    assert all(storage.get_raw_dump(each) == DUMP for each in every)


def test_a_child_lets_go_of_its_parents_segments(root):
    talk = Talk()

    def outlive():
        talk.tell(0)
        talk.wait(0)

    def fork_and_die():
        storage = opened(root)
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        Child(outlive)
        os.kill(os.getpid(), signal.SIGKILL)

    assert Child(fork_and_die).exit_code() == -signal.SIGKILL
    talk.wait(1)  # the grandchild lives: its parent's lock must not
    with opened(root) as storage:
        assert storage.get_raw_crash(CRASH_ID) == RAW
    (segment,) = root.glob("*/*.seg")
    assert is_sealed(segment)
    talk.tell(1)


def test_a_childs_end_seals_nothing_of_its_parents(root):
    storage = opened(root)
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)

    def use():
        storage.save_raw_crash(RAW, DUMPS, SAME_RADIX)
        storage.close()

    Child(use).result()
    storage.save_raw_crash(RAW, DUMPS, ELSEWHERE)
    assert sorted(storage.list_crashes()) == [ELSEWHERE, CRASH_ID, SAME_RADIX]
    assert sorted(map(is_sealed, root.glob("*/*.seg"))) == [False, True]


def test_a_fork_makes_no_root_again_that_was_removed(root):
    storage = opened(root)
    shutil.rmtree(root)
    Child(lambda: None).result()
    assert not root.exists()

    def save():
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)

    Child(save).result()
    with opened(root) as another:
        assert another.get_raw_crash(CRASH_ID) == RAW


def in_threads(count, call):
    start = threading.Barrier(count)

    def run(number):
        start.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_durable_savers_in_threads_lose_nothing(root):
    storage = opened(root, durability="disk", segment_bytes=1 << 20)

    def save(thread):
        for each in ids_of(thread, 40):
            storage.save_raw_crash({"id": each}, {None: DUMP}, each)
            assert storage.get_raw_dump(each) == DUMP

    in_threads(8, save)
    wait_until(lambda: list(root.glob("spare/*.spare")))
    in_threads(8, lambda thread: storage.save_raw_crash(RAW, DUMPS, crash_id(0xFF000000 | thread)))
    storage.close()
    assert not list(root.glob("spare/*"))
    with opened(root) as reader:
        assert len(list(reader.list_crashes())) == 8 * 40 + 8
        assert all(reader.get_raw_dump(each) == DUMP for each in ids_of(3, 40))
    assert all(map(is_sealed, root.glob("*/*.seg")))


def test_segments_are_sealed_at_their_size(root):
    with opened(root, segment_bytes=1 << 17) as storage:
        for number in range(30):
            storage.save_raw_crash(RAW, {None: DUMP}, crash_id(number))
        sizes = [path.stat().st_size for path in root.glob("*/*.seg")]
        assert len(sizes) > 7
        assert max(sizes) < (1 << 17) + 1000
        assert len(list(storage.list_crashes())) == 30
        storage.save_raw_crash(RAW, {None: bytes(1 << 20)}, CRASH_ID)
        assert storage.get_raw_dump(CRASH_ID) == bytes(1 << 20)


def test_a_day_that_somebody_removes_takes_no_later_save_along(root):
    storage, other = opened(root), opened(root)
    for each in (storage, other):
        each.save_raw_crash(RAW, DUMPS, CRASH_ID)
    for path in [*root.glob("20180601/*")]:
        path.unlink()
    (root / "20180601").rmdir()
    storage.save_raw_crash(RAW, DUMPS, SAME_RADIX)
    other.save_raw_crash(RAW, DUMPS, ELSEWHERE)
    for each in (storage, other, opened(root)):
        assert sorted(each.list_crashes()) == [ELSEWHERE, SAME_RADIX]
        assert each.get_raw_dumps(ELSEWHERE) == DUMPS


def fill(storage, dump):
    """Save until the disk is full; return the IDs of what was saved."""
    saved = []
    with pytest.raises(StorageIOError) as caught:
        saved.extend(map(storage_saver(storage, dump), range(100_000)))
    assert caught.value.errno == errno.ENOSPC
    return saved


def storage_saver(storage, dump):
    """Return a function that saves a crash of a number, and returns its ID."""

    def save(number):
        storage.save_raw_crash({"n": number}, {None: dump}, crash_id(number))
        return crash_id(number)

    return save


class TestFull:
    def test_a_save_on_a_full_disk_leaves_nothing_and_the_next_one_works(self, tmpfs):
        place = tmpfs("size=2m")
        storage = opened(place)
        saved = fill(storage, DUMP)
        assert list(storage.list_crashes()) == saved
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(crash_id(len(saved)))
        tmpfs.remount(place, "size=4m")
        storage.save_raw_crash(RAW, {None: DUMP}, OTHER_DAY)
        storage.save_raw_crash(RAW, {None: DUMP}, crash_id(999))
        storage.close()
        with opened(place) as reader:
            assert list(reader.list_crashes()) == [*saved, crash_id(999), OTHER_DAY]
            assert all(reader.get_raw_dump(each) == DUMP for each in saved)

    def test_a_disk_too_full_for_footers_loses_nothing(self, tmpfs):
        place = tmpfs("size=1m")
        storage = opened(place)
        saved = fill(storage, b"")
        storage.close()
        with opened(place) as reader:
            assert list(reader.list_crashes()) == saved
        assert len(saved) > 1000

    def test_the_reserve_is_kept(self, tmpfs):
        place = tmpfs("size=8m")
        storage = opened(place, keep_free=4 << 20)
        fill(storage, DUMP)
        left = os.statvfs(place)
        assert 3 << 20 < left.f_bavail * left.f_frsize < 5 << 20

    def test_a_file_that_may_not_grow_is_as_a_full_disk(self, root, file_size_limit):
        storage = opened(root)
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        with file_size_limit(50_000), pytest.raises(StorageIOError) as caught:
            storage.save_raw_crash(RAW, {None: bytes(100_000)}, SAME_RADIX)
        assert caught.value.errno == errno.EFBIG
        storage.save_raw_crash(RAW, {None: DUMP}, ELSEWHERE)
        assert list(storage.list_crashes()) == [ELSEWHERE, CRASH_ID]


def test_more_segments_than_open_files_are_read(root):
    with opened(root, segment_bytes=1 << 16) as storage:
        for number in range(400):
            storage.save_raw_crash({"n": number}, {None: DUMP * 2}, crash_id(number))
    before = open_descriptors()
    with opened(root) as storage:
        for number in range(400):
            assert storage.get_raw_crash(crash_id(number)) == {"n": number}
        assert open_descriptors() - before < 4200


@pytest.mark.parametrize("options", [{"segment_bytes": 1}, {"sync_interval": -1}])
def test_options_out_of_their_range_are_refused(root, options):
    with pytest.raises(ConfigurationError):
        opened(root, **options)


def test_a_sync_interval_gathers_savers_and_ends(root):
    with opened(root, durability="disk", sync_interval=0.01) as storage:
        in_threads(4, lambda thread: storage.save_raw_crash(RAW, DUMPS, crash_id(thread)))
        assert len(list(storage.list_crashes())) == 4
