"""A server that dies, hangs, fills up and refuses; networks that break. A server of our own."""

import contextlib
import gc
import os
import subprocess
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from contract.forking import in_child
from contract.samples import CRASH_ID, ELSEWHERE, RAW
from postgresql.faults import IMPATIENT, PATIENT, Savers, check, crash
from servers.postgresql import PostgreSQL
from servers.proxy import Proxy
from socorro_fast import (
    FallbackCrashStorage,
    InMemoryCrashStorage,
    PostgreSQLCrashStorage,
    StorageUnavailable,
)

pytestmark = pytest.mark.own_database


@pytest.fixture(scope="module")
def victim():
    """A server to be killed and paused; who logs in as `locked` needs a password."""
    server = PostgreSQL("deadlock_timeout=100ms")
    hba = server.data / "pg_hba.conf"
    hba.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{hba.read_text()}")
    server.start()
    yield server
    server.throw_away()


@pytest.fixture(scope="module")
def server(victim):
    return victim.address


@pytest.fixture
def sql(server, database):
    """Run SQL over a connection of its own each time: the server comes and goes."""
    return lambda text: server.run(text, database)


@pytest.fixture
def proxy(victim):
    with Proxy(victim.port) as proxy:
        yield proxy


@pytest.fixture
def proxied(make, proxy):
    """Make storages whose connections go through the proxy."""
    return lambda **more: make(database_port=proxy.port, **more)


class TestKilled:
    @pytest.mark.parametrize("executor", [PATIENT, IMPATIENT], ids=["patient", "impatient"])
    def test_amid_a_thousand_saves_from_eight_threads(self, victim, make, sql, executor):
        storage = make(**executor)
        with Savers(storage, 1000) as savers:
            savers.wait_for(300)
            victim.kill()
            savers.wait_for(50 if executor is IMPATIENT else 0)
            victim.start()
        assert len(savers.saved) + len(savers.failed) == 1000
        assert all(error.retryable for error in savers.failed.values())
        assert bool(savers.failed) == (executor is IMPATIENT)
        check(savers, storage, sql)

    def test_it_is_unavailable_and_then_there_again(self, victim, make):
        storage = make(**IMPATIENT)
        storage.save_raw_crash(RAW, None, CRASH_ID)
        victim.kill()
        try:
            outcomes = storage.save_many([(RAW, None, ELSEWHERE)] * 2)
            assert [type(each) for each in outcomes] == [StorageUnavailable] * 2
            for _ in range(2):
                with pytest.raises(StorageUnavailable, match="cannot get raw crash") as caught:
                    storage.get_raw_crash(CRASH_ID)
                assert caught.value.retryable
        finally:
            victim.start()
        assert storage.get_raw_crash(CRASH_ID) == RAW

    def test_a_storage_closes_and_a_fallback_takes_over(self, victim, make, options):
        primary, spare = make(**IMPATIENT), InMemoryCrashStorage()
        primary.save_raw_crash(RAW, None, CRASH_ID)
        storage = FallbackCrashStorage(primary=primary, fallback=spare)
        victim.kill()
        try:
            storage.save_raw_crash(RAW, None, ELSEWHERE)
            assert spare.get_raw_crash(ELSEWHERE) == RAW
            storage.close()
        finally:
            victim.start()

    def test_closing_ends_the_wait_between_two_tries(self, victim, options):
        storage = PostgreSQLCrashStorage(**options, backoff_delays=(600,))
        victim.kill()
        try:
            with ThreadPoolExecutor(1) as thread:
                save = thread.submit(storage.save_raw_crash, RAW, None, CRASH_ID)
                with contextlib.suppress(TimeoutError):
                    save.result(0.3)
                storage.close()
                with pytest.raises(StorageUnavailable):
                    save.result(5)
        finally:
            victim.start()


