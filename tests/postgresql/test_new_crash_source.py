"""New crashes out of queries."""

import pytest

from contract.samples import CRASH_ID, ELSEWHERE, RAW, SAME_RADIX
from socorro_fast import ConfigurationError, CrashStorageError, InvalidCrashID, StorageUnavailable
from socorro_fast.postgresql import DBCrashStorageWrapperNewCrashSource, PGQueryNewCrashSource

QUERY = "SELECT uuid, 'more' FROM raw_crashes WHERE raw_crash ->> 'Version' = %s ORDER BY uuid"


@pytest.fixture
def saved(storage):
    for each in (CRASH_ID, SAME_RADIX):
        storage.save_raw_crash(RAW, None, each)
    storage.save_raw_crash({"Version": "'; --"}, None, ELSEWHERE)
    return storage


def test_every_row_is_a_job_in_all_three_ways(saved, pooled):
    source = PGQueryNewCrashSource(pooled(max_connections=1), QUERY, ("60.0",))
    jobs = [((CRASH_ID,), {}), ((SAME_RADIX,), {})]
    assert list(source) == list(source.new_crashes()) == list(source()) == jobs
    assert list(PGQueryNewCrashSource(pooled(), QUERY, ("'; --",))) == [((ELSEWHERE,), {})]


def test_a_pass_that_ends_early_gives_its_connection_back(saved, pooled):
    context = pooled(max_connections=1, pool_timeout=0)
    source = PGQueryNewCrashSource(context, QUERY, ("60.0",))
    for _ in range(3):
        crashes = source.new_crashes()
        assert next(crashes) == ((CRASH_ID,), {})
        crashes.close()
    assert context.pool.size == 1


def test_the_quit_check_ends_a_pass(saved, pooled):
    def quit_check():
        raise KeyboardInterrupt

    source = PGQueryNewCrashSource(pooled(), QUERY, ("60.0",), quit_check_callback=quit_check)
    with pytest.raises(KeyboardInterrupt):
        next(source.new_crashes())


def test_what_is_no_crash_id_is_said(context):
    with pytest.raises(InvalidCrashID):
        list(PGQueryNewCrashSource(context, "SELECT 'some_id'"))
    with pytest.raises(StorageUnavailable, match="cannot ask for new crashes"):
        list(PGQueryNewCrashSource(context, "SELECT nothing FROM nowhere"))
    with pytest.raises(ConfigurationError):
        PGQueryNewCrashSource(context, " ")


def test_a_wrapper_is_a_storage_with_another_queue(saved, context):
    source = DBCrashStorageWrapperNewCrashSource(saved, context, QUERY, ("60.0",))
    assert [source.get_raw_crash(crash_id) for (crash_id,), _ in source] == [RAW, RAW]
    source.close()
    with pytest.raises(CrashStorageError, match="closed"):
        saved.get_raw_crash(CRASH_ID)
