"""What is no crash, no ID, no name and no number is refused, and nothing of it is queued."""

import math
from types import MappingProxyType

import pytest

from rabbitmq.crashes import CRASH_ID, IDS, drain, save
from socorro_fast import (
    ConfigurationError,
    InvalidCrash,
    InvalidCrashID,
    PriorityjobRabbitMQCrashStore,
    RabbitMQCrashStorage,
    StorageUnavailable,
)

NO_IDS = [
    "",
    "no crash ID",
    "AABBCCCC-0000-4000-8000-000002180601",
    CRASH_ID.encode(),
    f"{CRASH_ID}\n",
    f"{CRASH_ID}\0",
    f"\0{CRASH_ID[1:]}",
    CRASH_ID * 100_000,
    "\N{SNOWMAN}" * 36,
    "\udc80" * 36,
    None,
    5,
    math.nan,
]
NO_RAW_CRASHES = [
    None,
    [],
    "{}",
    b"{}",
    MappingProxyType({"legacy_processing": 0}),
    {"legacy_processing": b"0"},
    {"legacy_processing": object()},
]
ENDLESS_TIMES = [math.inf, math.nan, 1e300, 0, -1, "x", None]
TIMES = ["connect_timeout", "response_timeout", "blocked_connection_timeout"]


@pytest.fixture
def jobs(make):
    return make(PriorityjobRabbitMQCrashStore)


@pytest.mark.parametrize("no_id", NO_IDS, ids=range(len(NO_IDS)))
def test_no_crash_id_is_refused_and_nothing_is_queued(jobs, no_id):
    save(jobs, CRASH_ID)
    calls = [
        lambda: save(jobs, no_id),
        lambda: jobs.ack_crash(no_id),
        lambda: jobs.release_crash(no_id),
        lambda: jobs.reprocess(no_id),
        lambda: jobs.process([IDS[1], no_id]),
        lambda: jobs.create(no_id),
        lambda: jobs.save_raw_and_processed({}, None, {"uuid": no_id or 0}, CRASH_ID),
    ]
    for call in calls:
        with pytest.raises((InvalidCrash, InvalidCrashID)) as caught:
            call()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300
    outcomes = jobs.save_many([({}, None, no_id), ({}, None, IDS[2])])
    assert [type(each) for each in outcomes] == [InvalidCrashID, type(None)]
    assert drain(jobs) == [CRASH_ID, IDS[2]]


@pytest.mark.parametrize("raw_crash", NO_RAW_CRASHES, ids=range(len(NO_RAW_CRASHES)))
def test_no_raw_crash_is_refused_and_nothing_is_queued(storage, raw_crash):
    with pytest.raises(InvalidCrash):
        storage.save_raw_crash(raw_crash, None, CRASH_ID)
    outcomes = storage.save_many([(raw_crash, None, CRASH_ID), ({}, None, IDS[1])])
    assert [type(each) for each in outcomes] == [InvalidCrash, type(None)]
    assert drain(storage) == [IDS[1]]


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("time", ENDLESS_TIMES)
def test_no_time_is_refused(name, time):
    with pytest.raises(ConfigurationError, match=name):
        RabbitMQCrashStorage(**{name: time})


@pytest.mark.parametrize("option", ["routing_key", "standard_queue_name", "virtual_host"])
def test_a_name_of_two_lines_is_refused(option):
    # RabbitMQ leaves line breaks out of names, and the answer for another name was waited for.
    with pytest.raises(ConfigurationError, match="no name has line breaks"):
        RabbitMQCrashStorage(**{option: "a\nb"})


@pytest.mark.parametrize("name", ["{}\n", 5, b"x", ["x"], "\udc80", "a\0b", "x" * 256])
def test_no_name_of_a_queue_is_an_error_that_leaves_the_connection_be(make, options, proxy, name):
    storage = make(port=proxy.port)
    save(storage, CRASH_ID)
    if isinstance(name, str):
        name = name.format(options()["standard_queue_name"])
    for call in (storage.count, storage.purge):
        with pytest.raises(StorageUnavailable) as caught:
            call(name)
        assert not caught.value.retryable
    assert storage.count() == 1
    assert proxy.accepted == 1
