"""Saving: what is queued, where, and that it is there when a save returns."""

import math

import pika
import pytest

from contract.samples import CRASH_ID, DUMPS, RAW
from rabbitmq.crashes import IDS, SECOND, drain, in_threads, save
from socorro_fast import (
    ConfigurationError,
    InvalidCrashID,
    PriorityjobRabbitMQCrashStore,
    RabbitMQCrashStorage,
    ReprocessingOneRabbitMQCrashStore,
    ReprocessingRabbitMQCrashStore,
    StorageUnavailable,
)
from socorro_fast.compat.classic.dotdict import DotDict
from socorro_fast.rabbitmq import (
    ConnectionContext,
    ConnectionContextPooled,
    ConnectionContextShared,
)

CONTEXTS = [ConnectionContext, ConnectionContextPooled, ConnectionContextShared]


def test_a_message_is_the_id_as_text_and_persistent(storage, channel, options):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    method, properties, body = channel.basic_get(options()["standard_queue_name"])
    assert body == CRASH_ID.encode()
    assert properties.delivery_mode == pika.DeliveryMode.Persistent.value
    assert not method.redelivered


def test_queues_that_are_made_are_durable(storage, channel, options):
    save(storage, CRASH_ID)
    for name in (
        options()[f"{kind}_queue_name"] for kind in ("standard", "priority", "reprocessing")
    ):
        channel.queue_declare(name, durable=True)