class TestPaused:
    def test_for_five_seconds(self, victim, make, options, sql):
        waiting, hasty = make(), make(response_timeout=0.2, **IMPATIENT)
        stuck = PostgreSQLCrashStorage(**options, response_timeout=0)
        for storage in (waiting, hasty, stuck):
            storage.save_raw_crash(RAW, None, CRASH_ID)
        victim.pause()
        resume = threading.Timer(5, victim.resume)
        resume.start()
        try:
            with Savers(waiting, 100) as savers, ThreadPoolExecutor(2) as threads:
                with pytest.raises(StorageUnavailable, match=r"not answer within 0.2 s") as caught:
                    hasty.save_raw_crash({"new": 1}, None, CRASH_ID)
                assert caught.value.retryable
                save = threads.submit(stuck.save_raw_crash, RAW, None, ELSEWHERE)
                with contextlib.suppress(TimeoutError):
                    save.result(0.5)
                threads.submit(stuck.close).result(4)
                assert not save.done(), "it must still wait for the server: this proves nothing"
        finally:
            resume.join()
        save.result(5)
        assert (len(savers.saved), savers.failed) == (100, {})
        waiting.remove(CRASH_ID)
        waiting.remove(ELSEWHERE)
        check(savers, waiting, sql)


class TestNetwork:
    def test_connections_cut_one_by_one(self, proxied, proxy, sql):
        storage = proxied(**PATIENT)
        cuts = 0
        with proxy.while_(latency=0.001), Savers(storage, 300) as savers:
            for _ in range(20):
                savers.wait_for(10)
                cuts += proxy.cut_one()
        assert cuts > 0
        assert savers.failed == {}
        check(savers, storage, sql)
        assert proxy.connections <= 8

    def test_connections_cut_under_who_tries_once(self, proxied, proxy, sql):
        storage = proxied(**IMPATIENT)
        with proxy.while_(latency=0.001), Savers(storage, 200) as savers:
            for _ in range(10):
                savers.wait_for(10)
                proxy.cut_one()
        assert savers.failed != {}
        assert all(error.retryable for error in savers.failed.values())
        check(savers, storage, sql)

    def test_half_open(self, proxied, proxy):
        storage = proxied(response_timeout=0.3, connect_timeout=2, **PATIENT)
        storage.save_raw_crash(RAW, None, CRASH_ID)
        with ThreadPoolExecutor(1) as thread:
            with proxy.while_(swallows=True):
                save = thread.submit(storage.save_raw_crash, {"new": 1}, None, CRASH_ID)
                with contextlib.suppress(TimeoutError):
                    save.result(0.5)
                assert not save.done()
            save.result(20)
        assert storage.get_raw_crash(CRASH_ID) == {"new": 1}

    @pytest.mark.parametrize("after", [1, 50, 120, 400, 800, 2000, 5000, 30_000])
    def test_cut_after_so_many_bytes(self, make, proxied, proxy, after, sql):
        direct = make()
        old, new = {"v": 1}, {"v": 2, "text": "x" * 40_000}
        report = {"uuid": CRASH_ID, "signature": "old"}
        direct.save_raw_and_processed(old, None, report, CRASH_ID)
        storage = proxied(**IMPATIENT)
        with proxy.while_(cut_after=after), pytest.raises(StorageUnavailable) as caught:
            storage.save_raw_and_processed(new, None, report | {"signature": "new"}, CRASH_ID)
        assert caught.value.retryable
        assert direct.get_raw_crash(CRASH_ID) == old
        assert sql("SELECT signature FROM reports") == [("old",)]
        storage.save_raw_and_processed(new, None, report | {"signature": "new"}, CRASH_ID)
        assert direct.get_raw_crash(CRASH_ID) == new
        assert sql("SELECT signature FROM reports") == [("new",)]

    def test_an_answer_is_lost(self, proxied, proxy, sql):
        """The save is reported as failed, and is there; another one changes nothing."""
        storage = proxied(**IMPATIENT)
        storage.save_raw_crash({"v": 1}, None, CRASH_ID)
        plugin = {"PluginFilename": "f", "PluginName": "n", "PluginVersion": "1"}
        report = {"uuid": CRASH_ID, "signature": "new", "process_type": "plugin"} | plugin
        save = partial(storage.save_raw_and_processed, {"v": 2}, None, report, CRASH_ID)
        with proxy.while_(loses_answers=True), pytest.raises(StorageUnavailable) as caught:
            save()
        assert caught.value.retryable
        for _ in range(2):
            assert storage.get_raw_crash(CRASH_ID) == {"v": 2}
            assert storage.get_unredacted_processed(CRASH_ID) == report
            assert sql("SELECT signature FROM reports") == [("new",)]
            assert sql("SELECT version FROM plugins_reports JOIN plugins ON id = plugin_id") == [
                ("1",)
            ]
            assert list(storage.list_crashes()) == [CRASH_ID]
            save()

    def test_refused(self, proxied, proxy):
        storage = proxied(**IMPATIENT)
        with proxy.while_(refuses=True), pytest.raises(StorageUnavailable) as caught:
            storage.save_raw_crash(RAW, None, CRASH_ID)
        assert caught.value.retryable
        storage.save_raw_crash(RAW, None, CRASH_ID)


