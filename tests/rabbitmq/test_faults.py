"""Brokers that die, stop, refuse and run out of memory; connections that break."""

import contextlib
import gc
import itertools
import logging
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from rabbitmq.crashes import CRASH_ID, IDS, SECOND, THIRD, drain, elsewhere, in_threads, save
from servers import rabbitmq
from servers.proxy import Proxy
from socorro_fast import RabbitMQCrashStorage, StorageUnavailable
from socorro_fast.rabbitmq import (
    ConnectionContext,
    ConnectionContextPooled,
    ConnectionContextShared,
)
from socorro_fast.rabbitmq.io_thread import IOThread

ENDLESS = {
    "transaction_executor_class": "TransactionExecutorWithInfiniteBackoff",
    "backoff_delays": (0, 0.5),
}
ONCE = {"transaction_executor_class": "TransactionExecutor"}


@pytest.fixture
def broker():
    """The session's own broker: what is done here is not done to others'."""
    return rabbitmq.own()


@pytest.fixture(autouse=True)
def quiet():
    # pika logs each lost connection with its stack; that is what happens here all the time.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def until(condition):
    """Wait for what has no event, being another program's; the test's own time limit ends it."""
    while not condition():
        threading.Event().wait(0.02)


def closed_in(storage):
    """Close a storage; return the seconds that took."""
    begun = time.monotonic()
    storage.close()
    return time.monotonic() - begun


@contextlib.contextmanager
def in_background(call, *args):
    """Call in a thread for as long as the block runs; what it raises is raised at the end."""
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(call, *args)
        yield
        called.result()


def fails_to_save(storage, crash_id):
    with pytest.raises(StorageUnavailable):
        save(storage, crash_id)


def our_threads():
    return [each for each in threading.enumerate() if each.name.startswith("rabbitmq ")]


def save_counting(storage, crash_ids, at, event):
    """Save in eight threads; set the event when so many saves have returned."""
    saved = itertools.count(1)

    def one(crash_id):
        save(storage, crash_id)
        if next(saved) == at:
            event.set()

    in_threads(one, crash_ids)


def _interrupt(_number, _frame):
    raise InterruptedError


def interrupt_once(condition):
    until(condition)
    os.kill(os.getpid(), signal.SIGUSR1)


def test_a_saver_that_is_interrupted_keeps_no_other_waiting(make):
    # Savers wake one another: one that has left must not be the end of that.
    storage = make(response_timeout=5, blocked_connection_timeout=5, **ONCE)
    save(storage, IDS[0])
    with storage._saving() as connection:
        publisher = connection._ready_publisher()
        held, let_go = threading.Event(), threading.Event()
        connection.thread.call(lambda: held.set() or let_go.wait())
        held.wait()
    before = signal.signal(signal.SIGUSR1, _interrupt)
    try:
        with (
            pytest.raises(InterruptedError),
            in_background(interrupt_once, lambda: publisher._queued),
        ):
            save(storage, IDS[1])
    finally:
        signal.signal(signal.SIGUSR1, before)
    with in_background(in_threads, partial(save, storage), IDS[2:10]):
        until(lambda: len(publisher._queued) == 9)
        let_go.set()
    assert set(drain(storage)) == set(IDS[:10])


class TestBroker:
    def test_killed_and_restarted_in_the_middle_of_saves_and_of_a_pass(self, own_broker, make):
        taker, saver = make(**ENDLESS), make(**ENDLESS)
        save(saver, *IDS[:3])
        walk = taker.new_crashes()
        assert next(walk) == CRASH_ID
        middle = threading.Event()

        def kill():
            middle.wait()
            own_broker.kill()
            own_broker.start()

        killer = threading.Thread(target=kill)
        killer.start()
        save_counting(saver, IDS[3:], 300, middle)
        killer.join()
        # Its tag is of a connection that is no more: the crash comes again, to this pass even.
        taker.ack_crash(CRASH_ID)
        taken = [taker.ack_crash(each) for each in walk]
        assert set(taken) == set(IDS)
        assert drain(taker) == []
        assert len(our_threads()) == 2
        assert max(closed_in(taker), closed_in(saver)) < 5

    def test_stopped_for_5_seconds(self, own_broker, make):
        storage, other = make(**ONCE), make()
        save(storage, *IDS[:100])
        save(other, IDS[100])
        middle = threading.Event()

        def pause():
            middle.wait()
            own_broker.pause()
            begun = time.monotonic()
            took = closed_in(other)
            threading.Event().wait(max(0, 5 - (time.monotonic() - begun)))
            own_broker.resume()
            assert took < 5

        with in_background(pause):
            save_counting(storage, IDS[101:], 300, middle)
        assert set(drain(storage)) == set(IDS)

    def test_memory_alarm_blocks_and_then_fails_what_saves_but_not_what_takes(
        self, own_broker, make
    ):
        storage = make(blocked_connection_timeout=0.5, **ONCE)
        save(storage, CRASH_ID)
        own_broker.ctl("set_vm_memory_high_watermark", "0.0000001")
        try:
            with pytest.raises(StorageUnavailable, match="blocks publishers") as caught:
                save(storage, SECOND)
            assert caught.value.retryable
            assert drain(storage)[0] == CRASH_ID
            waiting = make()
            with in_background(fails_to_save, waiting, THIRD):
                until(lambda: waiting._saving._kept and publishing(waiting))
                assert closed_in(waiting) < 5
        finally:
            own_broker.ctl("set_vm_memory_high_watermark", "0.4")
        save(storage, SECOND)
        assert SECOND in drain(storage)


