"""Many threads, and forks, over one storage."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.checking import check_dumps
from contract.forking import in_child
from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, RAW, SAME_RADIX, crash_id
from socorro_fast import CrashIDNotFound

pytestmark = pytest.mark.needs("save_raw_crash", "get_raw_crash")

THREADS = 8


def in_threads(call):
    """Call `call(number)` in THREADS threads that start together; return their results."""
    start = threading.Barrier(THREADS)

    def run(number):
        start.wait()
        return call(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def save_all(storage, backend):
    """Save from all threads; return the IDs, in order."""

    def ids_of(thread):
        return [crash_id(number << 20 | thread) for number in range(backend.each)]

    def save(thread):
        for each in ids_of(thread):
            storage.save_raw_crash({"id": each}, {None: each.encode()}, each)
            assert storage.get_raw_crash(each) == {"id": each}

    in_threads(save)
    return sorted(each for thread in range(THREADS) for each in ids_of(thread))


@pytest.mark.needs("list_crashes")
def test_threads_save_side_by_side(storage, backend):
    ids = save_all(storage, backend)
    assert sorted(storage.list_crashes()) == ids
    for each in ids:
        check_dumps(storage, each, {"upload_file_minidump": each.encode()})


@pytest.mark.needs("new_crashes")
def test_every_crash_goes_to_one_consumer(storage, backend):
    ids = save_all(storage, backend)
    walks = in_threads(lambda _: [storage.ack_crash(each) for each in storage.new_crashes()])
    left = [storage.ack_crash(each) for each in storage.new_crashes()]
    assert sorted(sum(walks, left)) == ids
    assert list(storage.new_crashes()) == []


@pytest.mark.needs("new_crashes")
def test_no_crash_is_lost_between_writers_and_a_consumer(storage, backend):
    done = threading.Event()
    seen = []

    def consume():
        last = False
        while not last:
            last = done.is_set()
            seen.extend(storage.ack_crash(each) for each in storage.new_crashes())

    consumer = threading.Thread(target=consume)
    consumer.start()
    try:
        ids = save_all(storage, backend)
    finally:
        done.set()
        consumer.join()
    assert sorted(seen) == ids


def test_one_crash_saved_by_all_is_one_version_of_it(storage, backend):
    def save(thread):
        for _ in range(backend.each):
            storage.save_raw_crash({"n": thread}, {None: b"%d" % thread * 1000}, CRASH_ID)
            assert storage.get_raw_crash(CRASH_ID)["n"] in range(THREADS)
            if "get_raw_dump" in storage.capabilities:
                assert len(set(storage.get_raw_dump(CRASH_ID))) == 1

    in_threads(save)


@pytest.mark.needs("remove")
def test_one_crash_removed_by_all_is_gone(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)

    def remove(_thread):
        try:
            storage.remove(CRASH_ID)
        except CrashIDNotFound:
            return 0
        return 1

    assert sum(in_threads(remove)) >= 1
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


@pytest.mark.needs("remove", "list_crashes")
def test_a_forked_child_can_use_it(storage, backend):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)

    def use():
        assert storage.get_raw_crash(CRASH_ID) == RAW
        storage.save_raw_crash(RAW, DUMPS, SAME_RADIX)
        storage.save_raw_crash(RAW, DUMPS, ELSEWHERE)
        storage.remove(SAME_RADIX)
        assert list(storage.list_crashes()) == [ELSEWHERE, CRASH_ID]

    assert in_child(use) == 0
    storage.save_raw_crash(RAW, DUMPS, SAME_RADIX)
    of_the_child = [ELSEWHERE] if backend.persists else []
    assert sorted(storage.list_crashes()) == sorted([*of_the_child, CRASH_ID, SAME_RADIX])


def test_a_fork_amid_saving_threads_leaves_no_lock_shut(storage, backend):
    stop = threading.Event()

    def save(thread):
        while not stop.is_set():
            storage.save_raw_crash(RAW, {}, crash_id(thread))

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(backend.forks):
            assert in_child(lambda: storage.save_raw_crash(RAW, DUMPS, CRASH_ID)) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.needs("new_crashes", "ack_crash", persists=True)
def test_a_child_does_not_take_what_its_parent_holds(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    walk = storage.new_crashes()
    assert next(walk) == CRASH_ID

    def look():
        assert list(storage.new_crashes()) == []

    assert in_child(look) == 0
    storage.ack_crash(CRASH_ID)
    assert list(storage.new_crashes()) == []