TERMINATE = (
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
    " WHERE application_name = 'socorro-fast' AND datname = current_database() LIMIT 1"
)


def test_backends_are_terminated(make, sql):
    storage = make(**PATIENT)
    ended = 0
    with Savers(storage, 300) as savers:
        for _ in range(15):
            savers.wait_for(15)
            ended += len(sql(TERMINATE))
    assert ended > 0
    assert savers.failed == {}
    check(savers, storage, sql)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_amid_saves(make, sql):
    storage = make(max_connections=4, **IMPATIENT)

    def save(number):
        raw, processed, each = crash(number)
        for _ in range(10):
            storage.save_raw_and_processed(raw, None, processed, each)
        assert storage.get_raw_crash(each) == raw

    with Savers(storage, 600) as savers:
        for number in range(600, 610):
            savers.wait_for(20)
            assert in_child(partial(save, number)) == 0
    assert savers.failed == {}
    for number in range(600, 610):
        storage.remove(crash(number)[2])
    check(savers, storage, sql)


def test_neither_memory_nor_connections_nor_threads_grow(make, proxied, proxy, sql):
    storage = proxied(max_connections=3, response_timeout=5, **IMPATIENT)

    def rounds(count):
        for number in range(count):
            raw, processed, each = crash(number)
            storage.save_raw_and_processed(raw, None, processed, each)
            proxy.cut()
            with contextlib.suppress(StorageUnavailable):
                storage.save_raw_and_processed(raw, None, processed, each)
            with proxy.while_(refuses=True), contextlib.suppress(StorageUnavailable):
                storage.get_raw_crash(each)

    def threads():
        return [each.name for each in threading.enumerate() if "_pump" not in each.name]

    rounds(10)
    before, threads_before = growth(lambda: rounds(10)), threads()
    assert growth(lambda: rounds(100)) < before + 100_000
    assert storage.connection_context.pool.size <= 1
    assert proxy.connections <= 1
    assert threads() == threads_before


def growth(call):
    """Return how many bytes more there are after a call."""
    tracemalloc.start()
    try:
        call()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


