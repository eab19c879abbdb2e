"""What the server answers, and what a storage makes of it: which errors are tried again."""

import threading

import pytest

from contract.samples import CRASH_ID, DUMPS, PROCESSED, RAW
from servers.http_faults import INTERNAL_ERROR, SLOW_DOWN, Answer, Hang, Truncate
from socorro_fast import CrashIDNotFound, StorageUnavailable

MAIN = "upload_file_minidump"

ANSWERS = {
    "internal error": (INTERNAL_ERROR, True),
    "slow down": (SLOW_DOWN, True),
    "too many": (Answer(429, "TooManyRequests"), True),
    "too slow": (Answer(400, "RequestTimeout"), True),
    "bad gateway": (Answer(502, "BadGateway"), True),
    "denied": (Answer(403, "AccessDenied"), False),
    "wrong secret": (Answer(403, "SignatureDoesNotMatch"), False),
    "expired": (Answer(400, "ExpiredToken"), False),
    "not implemented": (Answer(501, "NotImplemented"), False),
    "malformed": (Answer(400, "MalformedXML"), False),
    "no bucket": (Answer(404, "NoSuchBucket"), False),
}


@pytest.mark.parametrize(("answer", "may_pass"), ANSWERS.values(), ids=ANSWERS)
class TestAnswer:
    def test_is_an_error_that_says_whether_to_try_again(self, faulty, faults, answer, may_pass):
        faults.fail(answer, "GET")
        with pytest.raises(StorageUnavailable) as caught:
            faulty.get_raw_crash(CRASH_ID)
        why = rf"cannot read 'v1/raw_crash/{CRASH_ID}' in bucket 'test-"
        assert caught.match(why + rf".*: {answer.code} \({answer.status}\): by a test$")
        assert caught.value.retryable == may_pass
        assert caught.value.__cause__ is not None

    def test_is_tried_again_if_it_may_pass(self, make, faults, storage, answer, may_pass):
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        faulty = make(port=faults.port, backoff_delays=(0, 0, 0))
        faults.fail(answer, "GET", times=2)
        if may_pass:
            assert faulty.get_raw_crash(CRASH_ID) == RAW
            assert len(faults.seen) == 3
        else:
            with pytest.raises(StorageUnavailable):
                faulty.get_raw_crash(CRASH_ID)
            assert len(faults.seen) == 1

    def test_ends_a_save(self, faulty, faults, storage, answer, may_pass):
        faults.fail(answer, "PUT", "/raw_crash/")
        with pytest.raises(StorageUnavailable, match="cannot write 'v1/raw_crash/") as caught:
            faulty.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert caught.value.retryable == may_pass
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(CRASH_ID)


def test_tries_come_to_an_end(make, faults):
    faulty = make(port=faults.port, backoff_delays="0, 0, 0")
    faults.fail(SLOW_DOWN, "PUT")
    with pytest.raises(StorageUnavailable, match="SlowDown"):
        faulty.save_processed(PROCESSED)
    assert faults.writes() == ["PUT v1/processed_crash"] * 4


def test_reading_and_writing_may_be_tried_again_differently(make, faults):
    faulty = make(
        port=faults.port,
        backoff_delays=(0,),
        transaction_executor_class="TransactionExecutor",
        transaction_executor_class_for_get="TransactionExecutorWithLimitedBackoff",
    )
    for method, call, tries in (
        ("PUT", lambda: faulty.save_processed(PROCESSED), 1),
        ("GET", lambda: faulty.get_processed(CRASH_ID), 2),
    ):
        faults.seen.clear()
        faults.fail(SLOW_DOWN, method)
        with pytest.raises(StorageUnavailable):
            call()
        assert len(faults.seen) == tries


