"""A real server that dies, stops and loses its connections, in the middle of saves."""

import contextlib
import gc
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, PROCESSED, RAW, crash_id
from servers.http_faults import INTERNAL_ERROR, SLOW_DOWN, HTTPFaults
from servers.proxy import Proxy
from servers.seaweedfs import new_seaweedfs
from socorro_fast import BotoCrashStorage, CrashIDNotFound, CrashStorageError, StorageUnavailable

THREADS = 8
PATIENT = {"backoff_delays": (0.2,) * 200, "connect_timeout": 2, "read_timeout": 3}


def content(number):
    """Return a crash; every fifth has a dump, which takes four requests more."""
    dumps = {} if number % 5 else {None: b"%d" % number * 50}
    return {"number": number}, dumps, crash_id(number)


class Savers:
    """Threads that save numbered crashes; what was reported saved, and what was not."""

    def __init__(self, storage, count):
        self.storage = storage
        self.count = count
        self.saved = []
        self.errors = []
        self._some = threading.Semaphore(0)

    def _save(self, number):
        try:
            self.storage.save_raw_crash(*content(number))
        except CrashStorageError as error:
            self.errors.append(error)
        else:
            self.saved.append(number)
        self._some.release()

    @contextlib.contextmanager
    def at_work(self):
        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(self.count):
                pool.submit(self._save, number)
            yield

    def wait_for(self, count):
        for _ in range(count):
            assert self._some.acquire(timeout=60)

    def check(self):
        """All that was reported saved is there, once, and as it was saved."""
        listed = list(self.storage.list_crashes())
        assert len(set(listed)) == len(listed)
        assert set(listed) >= {crash_id(number) for number in self.saved}
        with ThreadPoolExecutor(THREADS) as pool:
            assert all(pool.map(self._is_whole, range(self.count)))

    def _is_whole(self, number):
        raw_crash, dumps, saved_as = content(number)
        try:
            found = self.storage.get_raw_crash(saved_as)
        except CrashIDNotFound:
            return number not in self.saved
        return found == raw_crash and (
            not dumps or self.storage.get_raw_dump(saved_as) == dumps[None]
        )


@pytest.fixture(scope="module")
def victim():
    """A server of this module's own, as it is to be killed."""
    endpoint = new_seaweedfs()
    endpoint.server.start()
    yield endpoint
    endpoint.stop()


@pytest.fixture
def bucket(seaweedfs):
    return seaweedfs.new_bucket()


