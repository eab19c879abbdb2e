"""Storages in buckets of their own: in moto, or behind an HTTP server that fails on demand."""

import pytest

from servers import moto as moto_server
from servers import seaweedfs as seaweedfs_server
from servers.http_faults import HTTPFaults
from socorro_fast import BotoCrashStorage


@pytest.fixture(scope="session")
def moto():
    return moto_server.moto()


@pytest.fixture(scope="session")
def seaweedfs():
    return seaweedfs_server.seaweedfs()


@pytest.fixture
def bucket(moto):
    return moto.new_bucket()


@pytest.fixture
def keys(moto, bucket):
    """What is in the bucket."""
    return lambda: moto.keys(bucket)


@pytest.fixture
def put(moto, bucket):
    """Put an object into the bucket, as others would."""
    return lambda key, body: moto.put(bucket, key, body)


@pytest.fixture
def make(moto, bucket, tmp_path):
    """Make storages over the bucket; all are closed at the end. Nothing is tried twice."""
    made = []

    def make_one(cls=BotoCrashStorage, **options):
        place = {**moto.options(bucket), "temp_path": tmp_path, "backoff_delays": ()}
        made.append(cls(**(place | options)))
        return made[-1]

    yield make_one
    for storage in made:
        storage.close()


@pytest.fixture
def storage(make):
    return make()


@pytest.fixture
def faults(moto):
    with HTTPFaults(moto.port) as faults:
        yield faults


@pytest.fixture
def faulty(make, faults):
    """A storage that sees the bucket through `faults`."""
    return make(port=faults.port)
