"""Taking new crashes: order, turns, acknowledgements, what is no crash."""

import os
import re
import threading
from pathlib import Path

import pytest

from rabbitmq.crashes import (
    CRASH_ID,
    IDS,
    SECOND,
    THIRD,
    deliveries,
    drain,
    elsewhere,
    save,
)
from socorro_fast import (
    CrashStorageError,
    PriorityjobRabbitMQCrashStore,
    ReprocessingRabbitMQCrashStore,
    RMQNewCrashSource,
    StorageUnavailable,
)

# A frame of AMQP: its type, channel and size, then the class and the method.
BASIC_DELIVER = re.compile(rb"\x01.{6}\0\x3c\0\x3c", re.DOTALL)
BOTH_WAYS = pytest.mark.parametrize("consume", ["prefetch", "poll"])


@pytest.fixture
def fill(make):
    """Queue crashes: `fill(priority=IDS[:3], standard=IDS[3:6])`."""
    stores = {
        "standard": make(),
        "priority": make(PriorityjobRabbitMQCrashStore),
        "reprocessing": make(ReprocessingRabbitMQCrashStore),
    }

    def fill(**crash_ids):
        for kind, each in crash_ids.items():
            stores[kind].save_many(({}, {}, it) for it in each)

    return fill


def ready(channel, options, kind="standard"):
    name = options()[f"{kind}_queue_name"]
    return channel.queue_declare(name, passive=True).method.message_count


@BOTH_WAYS
class TestTurns:
    def test_priority_goes_first(self, make, fill, consume):
        fill(standard=IDS[:3], priority=IDS[3:6])
        assert drain(make(consume=consume)) == [*IDS[3:6], *IDS[:3]]

    def test_priority_goes_before_what_was_taken_ahead(self, make, fill, consume):
        fill(standard=IDS[:50])
        walk = make(consume=consume).new_crashes()
        assert [next(walk) for _ in range(3)] == IDS[:3]
        fill(priority=IDS[50:52])
        soon = [next(walk) for _ in range(5)]
        assert set(IDS[50:52]) <= set(soon)

    def test_standard_and_reprocessing_alternate(self, make, fill, consume):
        fill(standard=IDS[:3], reprocessing=IDS[3:6])
        taken = drain(make(consume=consume))
        assert taken == [each for pair in zip(IDS[:3], IDS[3:6], strict=True) for each in pair]

    def test_each_queue_has_its_turn_from_the_first_crash_on(self, make, fill, proxy, consume):
        # Queues push side by side: one was through before the next had begun, once in a while.
        fill(standard=IDS[:3], reprocessing=IDS[3:6])
        proxy.holds = BASIC_DELIVER
        taken = [*make(port=proxy.port, consume=consume).new_crashes()]
        assert taken == [each for pair in zip(IDS[:3], IDS[3:6], strict=True) for each in pair]

    def test_priority_leaves_the_others_a_turn(self, make, fill, consume):
        fill(priority=IDS[:50], standard=IDS[50:52], reprocessing=IDS[52:54])
        taken = drain(make(consume=consume))
        assert taken[10] == IDS[50]
        assert taken[21] == IDS[52]
        assert sorted(taken) == IDS[:54]

    def test_more_than_is_pushed_ahead_may_be_in_hand(self, make, fill, consume):
        fill(standard=IDS[:50], priority=IDS[50:60])
        assert sorted(make(consume=consume, prefetch_count=3).new_crashes()) == IDS[:60]


@BOTH_WAYS
class TestDuplicates:
    """One crash in several messages: handed out once at a time, and nothing lost of it."""

    def test_waiting_ones_are_one(self, make, fill, channel, options, consume):
        fill(standard=[CRASH_ID, SECOND, CRASH_ID], priority=[CRASH_ID], reprocessing=[CRASH_ID])
        storage = make(consume=consume)
        walk = storage.new_crashes()
        first = next(walk)
        assert (first, [*walk]) == (CRASH_ID, [SECOND])
        storage.ack_crash(CRASH_ID)
        storage.ack_crash(SECOND)
        # At most one message of it is left, in case it was saved after it was handed out.
        assert drain(storage) in ([], [CRASH_ID])
        assert drain(storage) == []
        storage.close()
        assert [
            ready(channel, options, kind) for kind in ("standard", "priority", "reprocessing")
        ] == [0, 0, 0]

    def test_one_in_the_last_queue_is_not_handed_out_again(self, make, fill, consume):
        # The original handed it out once more and lost the first one's acknowledgement.
        fill(standard=[CRASH_ID])
        storage = make(consume=consume)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID
        fill(reprocessing=[CRASH_ID], priority=[CRASH_ID])
        assert [*walk] == []
        assert deliveries(storage).is_alive
        storage.ack_crash(CRASH_ID)
        assert drain(storage) == [CRASH_ID]
        assert drain(storage) == []
        storage.close()
        assert drain(make()) == []

    def test_a_thousand_of_one_in_hand_leave_one(self, make, fill, channel, options, consume):
        fill(standard=[CRASH_ID])
        storage = make(consume=consume)
        assert [*storage.new_crashes()] == [CRASH_ID]
        fill(standard=[CRASH_ID] * 300)
        assert [*storage.new_crashes()] == []
        deliveries(storage).sync()
        assert ready(channel, options) == 1


