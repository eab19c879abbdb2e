"""What a container adds to its member, in function calls: steady where time is not.

`python -m benches --op containers` measures the same in time.
"""

import sys

import pytest

from containers.odd_storages import DUMPS, ID, PROCESSED, RAW
from socorro_fast import (
    BenchmarkingCrashStorage,
    FallbackCrashStorage,
    MetricsCrashStorage,
    NullCrashStorage,
    PolyCrashStorage,
    PrimaryDeferredStorage,
    RedactingCrashStorage,
    ShardedCrashStorage,
)


def calls(function, *args):
    """Return how many functions are called in `function(*args)`, those in C included."""
    events = []

    def note(_frame, event, _arg):
        events.append(event)

    function(*args)  # what is done once is done before
    sys.setprofile(note)
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return sum(event in ("call", "c_call") for event in events) - 1  # setprofile itself


SAVES = {
    "save_raw_crash": (RAW, DUMPS, ID),
    "get_raw_crash": (ID,),
    "get_raw_dump": (ID, "memory"),
    "get_unredacted_processed": (ID,),
}


def kept():
    class Kept(NullCrashStorage):
        mutates_arguments = False

        def save_raw_crash(self, raw_crash, dumps, crash_id):
            pass

        def save_processed(self, processed_crash):
            pass

    return Kept()


def five_deep(member):
    deferred = PrimaryDeferredStorage(primary=member, deferred=NullCrashStorage())
    fallback = FallbackCrashStorage(primary=deferred, fallback=NullCrashStorage())
    shards = ShardedCrashStorage(storages=[fallback])
    return PolyCrashStorage(storages=[BenchmarkingCrashStorage(storage=shards)])


@pytest.mark.parametrize("operation", SAVES)
def test_a_poly_of_one_adds_less_than_ten_calls(operation):
    member = kept()
    args = SAVES[operation]
    alone = calls(getattr(member, operation), *args)
    within = calls(getattr(PolyCrashStorage(storages=[member]), operation), *args)
    assert 0 < within - alone < 10


@pytest.mark.parametrize("operation", SAVES)
def test_a_nest_five_deep_adds_less_than_fifty(operation):
    member = kept()
    args = SAVES[operation]
    alone = calls(getattr(member, operation), *args)
    within = calls(getattr(five_deep(member), operation), *args)
    assert 0 < within - alone < 50


@pytest.mark.parametrize("wrapper", [MetricsCrashStorage, BenchmarkingCrashStorage])
def test_a_wrapper_adds_less_than_twenty(wrapper):
    member = kept()
    alone = calls(member.save_raw_crash, RAW, DUMPS, ID)
    assert calls(wrapper(storage=member).save_raw_crash, RAW, DUMPS, ID) - alone < 20


def test_what_is_redacted_is_no_more_than_what_there_is():
    few = RedactingCrashStorage(storage=kept())
    small = calls(few.save_processed, PROCESSED)
    big = calls(few.save_processed, PROCESSED | {str(number): number for number in range(1000)})
    assert big == small