@pytest.fixture
def make(seaweedfs, bucket, tmp_path):
    """Make storages over a bucket in the real server; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make_one(**options):
            place = {**seaweedfs.options(bucket), "temp_path": tmp_path, "backoff_delays": ()}
            return stack.enter_context(BotoCrashStorage(**(place | options)))

        yield make_one


@pytest.fixture
def proxy(seaweedfs):
    with Proxy(seaweedfs.port) as proxy:
        yield proxy


class TestServer:
    def test_killed_and_started_again_amid_saves_loses_nothing(self, victim):
        options = victim.options(victim.new_bucket()) | PATIENT
        with BotoCrashStorage(**options) as storage:
            savers = Savers(storage, 1000)
            with savers.at_work():
                savers.wait_for(300)
                victim.server.kill()
                victim.server.start()
            assert savers.errors == []
            assert len(savers.saved) == 1000
            savers.check()

    def test_stopped_for_a_while_is_waited_for(self, victim):
        options = victim.options(victim.new_bucket()) | PATIENT
        with BotoCrashStorage(**options) as storage:
            savers = Savers(storage, 120)
            with savers.at_work():
                savers.wait_for(40)
                victim.server.pause()
                threading.Event().wait(5)
                victim.server.resume()
            assert savers.errors == []
            savers.check()

    def test_that_is_away_is_an_error_that_may_pass(self, victim):
        options = victim.options("any") | {"backoff_delays": (), "read_timeout": 0.5}
        victim.server.pause()
        try:
            with BotoCrashStorage(**options) as storage:
                with pytest.raises(StorageUnavailable, match="Timeout") as caught:
                    storage.get_raw_crash(CRASH_ID)
                assert caught.value.retryable
        finally:
            victim.server.resume()


class TestConnections:
    def test_cut_one_by_one_lose_nothing(self, make, proxy):
        proxy.latency = 0.002
        savers = Savers(make(port=proxy.port, **PATIENT), 120)
        cuts = 0
        with savers.at_work():
            while len(savers.saved) < savers.count and not savers.errors:
                cuts += proxy.cut_one()
                threading.Event().wait(0.02)
        assert cuts > 10
        assert savers.errors == []
        savers.check()

    def test_half_open_are_given_up_after_the_time_limit(self, make, proxy):
        storage = make(port=proxy.port, read_timeout=1, backoff_delays=(0.1,) * 20)
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        with ThreadPoolExecutor(1) as pool:
            with proxy.while_(swallows=True):
                late = pool.submit(storage.get_raw_crash, CRASH_ID)
                with pytest.raises(TimeoutError):
                    late.result(1.5)
            assert late.result(30) == RAW

    def test_slow_are_waited_for(self, make, proxy):
        proxy.latency = 0.1
        make(port=proxy.port).save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert make().get_raw_dumps(CRASH_ID) == DUMPS

    def test_cut_within_a_dump_leave_nothing(self, make, proxy, tmp_path):
        dump = os.urandom(400_000)
        path = tmp_path / "dump"
        path.write_bytes(dump)
        for given in (dump, path):
            with (
                proxy.while_(cut_after=100_000),
                pytest.raises(StorageUnavailable, match=r"cannot write 'v1/dump/") as caught,
            ):
                make(port=proxy.port).save_raw_crash(RAW, {None: given}, CRASH_ID)
            assert caught.value.retryable
            with pytest.raises(CrashIDNotFound):
                make().get_raw_dump(CRASH_ID)
        make(port=proxy.port).save_raw_crash(RAW, {None: path}, CRASH_ID)
        assert make().get_raw_dump(CRASH_ID) == dump

    def test_refused_are_an_error_that_may_pass(self, make, proxy):
        proxy.refuses = True
        with pytest.raises(StorageUnavailable) as caught:
            make(port=proxy.port).get_raw_crash(CRASH_ID)
        assert caught.value.retryable

    def test_are_never_more_than_the_limit_and_are_kept(self, make, proxy, caplog):
        """8 threads, each of which moves up to 4 objects at once, share 3 connections."""
        storage = make(port=proxy.port, max_connections=3, parallel_transfers=4)
        savers = Savers(storage, 50)
        with savers.at_work():
            pass
        assert savers.errors == []
        assert proxy.most <= 3
        assert "pool is full" not in caplog.text
        storage.close()
        gc.collect()
        with pytest.raises(CrashStorageError, match="closed"):
            storage.get_raw_crash(CRASH_ID)


def test_every_third_answer_an_error_loses_nothing(make, seaweedfs):
    # By chance: what is tried again and again must not meet the same fault each time.
    chance = random.Random(3)

    def choose(_method, _path):
        return chance.choice((SLOW_DOWN, INTERNAL_ERROR, None, None, None, None))

    with HTTPFaults(seaweedfs.port) as faults:
        faults.choose = choose
        options = PATIENT | {"backoff_delays": (0.01,) * 500}
        savers = Savers(make(port=faults.port, **options), 60)
        with savers.at_work():
            pass
        assert savers.errors == []
    savers.storage = make()
    savers.check()


def test_failures_leave_nothing_behind_in_memory(make, seaweedfs):
    """Threads, sockets and memory after many failures are what they were after a few."""
    with HTTPFaults(seaweedfs.port) as faults:
        storage = make(port=faults.port)
        storage.save_raw_crash(RAW, DUMPS, ELSEWHERE)
        faults.choose = lambda method, path: INTERNAL_ERROR if "/dump/" in path else None

        def fail(times):
            for _ in range(times):
                with pytest.raises(StorageUnavailable):
                    storage.save_raw_crash(RAW, {None: b"x" * 100_000}, CRASH_ID)
                with pytest.raises(StorageUnavailable):
                    storage.get_raw_dumps_as_files(ELSEWHERE)
            faults.seen.clear()
            gc.collect()
            return threading.active_count(), _open_files(), _resident()

        threads, files, resident = fail(5)
        more_threads, more_files, more_resident = fail(30)
        assert more_threads <= threads + 2
        assert more_files <= files + 4
        assert more_resident - resident < 12 << 20


def _open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize(
    "wrong",
    [{"secret_access_key": "not-the-secret"}, {"access_key": "nobody"}],
    ids=["secret", "key"],
)
def test_who_may_not_is_told_so_at_once(make, seaweedfs, wrong):
    with HTTPFaults(seaweedfs.port) as faults:
        storage = make(port=faults.port, backoff_delays=(0, 0, 0), **wrong)
        for use in (
            lambda: storage.get_raw_crash(CRASH_ID),
            lambda: storage.save_processed(PROCESSED),
            lambda: list(storage.list_crashes()),
        ):
            faults.seen.clear()
            with pytest.raises(StorageUnavailable, match=r"\(403\)") as caught:
                use()
            assert not caught.value.retryable
            assert "not-the-secret" not in repr(caught.value)
            assert len(faults.seen) == 1


@pytest.mark.parametrize(
    "read",
    [
        lambda storage: storage.get_raw_crash(CRASH_ID),
        lambda storage: storage.get_raw_dumps(CRASH_ID),
        lambda storage: storage.get_processed(CRASH_ID),
        lambda storage: storage.remove(CRASH_ID),
        lambda storage: list(storage.list_crashes()),
    ],
)
def test_a_missing_bucket_is_no_missing_crash(make, bucket, read):
    with pytest.raises(StorageUnavailable, match="-missing' at http") as caught:
        read(make(bucket_name=f"{bucket}-missing", backoff_delays=(0,)))
    assert not caught.value.retryable