class TestTriedOnce:
    """Errors that trying again does not mend: the executor does not."""

    @pytest.fixture
    def refused(self, make, caplog):
        def call(why, **more):
            storage = make(**PATIENT | more)
            with pytest.raises(StorageUnavailable, match=why) as caught:
                storage.save_raw_crash(RAW, None, CRASH_ID)
            assert not caught.value.retryable
            assert "trying again" not in caplog.text
            return str(caught.value)

        return call

    def test_a_database_that_is_read_only(self, refused, make, server, sql, database):
        storage = make(**IMPATIENT)
        storage.save_raw_crash(RAW, None, CRASH_ID)
        sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        refused("read-only transaction")
        with make() as reader:
            assert reader.get_raw_crash(CRASH_ID) == RAW
        server.run(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        with make() as writer:
            writer.save_raw_crash({"new": 1}, None, CRASH_ID)
        assert storage.get_raw_crash(CRASH_ID) == {"new": 1}

    def test_a_wrong_password(self, refused, sql):
        with contextlib.suppress(Exception):
            sql("CREATE ROLE locked LOGIN PASSWORD 'right'")
        message = refused(
            "password authentication failed",
            database_username="locked",
            database_password="hunter2-wrong",
        )
        assert "hunter2" not in message

    def test_no_password(self, refused):
        refused("no password supplied|authentication failed", database_username="locked")

    def test_no_such_role_or_database(self, refused):
        refused('role "nobody" does not exist', database_username="nobody")
        refused('database "nowhere" does not exist', database_name="nowhere")


def test_too_many_connections_are_worth_another_try(make, sql):
    sql("DROP ROLE IF EXISTS limited; CREATE ROLE limited LOGIN CONNECTION LIMIT 0")
    storage = make(database_username="limited", **IMPATIENT)
    with pytest.raises(StorageUnavailable, match="too many connections") as caught:
        storage.save_raw_crash(RAW, None, CRASH_ID)
    assert caught.value.retryable


@pytest.mark.parametrize("retries", [IMPATIENT, PATIENT], ids=["once", "again"])
def test_a_deadlock_is_worth_another_try(make, server, database, retries):
    """Two batches in which the same crashes are locked in another order, by other programs."""
    storage = make(**retries)
    storage.save_many([(RAW, None, CRASH_ID), (RAW, None, ELSEWHERE)])
    with contextlib.closing(server.connect(database)) as other, ThreadPoolExecutor(1) as thread:
        other.autocommit = False
        cursor = other.cursor()
        update = "UPDATE raw_crashes SET exact = NULL WHERE uuid = %s"
        cursor.execute("SET deadlock_timeout = '1h'")
        cursor.execute(update, (CRASH_ID,))
        save = thread.submit(storage.save_many, [({}, None, CRASH_ID), ({}, None, ELSEWHERE)])
        # The batch has ELSEWHERE, which sorts first, and waits for CRASH_ID.
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while server.run(waits, database) == [(0,)]:
            pass
        cursor.execute(update, (ELSEWHERE,))
        other.commit()
        kinds = {type(outcome) for outcome in save.result(20)}
    assert kinds == ({StorageUnavailable} if retries is IMPATIENT else {type(None)})


@pytest.fixture
def small_disk(victim):
    """A tablespace with little room."""
    if os.getuid() != 0:
        pytest.skip("a full disk is a small file system, and only root may mount one")
    place = victim.root / "small"
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m,uid=65534,gid=65534,mode=700", "small", place],
        check=True,
    )
    try:
        victim.address.run(f"CREATE TABLESPACE small LOCATION '{place}'")
        yield place
        victim.address.run("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk(small_disk, make, server, database):
    server.run(f"ALTER DATABASE {database} SET TABLESPACE small")
    storage = make(**IMPATIENT)
    saved = []

    def fill():
        for number in range(2000):
            text = os.urandom(20_000).hex()
            raw, processed, each = crash(number)
            storage.save_raw_and_processed(raw | {"text": text}, None, processed, each)
            saved.append((each, text))

    with pytest.raises(StorageUnavailable, match="No space left") as caught:
        fill()
    assert caught.value.retryable
    assert saved
    assert list(storage.list_crashes()) == sorted(each for each, _ in saved)
    assert storage.get_raw_crash(saved[-1][0])["text"] == saved[-1][1]
    patient = make(**PATIENT)
    with ThreadPoolExecutor(1) as thread:
        save = thread.submit(patient.save_raw_crash, {"text": "x" * 10**6}, None, ELSEWHERE)
        subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
        save.result(20)
    assert len(list(storage.list_crashes())) == len(saved) + 1