def test_queues_that_are_there_are_taken_as_they_are(make, channel, options):
    name = options()["standard_queue_name"]
    channel.queue_declare(
        name, durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    storage = make(transaction_executor_class="TransactionExecutor")
    save(storage, CRASH_ID)
    with pytest.raises(
        StorageUnavailable, match=f"cannot publish to queue '{name}' at .*: full"
    ) as caught:
        save(storage, SECOND)
    assert caught.value.retryable
    assert drain(storage) == [CRASH_ID]


@pytest.mark.parametrize("context", CONTEXTS)
def test_threads_save_side_by_side(make, context):
    storage = make(rabbitmq_class=context)
    in_threads(lambda each: save(storage, each), IDS[:80])
    assert sorted(drain(storage)) == IDS[:80]


def test_a_context_may_be_named(make):
    assert (
        make(rabbitmq_class="ConnectionContextPooled").options.rabbitmq_class
        is ConnectionContextPooled
    )


def test_many_are_saved_in_one_call(storage):
    outcomes = storage.save_many((RAW, None, each) for each in [*IDS, "bad", *IDS[:5]])
    assert [type(each) for each in outcomes if each is not None] == [InvalidCrashID]
    assert len(outcomes) == 1006
    assert set(drain(storage)) == set(IDS)


@pytest.mark.parametrize(
    "legacy_processing", [1, 2, "1", " 0", "", None, 1.0, True, math.nan, [], {}, 10**30]
)
def test_what_is_not_for_processing_is_not_queued(make, legacy_processing):
    storage = make()
    storage.save_raw_crash({"legacy_processing": legacy_processing}, {}, CRASH_ID)
    assert drain(storage) == []
    make(filter_on_legacy_processing=False).save_raw_crash({"legacy_processing": 1}, {}, CRASH_ID)
    assert drain(storage) == [CRASH_ID]


@pytest.mark.parametrize(
    "raw_crash",
    [{}, *({"legacy_processing": each} for each in (0, "0", 0.0, False)), DotDict()],
)
def test_what_is_for_processing_or_does_not_say_is_queued(storage, raw_crash):
    storage.save_raw_crash(raw_crash, {}, CRASH_ID)
    assert drain(storage) == [CRASH_ID]


def test_the_throttle_keeps_that_part_out(make):
    none, all_, some = make(throttle=0), make(throttle=100), make(throttle=50)
    assert none.save_many(({}, {}, each) for each in IDS) == [None] * 1000
    assert drain(none) == []
    all_.save_many(({}, {}, each) for each in IDS)
    assert len(drain(all_)) == 1000
    some.save_many(({}, {}, each) for each in IDS)
    assert 300 < len(drain(some)) < 700


@pytest.mark.parametrize(
    ("cls", "kind"),
    [
        (RabbitMQCrashStorage, "standard"),
        (ReprocessingRabbitMQCrashStore, "reprocessing"),
        (ReprocessingOneRabbitMQCrashStore, "reprocessing"),
        (PriorityjobRabbitMQCrashStore, "priority"),
    ],
)
def test_each_class_has_its_queue(make, channel, options, cls, kind):
    storage = make(cls)
    save(storage, CRASH_ID)
    name = options()[f"{kind}_queue_name"]
    assert channel.queue_declare(name, passive=True).method.message_count == 1
    make(cls, routing_key=options()["priority_queue_name"]).save_raw_crash({}, {}, SECOND)
    assert sorted(drain(make())) == sorted([CRASH_ID, SECOND])


@pytest.mark.parametrize("name", ["", "x" * 256, "\N{SNOWMAN}" * 86], ids=["none", "long", "wide"])
def test_a_name_that_amqp_does_not_take_is_refused(name):
    with pytest.raises(ConfigurationError, match="it takes 1 to 255 bytes"):
        RabbitMQCrashStorage(standard_queue_name=name)


def test_a_name_that_pika_does_not_take_is_not_tried_again(make):
    with pytest.raises(StorageUnavailable) as caught:
        make(backoff_delays=(600,)).purge("x" * 256)
    assert not caught.value.retryable


class TestByIDs:
    def test_are_reprocessed(self, make):
        store = make(ReprocessingOneRabbitMQCrashStore)
        assert store.reprocess(IDS[:3])
        assert store.reprocess(IDS[3])
        assert not store.reprocess([])
        assert drain(make()) == IDS[:4]

    def test_are_processed_before_others(self, make):
        save(make(), *IDS[:3])
        store = make(PriorityjobRabbitMQCrashStore)
        assert store.process([IDS[3]])
        assert store.create(IDS[4])
        assert drain(make()) == [IDS[3], IDS[4], *IDS[:3]]

    def test_are_refused_together(self, make):
        with pytest.raises(InvalidCrashID):
            make(ReprocessingRabbitMQCrashStore).reprocess([CRASH_ID, "bad"])
        assert drain(make()) == []


class TestNoQueue:
    """What goes to no queue is an error, whatever RabbitMQ thinks of it."""

    def test_unroutable(self, make):
        storage = make(routing_key="no such queue", backoff_delays=(0, 0))
        with pytest.raises(StorageUnavailable) as caught:
            save(storage, CRASH_ID)
        assert str(caught.value).startswith("cannot publish to queue 'no such queue' at amqp://")
        assert str(caught.value).endswith(": there is no such queue")
        assert not caught.value.retryable

    def test_each_of_many_says_so(self, make):
        outcomes = make(routing_key="no such queue").save_many(({}, {}, each) for each in IDS[:5])
        assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 5

    def test_of_threads_only_those_fail_that_are_concerned(self, make, channel, options):
        storage = make()
        save(storage, CRASH_ID)
        with storage._saving() as connection:
            names = ["no such queue", options()["standard_queue_name"]] * 40
            outcomes = in_threads(lambda name: connection.publish(name, IDS[:1]), names)
        assert [outcome[0] is None for outcome in outcomes] == [False, True] * 40

    def test_a_deleted_queue_is_an_error_and_made_anew_for_the_next(
        self, storage, channel, options
    ):
        save(storage, CRASH_ID)
        channel.queue_delete(options()["standard_queue_name"])
        with pytest.raises(StorageUnavailable, match="there is no such queue"):
            save(storage, SECOND)
        save(storage, SECOND)
        assert drain(storage) == [SECOND]
