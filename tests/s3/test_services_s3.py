"""crash_data and crash over S3."""

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, PROCESSED, RAW
from socorro_fast import (
    MissingArgumentError,
    ResourceNotFound,
    S3Crash,
    S3CrashData,
    SimplifiedCrashData,
)

MAIN = "upload_file_minidump"


@pytest.fixture
def full(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)


@pytest.fixture
def options(moto, bucket):
    return moto.options(bucket)


def test_crash_data_gives_every_part(full, options):
    with S3CrashData(**options) as service:
        assert service.get(CRASH_ID, "meta") == RAW
        assert service.get(CRASH_ID, "raw") == (DUMPS[MAIN], "application/octet-stream")
        assert service.get(CRASH_ID, "raw", "memory") == (b"m", "application/octet-stream")
        assert service.get(CRASH_ID, "unredacted") == PROCESSED
        assert "email" not in service.get(CRASH_ID, "processed")


def test_the_simplified_service_gives_bytes_and_is_a_storage(full, make):
    service = make(SimplifiedCrashData)
    assert service.get(uuid=CRASH_ID, datatype="raw", name="memory") == b"m"
    assert service.get(uuid=CRASH_ID, datatype="meta") == RAW
    assert service.get_raw_crash(CRASH_ID) == RAW
    with pytest.raises(MissingArgumentError, match="uuid"):
        service.get(datatype="meta")


@pytest.mark.parametrize("datatype", ["raw", "meta", "processed", "unredacted"])
def test_nothing_is_told_of_buckets(full, make, options, bucket, datatype):
    for service in (S3CrashData(**options), make(SimplifiedCrashData)):
        with pytest.raises(ResourceNotFound) as caught:
            service.get(ELSEWHERE, datatype)
        assert bucket not in str(caught.value)
        assert caught.value.__cause__ is None
        service.close()


def test_crash_gives_the_fields_of_the_report(full, options):
    with S3Crash(**options) as service:
        report = service.get(CRASH_ID)
    assert report["signature"] == PROCESSED["signature"]
    assert report["email"] is None
