"""Storages over queues of each test's own, at a real broker."""

import contextlib
from functools import partial

import pytest

from servers import rabbitmq
from servers.proxy import Proxy
from socorro_fast import RabbitMQCrashStorage


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "rabbitmq":
            item.add_marker(pytest.mark.rabbitmq)


@pytest.fixture
def broker():
    """A broker that no test does anything to but use it."""
    return rabbitmq.shared()


@pytest.fixture
def own_broker():
    """The session's own broker, which a test may kill, pause and alarm."""
    broker = rabbitmq.own()
    yield broker
    broker.resume()
    if not broker.is_up:
        broker.start()


@pytest.fixture
def opened():
    """Make storages and other things to be closed; all are at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.enter_context(contextlib.closing(thing))


@pytest.fixture
def options(broker, tmp_path):
    """Options that reach the queues of this test; they are deleted at the end."""
    yield partial(rabbitmq.options, tmp_path, broker)
    rabbitmq.delete_queues(tmp_path, broker)


@pytest.fixture
def make(options, opened):
    """Make storages over the queues of this test."""

    def make_one(cls=RabbitMQCrashStorage, **more):
        return opened(cls(**options(**more)))

    return make_one


@pytest.fixture
def storage(make):
    return make()


@pytest.fixture
def channel(broker, opened):
    """A channel of pika's simplest connection, to look at queues from outside."""
    return opened(rabbitmq.connect(broker)).channel()


@pytest.fixture
def proxy(broker):
    with Proxy(broker.port) as proxy:
        yield proxy