def publishing(storage):
    (connection,) = storage._saving._kept.values()
    return connection._publisher is not None and connection._publisher._flying


class TestConnections:
    @pytest.fixture
    def through(self, make, proxy):
        """Make storages that reach the broker through the proxy."""
        return lambda **more: make(port=proxy.port, **more)

    @pytest.mark.parametrize("context", [ConnectionContextPooled, ConnectionContextShared])
    def test_cut_one_by_one_while_threads_save(self, through, make, proxy, context):
        storage = through(rabbitmq_class=context, **ENDLESS)
        over = threading.Event()
        cuts = []

        def cut():
            while not over.is_set():
                cuts.append(proxy.cut_one())
                over.wait(0.03)

        with in_background(cut):
            try:
                in_threads(lambda each: save(storage, each), IDS)
            finally:
                over.set()
        assert sum(cuts) >= 3
        assert set(drain(make())) == set(IDS)
        limit = 8 if context is ConnectionContextPooled else 1
        until(lambda: proxy.connections <= limit)
        assert closed_in(storage) < 5
        until(lambda: not proxy.connections)

    def test_cut_while_crashes_are_taken(self, through, make, proxy):
        save_all = make().save_many(({}, None, each) for each in IDS)
        assert not any(save_all)
        storage = through(**ENDLESS)
        taken = []
        for each in storage.new_crashes():
            taken.append(storage.ack_crash(each))
            if len(taken) in range(50, 1000, 200):
                proxy.cut()
        assert set(taken) == set(IDS)
        assert proxy.accepted >= 5
        until(lambda: len(our_threads()) <= 2)
        storage.close()
        assert drain(make()) == []

    @pytest.mark.parametrize("sent", [5, 100, 400, 700, 900, 1000, 1200, 5000])
    def test_cut_after_so_many_bytes(self, through, make, proxy, sent):
        storage = through(**ONCE)
        saved = []
        with proxy.while_(cut_after=sent):
            for each in IDS[:20]:
                (outcome,) = storage.save_many([({}, None, each)])
                if outcome is None:
                    saved.append(each)
                else:
                    assert outcome.retryable
                    assert outcome.__cause__ is not None
        save(storage, IDS[20])
        assert set(saved) <= set(drain(make())) <= set(IDS[:21])

    def test_slow(self, through, make, proxy):
        storage = through()
        with proxy.while_(latency=0.02):
            in_threads(lambda each: save(storage, each), IDS[:40])
            assert sorted(drain(storage)) == IDS[:40]

    @pytest.mark.parametrize("context", [ConnectionContext, ConnectionContextShared])
    def test_half_open(self, through, make, proxy, context):
        storage = through(
            rabbitmq_class=context,
            response_timeout=0.5,
            connect_timeout=0.5,
            blocked_connection_timeout=0.1,
            **ONCE,
        )
        save(storage, CRASH_ID)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID
        with proxy.while_(swallows=True):
            with pytest.raises(StorageUnavailable) as caught:
                save(storage, SECOND)
            assert caught.value.retryable
            with pytest.raises(StorageUnavailable):
                next(walk)
            assert closed_in(through(**ONCE)) < 5
        save(storage, SECOND)
        assert set(drain(storage)) == {CRASH_ID, SECOND}

    def test_closing_a_half_open_one_does_not_hang(self, through, proxy):
        storage = through(heartbeat=0)
        save(storage, CRASH_ID)
        assert next(storage.new_crashes()) == CRASH_ID
        with proxy.while_(swallows=True):
            assert closed_in(storage) < 5

    def test_closing_while_it_connects_does_not_hang(self, through, proxy):
        storage = through(heartbeat=0)
        with proxy.while_(swallows=True), in_background(fails_to_save, storage, CRASH_ID):
            until(lambda: proxy.connections)
            assert closed_in(storage) < 5

    def test_signs_of_life_go_on_while_work_is_long(self, through, proxy):
        # The broker gives up a connection that is silent for twice that time.
        storage = through(heartbeat=1)
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID
        threading.Event().wait(3.5)
        storage.ack_crash(CRASH_ID)
        assert [*walk] == [SECOND]
        save(storage, THIRD)
        assert proxy.accepted == 2