class TestMissingBucket:
    """It is no crash that is missing."""

    @pytest.fixture
    def lost(self, make, bucket):
        return make(bucket_name=f"{bucket}-missing", backoff_delays=(0, 0))

    @pytest.mark.parametrize(
        "use",
        [
            lambda storage: storage.get_raw_crash(CRASH_ID),
            lambda storage: storage.get_raw_dump(CRASH_ID),
            lambda storage: storage.get_raw_dumps(CRASH_ID),
            lambda storage: storage.get_raw_dumps_as_files(CRASH_ID),
            lambda storage: storage.get_processed(CRASH_ID),
            lambda storage: storage.remove(CRASH_ID),
            lambda storage: list(storage.list_crashes()),
            lambda storage: storage.save_raw_crash(RAW, DUMPS, CRASH_ID),
            lambda storage: storage.save_raw_crash(RAW, None, CRASH_ID),
            lambda storage: storage.save_processed(PROCESSED),
        ],
    )
    def test_is_an_error_of_the_storage(self, lost, use):
        with pytest.raises(StorageUnavailable, match=r"bucket 'test-.*-missing' at http") as caught:
            use(lost)
        assert not caught.value.retryable


class TestTruncatedBody:
    def test_is_an_error_that_may_pass(self, faulty, faults, storage):
        storage.save_raw_crash(RAW, {None: b"x" * 1000}, CRASH_ID)
        faults.choose = lambda method, path: Truncate(500) if "/dump/" in path else None
        with pytest.raises(StorageUnavailable, match=f"cannot read 'v1/dump/{CRASH_ID}'") as caught:
            faulty.get_raw_dump(CRASH_ID)
        assert caught.value.retryable

    def test_leaves_no_file(self, faulty, faults, storage, tmp_path):
        storage.save_raw_crash(RAW, {None: b"x" * 1000, "b": b"whole"}, CRASH_ID)
        faults.choose = lambda method, path: Truncate(500) if "/dump/" in path else None
        with pytest.raises(StorageUnavailable):
            faulty.get_raw_dumps_as_files(CRASH_ID)
        assert list(tmp_path.iterdir()) == []

    def test_is_read_again(self, make, faults, storage):
        storage.save_raw_crash(RAW, {None: b"x" * 1000}, CRASH_ID)
        faults.fail(Truncate(500), "GET", "/dump/", times=2)
        faulty = make(port=faults.port, backoff_delays=(0, 0))
        files = faulty.get_raw_dumps_as_files(CRASH_ID)
        assert files.as_memory_dumps_mapping() == {MAIN: b"x" * 1000}


def test_an_answer_that_does_not_come_ends_after_the_time_limit(make, faults):
    done = threading.Event()
    faults.choose = lambda _method, _path: Hang(done)
    faulty = make(port=faults.port, read_timeout=0.3)
    with pytest.raises(StorageUnavailable, match="ReadTimeoutError") as caught:
        faulty.get_raw_crash(CRASH_ID)
    done.set()
    assert caught.value.retryable


def test_one_error_of_several_at_once_is_raised_and_the_others_noted(faulty, faults):
    faults.fail(INTERNAL_ERROR, "PUT")
    with pytest.raises(StorageUnavailable, match="InternalError") as caught:
        faulty.save_raw_crash(RAW, {"a": b"a", "b": b"b"}, CRASH_ID)
    assert all("InternalError" in note for note in getattr(caught.value, "__notes__", []))


class TestClose:
    def test_ends_the_waits_of_who_tries_again(self, make, faults):
        faults.fail(SLOW_DOWN, "PUT")
        faulty = make(port=faults.port, backoff_delays=(300,), jitter=0)
        errors = []

        def save():
            try:
                faulty.save_processed(PROCESSED)
            except StorageUnavailable as error:
                errors.append(error)

        saver = threading.Thread(target=save, daemon=True)
        saver.start()
        while not faults.seen:
            threading.Event().wait(0.01)
        faulty.close()
        saver.join(5)
        assert not saver.is_alive()
        assert len(errors) == 1

    def test_waits_for_nobody(self, make, faults):
        done = threading.Event()
        faults.choose = lambda _method, _path: Hang(done)
        faulty = make(port=faults.port, read_timeout=300)

        def save():
            with pytest.raises(StorageUnavailable):
                faulty.save_processed(PROCESSED)

        saver = threading.Thread(target=save)
        saver.start()
        while not faults.seen:
            threading.Event().wait(0.01)
        closer = threading.Thread(target=faulty.close, daemon=True)
        closer.start()
        closer.join(5)
        assert not closer.is_alive()
        done.set()
        saver.join()
