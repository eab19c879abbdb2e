"""Requests that wait for one of the connections."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.forking import in_child
from contract.samples import CRASH_ID, DUMPS, RAW, crash_id
from servers.http_faults import Hang, Trickle
from socorro_fast import StorageUnavailable
from socorro_fast.s3.options import S3Options


@pytest.fixture
def one_only(make):
    """A storage that opens one connection."""
    return make(max_connections=1, connect_timeout=0.2, read_timeout=0.3)


def hold(storage):
    """Hold one of the connections, as a request does."""
    return storage.connection_context._slots.one("hold it")


def test_a_child_of_a_fork_has_all_of_them(one_only):
    with hold(one_only):
        assert in_child(lambda: one_only.save_raw_crash(RAW, DUMPS, CRASH_ID)) == 0
    assert one_only.get_raw_dumps(CRASH_ID) == DUMPS


def test_the_wait_has_a_limit(one_only):
    with (
        hold(one_only),
        pytest.raises(StorageUnavailable, match=r"free for 0\.5 seconds") as caught,
    ):
        one_only.get_raw_crash(CRASH_ID)
    assert str(caught.value).startswith("cannot read 'v1/raw_crash/")
    assert caught.value.retryable
    one_only.save_raw_crash(RAW, {}, CRASH_ID)


def test_a_server_that_trickles_holds_up_the_others_for_a_while_only(make, faults):
    storage = make(port=faults.port, max_connections=1, connect_timeout=0.2, read_timeout=0.4)
    storage.save_raw_crash(RAW, {}, CRASH_ID)
    begun, ending = threading.Event(), threading.Event()

    def choose(_method, path):
        if "/processed_crash/" not in path:
            return None
        begun.set()
        return Trickle(0.05, ending)

    faults.choose = choose
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(storage.get_unredacted_processed, CRASH_ID)
        assert begun.wait(20)
        with pytest.raises(StorageUnavailable, match=r"free for 0\.6 seconds"):
            storage.get_raw_crash(CRASH_ID)
        assert not slow.done()
        ending.set()
        with pytest.raises(StorageUnavailable, match="IncompleteRead"):
            slow.result(20)
    assert storage.get_raw_crash(CRASH_ID) == RAW


def test_close_sends_those_that_wait_home(make, faults):
    storage = make(
        port=faults.port, max_connections=2, read_timeout=60, backoff_delays=(60,), jitter=0
    )
    hanging, ending = threading.Semaphore(0), threading.Event()

    def choose(_method, _path):
        hanging.release()
        return Hang(ending)

    faults.choose = choose
    try:
        with ThreadPoolExecutor(8) as pool:
            savers = [
                pool.submit(storage.save_processed, {"uuid": crash_id(number)})
                for number in range(8)
            ]
            assert hanging.acquire(timeout=20)
            assert hanging.acquire(timeout=20)
            with ThreadPoolExecutor(1) as closer:
                closer.submit(storage.close).result(5)
            errors = [saver.exception() for saver in _done(savers, 6)]
            assert all("closed" in str(error) for error in errors)
            assert len(faults.seen) == 2
            ending.set()
            assert len(_done(savers, 8)) == 8
    finally:
        ending.set()


def _done(futures, count):
    """Return those that are done, when there are as many."""
    done = threading.Semaphore(0)
    for each in futures:
        each.add_done_callback(lambda _each: done.release())
    for _ in range(count):
        assert done.acquire(timeout=5)
    return [each for each in futures if each.done()]


def test_by_default_threads_that_move_what_they_may_at_once_do_not_wait():
    options = S3Options()
    assert options.max_connections >= 8 * options.parallel_transfers