class TestSettling:
    def test_an_ack_of_another_thread_reaches_the_broker_at_once(
        self, make, options, opened, proxy
    ):
        # The original's waited for the next crash to be asked for.
        storage = make(port=proxy.port)
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        assert [next(walk), next(walk)] == [CRASH_ID, SECOND]
        elsewhere(storage.ack_crash, CRASH_ID)
        deliveries(storage).sync()
        proxy.cut()
        assert drain_until(make(), [SECOND]) == [SECOND]

    @BOTH_WAYS
    def test_a_release_of_another_thread_is_for_others_at_once(self, make, consume):
        storage, other = make(consume=consume), make()
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        assert [next(walk), next(walk)] == [CRASH_ID, SECOND]
        elsewhere(storage.release_crash, CRASH_ID)
        assert drain(other) == [CRASH_ID]
        assert [*walk] == []

    @BOTH_WAYS
    def test_a_pass_ends_soon_after_a_release_that_another_got(
        self, make, channel, options, consume
    ):
        storage = make(consume=consume, prefetch_count=10)
        save(storage, *IDS[:50])
        walk = storage.new_crashes()
        storage.release_crash(next(walk))
        assert channel.basic_get(options()["standard_queue_name"])[2] == CRASH_ID.encode()
        assert [*walk] == IDS[1:11]

    def test_a_walk_that_ends_in_the_thread_of_the_connection_does_not_wait_for_it(self, make):
        # The garbage collector ends walks in whatever thread it comes by.
        storage = make(ack="advance", response_timeout=2)
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID
        mine = deliveries(storage)
        mine.thread.call(walk.close)
        assert drain_until(make(), [CRASH_ID, SECOND]) == [CRASH_ID, SECOND]
        assert mine.is_alive

    def test_a_released_crash_does_not_come_back_in_the_same_pass(self, storage):
        save(storage, CRASH_ID, SECOND)
        assert [storage.release_crash(each) for each in storage.new_crashes()] == [CRASH_ID, SECOND]
        assert drain(storage) == [CRASH_ID, SECOND]

    def test_a_pass_ends_in_time_for_what_was_released(self, make):
        storage = make(prefetch_count=10)
        save(storage, *IDS[:50])
        walk = storage.new_crashes()
        storage.release_crash(next(walk))
        first = [storage.ack_crash(each) for each in walk]
        assert 10 <= len(first) < 49
        assert drain(storage)[0] == IDS[0]

    def test_acks_in_any_order_settle_those_and_no_others(self, make):
        storage = make()
        save(storage, *IDS[:60])
        taken = [*storage.new_crashes()]
        for each in reversed(taken[::3]):
            storage.ack_crash(each)
        for each in taken[1::3]:
            storage.release_crash(each)
        storage.close()
        assert sorted(drain(make())) == sorted(set(taken) - set(taken[::3]))

    def test_what_was_taken_ahead_is_for_others_when_a_pass_ends(self, make):
        storage, other = make(), make()
        save(storage, *IDS[:20])
        walk = storage.new_crashes()
        assert next(walk) == IDS[0]
        assert [*other.new_crashes()] == []
        walk.close()
        assert drain(other) == IDS[1:20]

    def test_a_dropped_walk_gives_back_what_it_has(self, make):
        storage = make()
        save(storage, *IDS[:20])
        for first in storage.new_crashes():
            assert first == IDS[0]
            break
        assert drain(make()) == IDS[1:20]


def drain_until(storage, wanted):
    """Drain until all that is wanted has come; the test's own time limit ends it."""
    taken = []
    while len(taken) < len(wanted):
        taken += drain(storage)
    return taken


