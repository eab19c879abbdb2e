"""The services crash_data and crash: over each storage, in the words of the original."""

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, PROCESSED, RAW
from socorro_fast import (
    BadArgumentError,
    ConfigurationError,
    CrashDataBase,
    CrashIDNotFound,
    CrashServiceBase,
    FSCrash,
    FSCrashData,
    FSLegacyRadixTreeStorage,
    FSRadixTreeStorage,
    InMemoryCrashStorage,
    MissingArgumentError,
    ResourceNotFound,
    ResourceUnavailable,
)

MAIN = "upload_file_minidump"
STREAM = "application/octet-stream"


class Jobs:
    def __init__(self):
        self.created = []

    def create(self, uuid):
        self.created.append(uuid)


@pytest.fixture(params=["memory", "plain", "legacy"])
def storage(request, tmp_path):
    if request.param == "memory":
        made = InMemoryCrashStorage()
    elif request.param == "plain":
        made = FSRadixTreeStorage(fs_root=tmp_path)
    else:
        made = FSLegacyRadixTreeStorage(fs_root=tmp_path)
    with made:
        yield made


@pytest.fixture
def full(storage):
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    return storage


class TestCrashData:
    def test_gives_every_part_of_a_crash(self, full):
        service = CrashDataBase(full)
        assert service.get(CRASH_ID, "meta") == RAW
        assert service.get(CRASH_ID, "raw") == (DUMPS[MAIN], STREAM)
        assert service.get(uuid=CRASH_ID, datatype="raw", name="memory") == (b"m", STREAM)
        assert service.get(CRASH_ID, "raw", "") == (DUMPS[MAIN], STREAM)
        assert service.get(CRASH_ID, "unredacted") == PROCESSED
        processed = service.get(CRASH_ID, "processed")
        assert processed["signature"] == PROCESSED["signature"]
        assert "email" not in processed

    @pytest.mark.parametrize("datatype", ["meta", "raw", "processed", "unredacted"])
    def test_does_not_tell_where_it_searched(self, full, tmp_path, datatype):
        with pytest.raises(ResourceNotFound, match=rf"for crash {ELSEWHERE} in this service$") as e:
            CrashDataBase(full).get(ELSEWHERE, datatype)
        assert isinstance(e.value, CrashIDNotFound)
        assert e.value.__cause__ is None
        assert e.value.__suppress_context__

    @pytest.mark.parametrize(
        ("arguments", "param"),
        [((), "uuid"), ((None, "raw"), "uuid"), (("", "raw"), "uuid"), ((CRASH_ID,), "datatype"),
         ((CRASH_ID, ""), "datatype")],
    )  # fmt: skip
    def test_names_the_argument_that_is_missing(self, full, arguments, param):
        with pytest.raises(MissingArgumentError, match=f"'{param}' is missing") as caught:
            CrashDataBase(full).get(*arguments)
        assert caught.value.param == param

    @pytest.mark.parametrize(
        ("arguments", "param"),
        [(("../x", "raw"), "uuid"), ((5, "raw"), "uuid"), ((CRASH_ID, "RAW"), "datatype"),
         ((CRASH_ID, ["raw"]), "datatype"), ((CRASH_ID, "raw", "a/b"), "name"),
         ((CRASH_ID, "raw", 5), "name")],
    )  # fmt: skip
    def test_names_the_argument_that_is_bad(self, full, arguments, param):
        with pytest.raises(BadArgumentError, match=f"argument '{param}' cannot be ") as caught:
            CrashDataBase(full).get(*arguments)
        assert caught.value.param == param

    @pytest.mark.parametrize("datatype", ["processed", "unredacted"])
    def test_asks_for_a_crash_that_is_not_processed(self, storage, datatype):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        jobs = Jobs()
        with pytest.raises(ResourceUnavailable, match=f"crash {CRASH_ID} is not processed yet"):
            CrashDataBase(storage, priority_jobs=jobs).get(CRASH_ID, datatype)
        assert jobs.created == [CRASH_ID]

    @pytest.mark.parametrize(
        ("uuid", "datatype"),
        [(ELSEWHERE, "processed"), (ELSEWHERE, "meta"), (ELSEWHERE, "raw")],
    )
    def test_asks_for_nothing_that_is_not_there(self, full, uuid, datatype):
        jobs = Jobs()
        with pytest.raises(ResourceNotFound):
            CrashDataBase(full, priority_jobs=jobs).get(uuid, datatype)
        assert jobs.created == []


class TestCrash:
    def test_gives_the_fields_of_the_report(self, full):
        full.save_processed({"uuid": CRASH_ID, "signature": "s", "startedDateTime": "2018-06-01"})
        report = CrashServiceBase(full).get(CRASH_ID)
        assert (report["uuid"], report["signature"]) == (CRASH_ID, "s")
        assert report["started_datetime"] == "2018-06-01"
        assert report["product"] is None
        assert len(report) == 36

    def test_gives_nothing_that_is_redacted(self, full):
        assert CrashServiceBase(full).get(CRASH_ID)["email"] is None

    def test_says_what_is_missing_and_what_is_bad(self, full):
        service = CrashServiceBase(full)
        with pytest.raises(
            ResourceNotFound, match=r"no processed crash for crash .* this service$"
        ):
            service.get(ELSEWHERE)
        with pytest.raises(MissingArgumentError):
            service.get()
        with pytest.raises(BadArgumentError):
            service.get("x")


@pytest.mark.parametrize("service", [FSCrashData, FSCrash])
class TestStorageOfAService:
    def test_is_made_with_options_and_closed(self, service, tmp_path):
        with FSLegacyRadixTreeStorage(fs_root=tmp_path) as storage:
            storage.save_processed(PROCESSED)
        arguments = (CRASH_ID, "processed") if service is FSCrashData else (CRASH_ID,)
        with service(fs_root=tmp_path) as opened:
            assert opened.get(*arguments)["signature"] == PROCESSED["signature"]
        with pytest.raises(Exception, match="closed"):
            opened.storage.get_processed(CRASH_ID)

    def test_stays_open_if_it_is_the_callers(self, service, tmp_path):
        with FSRadixTreeStorage(fs_root=tmp_path) as storage:
            service(storage).close()
            storage.save_processed(PROCESSED)

    def test_is_one_or_the_other(self, service, tmp_path):
        with (
            FSRadixTreeStorage(fs_root=tmp_path) as storage,
            pytest.raises(ConfigurationError, match="not both"),
        ):
            service(storage, fs_root=tmp_path)


def test_a_service_of_no_backend_needs_a_storage():
    with pytest.raises(ConfigurationError, match="CrashDataBase needs a storage"):
        CrashDataBase()
