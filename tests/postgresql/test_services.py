"""The read services over PostgreSQL."""

import pytest

from contract.samples import CRASH_ID, PROCESSED, RAW
from socorro_fast import (
    InMemoryCrashStorage,
    OperationNotSupported,
    PostgreSQLCrash,
    PostgreSQLCrashData,
    ResourceNotFound,
)
from socorro_fast.services import REPORT_FIELDS

CRASH = PROCESSED | {"url": "https://a.example", "uptime": 5, "date_processed": "2018-06-01"}


@pytest.fixture
def saved(storage):
    storage.save_raw_and_processed(RAW, None, CRASH, CRASH_ID)
    return storage


def test_crash_data_has_all_but_dumps(saved):
    service = PostgreSQLCrashData(saved)
    assert service.get(CRASH_ID, "meta") == RAW
    assert service.get(CRASH_ID, "unredacted") == CRASH
    assert "email" not in service.get(CRASH_ID, "processed")
    with pytest.raises(OperationNotSupported):
        service.get(CRASH_ID, "raw")


def test_what_is_not_there_is_not_found_and_no_place_is_told(storage):
    for ask in (
        PostgreSQLCrash(storage).get,
        lambda uuid: PostgreSQLCrashData(storage).get(uuid, "meta"),
    ):
        with pytest.raises(ResourceNotFound) as caught:
            ask(CRASH_ID)
        assert "postgresql://" not in str(caught.value)


def test_crash_has_the_fields_of_the_report_redacted(saved):
    fields = PostgreSQLCrash(saved).get(CRASH_ID)
    assert fields.keys() == set(REPORT_FIELDS.values())
    assert {name: value for name, value in fields.items() if value is not None} == {
        "uuid": CRASH_ID,
        "signature": CRASH["signature"],
        "uptime": 5,
        "date_processed": "2018-06-01T00:00:00+00:00",
    }


def test_crash_needs_no_processed_crash(saved, sql):
    sql("DELETE FROM processed_crashes")
    assert PostgreSQLCrash(saved).get(CRASH_ID)["signature"] == CRASH["signature"]


def test_a_service_of_its_own_storage_closes_it(options, saved):
    with PostgreSQLCrash(**options) as service:
        assert service.get(CRASH_ID)["uptime"] == 5
    with PostgreSQLCrashData(**options) as service:
        assert service.get(CRASH_ID, "meta") == RAW


def test_crash_over_another_storage_reads_the_processed_crash():
    storage = InMemoryCrashStorage()
    storage.save_processed(CRASH)
    assert PostgreSQLCrash(storage).get(CRASH_ID)["uptime"] == 5
