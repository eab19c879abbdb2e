"""The queue in RabbitMQ with the original's constructors: the production of 2015, with a broker."""

import pytest

from fs.trees import crash_id
from servers import rabbitmq
from socorro_fast.compat import classic
from socorro_fast.transaction import TransactionExecutorWithInfiniteBackoff

pytestmark = pytest.mark.rabbitmq

ACCEPTED = [crash_id(number, "150601") for number in range(5)]
DEFERRED = crash_id(99, "150601")


@pytest.fixture
def queue(tmp_path):
    yield rabbitmq.options(tmp_path)
    rabbitmq.delete_queues(tmp_path)


def test_collectors_queue_what_processors_take(queue, tmp_path):
    tree = {"fs_root": str(tmp_path / "crashes")}
    config = {
        "storage_classes": "socorro.external.fs.crashstorage.FSPermanentStorage,"
        "socorro.external.rabbitmq.crashstorage.RabbitMQCrashStorage",
        "storage0": tree,
        "storage1": queue,
    }
    with classic.PolyCrashStorage(config, lambda: None) as storage:
        for each in [*ACCEPTED, DEFERRED]:
            raw = classic.DotDict(uuid=each, legacy_processing=int(each == DEFERRED))
            storage.save_raw_crash(raw, {"upload_file_minidump": b"MDMP"}, each)

    jobs = classic.RMQNewCrashSource(classic.DotDict(queue), "processor", lambda: None)
    source = classic.FSPermanentStorage(tree)
    done = []
    for (each,), kwargs in jobs():
        assert source.get_raw_crash(each).uuid == each
        kwargs["finished_func"]()
        done.append(each)
    assert sorted(done) == ACCEPTED
    assert list(jobs.new_crashes()) == []
    jobs.close()


def test_what_is_not_acknowledged_comes_again(queue):
    with classic.RabbitMQCrashStorage(queue) as storage:
        storage.save_raw_crash({"legacy_processing": 0}, {}, ACCEPTED[0])
        assert list(storage.new_crashes()) == ACCEPTED[:1]
    with classic.RabbitMQCrashStorage(queue) as storage:
        assert list(map(storage.ack_crash, storage.new_crashes())) == ACCEPTED[:1]


def test_reprocessing_and_priority(queue):
    with classic.ReprocessingOneRabbitMQCrashStore(queue) as storage:
        assert storage.reprocess(ACCEPTED[:1])
    with classic.PriorityjobRabbitMQCrashStore(classic.DotDict(queue), "", None) as storage:
        assert storage.process(ACCEPTED[1])
    with classic.RabbitMQCrashStorage(queue) as storage:
        taken = list(map(storage.ack_crash, storage.new_crashes()))
        assert taken == [ACCEPTED[1], ACCEPTED[0]]


def test_the_defaults_are_the_original_s(queue):
    options = classic.RabbitMQCrashStorage(queue).options
    assert options.ack == "explicit"
    assert options.transaction_executor_class is TransactionExecutorWithInfiniteBackoff
    assert options.filter_on_legacy_processing
    assert not classic.ReprocessingRabbitMQCrashStore(queue).options.filter_on_legacy_processing


@pytest.mark.parametrize("name", ["ConnectionContext", "ConnectionContextPooled"])
def test_connections(name, queue):
    from socorro_fast.compat.classic import rabbitmq as connections

    context = getattr(connections, name)(classic.DotDict(queue))
    with context() as connection:
        connection.publish(queue["standard_queue_name"], ACCEPTED[:1])
    context.close()
    local = getattr(connections, name)({"host": "nowhere"}, queue)
    assert local.options.port == queue["port"]
    config = queue | {"rabbitmq_class": getattr(connections, name)}
    with classic.RabbitMQCrashStorage(config) as storage:
        storage.save_raw_crash({"legacy_processing": 0}, {}, ACCEPTED[1])
        assert list(map(storage.ack_crash, storage.new_crashes())) == ACCEPTED[:2]