@BOTH_WAYS
class TestPoison:
    BODIES = (
        b"",
        b"not a crash",
        b"AABBCCCC-0000-4000-8000-000002180601",
        b"\xff\xfe",
        b"x" * 10_000_000,
    )

    def publish(self, channel, queue):
        for body in self.BODIES:
            channel.basic_publish("", queue, body)

    def test_is_refused_once_and_logged(self, make, channel, options, consume, caplog):
        storage = make(consume=consume)
        save(storage, CRASH_ID)
        self.publish(channel, options()["standard_queue_name"])
        save(storage, SECOND)
        assert drain(storage) == [CRASH_ID, SECOND]
        refused = [
            each for each in caplog.messages if each.startswith("refused a message of queue")
        ]
        assert len(refused) == len(self.BODIES)
        assert max(map(len, refused)) < 500
        assert drain(storage) == []
        assert ready(channel, options) == 0

    def test_goes_where_the_queue_says(self, make, channel, options, consume):
        dead, name = (
            options()["reprocessing_queue_name"] + ".dead",
            options()["standard_queue_name"],
        )
        channel.queue_declare(dead, exclusive=True)
        channel.queue_declare(
            name,
            durable=True,
            arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead},
        )
        self.publish(channel, name)
        assert drain(make(consume=consume)) == []
        bodies = [channel.basic_get(dead, auto_ack=True)[2] for _ in self.BODIES]
        assert sorted(bodies) == sorted(self.BODIES)


class TestSource:
    def test_yields_jobs_that_acknowledge(self, make):
        storage = make()
        save(storage, CRASH_ID, SECOND)
        source = RMQNewCrashSource(storage)
        for (crash_id,), more in source:
            assert more["finished_func"]() == crash_id
        source.close()
        storage.close()
        assert drain(make()) == []

    def test_the_quit_check_ends_it(self, make):
        asked = threading.Event()

        def quit_check():
            if asked.is_set():
                raise KeyboardInterrupt

        storage = make(quit_check_callback=quit_check)
        save(storage, CRASH_ID, SECOND)
        jobs = RMQNewCrashSource(storage)()
        next(jobs)
        asked.set()
        with pytest.raises(KeyboardInterrupt):
            next(jobs)


def test_a_deleted_queue_is_an_error_and_made_anew_for_the_next_pass(storage, channel, options):
    save(storage, CRASH_ID)
    walk = storage.new_crashes()
    assert next(walk) == CRASH_ID
    channel.queue_delete(options()["priority_queue_name"])
    with pytest.raises(StorageUnavailable) as caught:
        next(walk)
    assert not caught.value.retryable
    storage.ack_crash(CRASH_ID)
    save(storage, SECOND)
    assert SECOND in drain(storage)
    assert ready(channel, options, "priority") == 0


def test_memory_stays_flat_over_100_000_messages(make):
    storage = make()
    ids = (f"{number:08x}-0000-4000-8000-000002180601" for number in range(100_000))
    assert not any(storage.save_many(({}, None, each) for each in ids))
    sizes = []
    for number, each in enumerate(storage.new_crashes(), 1):
        storage.ack_crash(each)
        if number % 10_000 == 0:
            sizes.append(resident())
    assert len(sizes) == 10
    assert sizes[-1] - sizes[1] < 4_000_000


def resident():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class TestFork:
    def in_child(self, call):
        pid = os.fork()
        if pid == 0:
            try:
                call()
            except BaseException:  # noqa: BLE001 - pytest must not go on in the child
                os._exit(1)
            os._exit(0)
        return os.waitpid(pid, 0)[1]

    def test_both_go_on_and_the_parent_keeps_its_claims(self, storage, make):
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID

        def child():
            storage.ack_crash(CRASH_ID)
            save(storage, THIRD)
            storage.close()

        assert self.in_child(child) == 0
        assert next(walk) == SECOND
        assert [*walk] == [THIRD]
        storage.close()
        assert sorted(drain(make())) == [CRASH_ID, SECOND, THIRD]

    def test_a_pass_does_not_go_on_in_the_child(self, storage):
        save(storage, CRASH_ID, SECOND)
        walk = storage.new_crashes()
        next(walk)

        def child():
            with pytest.raises(CrashStorageError, match="child of a fork"):
                next(walk)

        assert self.in_child(child) == 0
        assert [*walk] == [SECOND]