class TestRetries:
    def attempts(self, proxy, storage):
        before = proxy.accepted
        with pytest.raises(StorageUnavailable) as caught:
            save(storage, CRASH_ID)
        return proxy.accepted - before, caught.value

    def test_what_may_pass_is_tried_again(self, make, proxy):
        storage = make(port=proxy.port, backoff_delays=(0, 0, 0))
        with proxy.while_(refuses=True):
            tries, error = self.attempts(proxy, storage)
        assert (tries, error.retryable) == (4, True)
        save(storage, CRASH_ID)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"rabbitmq_password": "hunter2"}, "it refused user or password"),
            ({"virtual_host": "nowhere"}, "it refused the virtual host"),
        ],
    )
    def test_what_will_not_is_not(self, make, proxy, wrong, message):
        tries, error = self.attempts(proxy, make(port=proxy.port, backoff_delays=(0, 0), **wrong))
        assert (tries, error.retryable) == (1, False)
        assert message in str(error)
        assert "hunter2" not in repr(error)

    def test_no_queue_is_not(self, make, proxy):
        storage = make(port=proxy.port, routing_key="nowhere", backoff_delays=(0, 0))
        assert self.attempts(proxy, storage)[0] == 1

    def test_nobody_listens(self, make):
        with Proxy(1) as proxy:
            port = proxy.port
        with pytest.raises(StorageUnavailable, match="connection refused") as caught:
            save(make(port=port, **ONCE), CRASH_ID)
        assert caught.value.retryable

    def test_closing_ends_the_wait(self, make, proxy):
        storage = make(port=proxy.port, backoff_delays=(600,))
        with proxy.while_(refuses=True), in_background(fails_to_save, storage, CRASH_ID):
            until(lambda: proxy.accepted)
            assert closed_in(storage) < 5


def test_passwords_show_nowhere(make, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("pika").setLevel(logging.DEBUG)
    storage = make(rabbitmq_password="hunter2", **ONCE)
    with pytest.raises(StorageUnavailable) as caught:
        save(storage, CRASH_ID)
    shown = [
        repr(storage),
        storage.describe(),
        repr(storage._saving),
        repr(caught.value),
        caplog.text,
    ]
    assert "hunter2" not in "\n".join(shown)
    assert "ConnectionParameters" in caplog.text


def test_nothing_is_left_of_storages_that_are_closed(make, proxy):
    for context in (ConnectionContext, ConnectionContextPooled, ConnectionContextShared):
        storage = make(port=proxy.port, rabbitmq_class=context)
        in_threads(partial(save, storage), IDS[:16])
        assert sorted(drain(storage)) == IDS[:16]
        storage.close()
    until(lambda: not proxy.connections and not our_threads())


def test_a_storage_that_nobody_holds_gives_back_what_it_had(options, make):
    storage = RabbitMQCrashStorage(**options())
    save(storage, CRASH_ID)
    assert next(storage.new_crashes()) == CRASH_ID
    del storage
    gc.collect()
    until(lambda: not our_threads())
    assert drain(make()) == [CRASH_ID]


def test_nothing_is_left_of_connections_that_were_cut(make, proxy, caplog):
    # A record of a retry has the error, whose stack has the connection, and pytest keeps all.
    caplog.set_level(logging.CRITICAL, "socorro_fast")
    storage = make(port=proxy.port, **ENDLESS)
    for each in IDS[:20]:
        save(storage, each)
        assert each in drain(storage)
        proxy.cut()
    until(lambda: not any(each.is_alive for each in threads_of_connections()))
    save(storage, CRASH_ID)
    gc.collect()
    assert len(threads_of_connections()) <= 3
    assert proxy.connections <= 2


def threads_of_connections():
    return [each for each in gc.get_objects() if type(each) is IOThread]


def test_channels_do_not_grow(make, channel, options):
    storage = make()
    for each in IDS[:5]:
        save(storage, each)
        storage.count()
        with pytest.raises(StorageUnavailable):
            storage.count("nowhere")
        channel.queue_delete(options()["standard_queue_name"])
        with pytest.raises(StorageUnavailable):
            save(storage, each)
    with storage._saving() as connection:
        until(lambda: len(connection.thread.connection._channels) == 1)


def test_a_thread_of_the_pool_that_has_no_connection_gives_up_that_of_no_other(make, proxy):
    # The original's forgot another thread's then.
    storage = make(port=proxy.port, rabbitmq_class=ConnectionContextPooled)
    with ThreadPoolExecutor(1) as worker:
        for each in IDS[:3]:
            save(storage, each)
            worker.submit(save, storage, each).result()
            elsewhere(storage._saving.force_reconnect)
    assert proxy.accepted == 2


def test_the_pool_closes_connections_of_threads_that_ended(make, proxy):
    storage = make(port=proxy.port, rabbitmq_class=ConnectionContextPooled)
    for each in IDS[:10]:
        in_threads(lambda it: save(storage, it), [each], threads=1)
    until(lambda: proxy.connections <= 1)
    assert proxy.accepted == 10
    save(storage, IDS[10])
    storage._saving.force_reconnect()
    save(storage, IDS[11])
    until(lambda: proxy.connections <= 1)
