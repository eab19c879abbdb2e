"""PolyCrashStorage: everything to everyone, and who failed at what."""

import enum
import threading
from collections import UserDict

import pytest

from containers.odd_storages import DUMPS, ID, OTHER, PROCESSED, RAW, Broken, Recorder, Vandal
from socorro_fast import (
    ConfigurationError,
    CrashIDNotFound,
    CrashStorageError,
    FSRadixTreeStorage,
    InMemoryCrashStorage,
    InvalidCrash,
    InvalidCrashID,
    NullCrashStorage,
    OperationNotSupported,
    PolyCrashStorage,
    PolyCrashStorageError,
    PolyStorageError,
    ReadOnlyCrashStorage,
    StorageIOError,
)
from socorro_fast.containers.isolation import leaves_arguments_alone


@pytest.fixture(params=[False, True], ids=["in turn", "parallel"])
def parallel(request):
    return request.param


def test_the_error_says_which_storage_failed_at_what(parallel):
    good, bad = InMemoryCrashStorage(), Broken(RuntimeError("no\nluck"))
    poly = PolyCrashStorage(storages={"a": bad, "b": good, "c": bad}, parallel=parallel)
    for save in (
        lambda: poly.save_raw_crash(RAW, DUMPS, ID),
        lambda: poly.save_processed(PROCESSED),
        lambda: poly.save_raw_and_processed(RAW, DUMPS, PROCESSED, ID),
    ):
        with pytest.raises(PolyStorageError) as caught:
            save()
        assert isinstance(caught.value, CrashStorageError)
        assert isinstance(caught.value, ExceptionGroup)
        assert f"of {ID} failed in 2 of 3 storages: storages.a: RuntimeError: no luck; " in str(
            caught.value
        )
        assert len(str(caught.value).splitlines()) == 1
    assert good.get_raw_crash(ID) == RAW
    assert good.get_unredacted_processed(ID) == PROCESSED


def test_members_carry_a_note_of_where_and_what():
    errors = [OSError("1"), ValueError("2")]
    poly = PolyCrashStorage(storages=[Broken(errors[0]), Broken(errors[1])])
    with pytest.raises(PolyCrashStorageError) as caught:
        poly.save_raw_crash(RAW, {}, ID)
    assert list(caught.value.exceptions) == errors
    assert errors[1].__notes__ == [f"save_raw_crash of {ID}, in storages.1"]
    of_oserror, others = caught.value.split(OSError)
    assert type(of_oserror) is type(others) is PolyCrashStorageError
    assert (of_oserror.exceptions, others.exceptions) == ((errors[0],), (errors[1],))


def test_members_are_written_in_their_order():
    log = []
    names = ["c", "a", "b"]
    poly = PolyCrashStorage(storages={name: Recorder(name, log) for name in names})
    poly.save_raw_crash(RAW, DUMPS, ID)
    assert [entry[0] for entry in log] == names


class TestIsolation:
    def test_no_mutation_reaches_another_storage_or_the_caller(self, parallel):
        before, vandal, after = Recorder(), Vandal(), InMemoryCrashStorage()
        writable = bytearray(b"dump")
        raw = {"nested": {"list": [1, 2]}}
        dumps = {"a": writable, "b": memoryview(writable), "c": b"c"}
        processed = {"uuid": ID, "json_dump": {"x": 1}}
        poly = PolyCrashStorage(storages=[before, vandal, after], parallel=parallel)
        poly.save_raw_crash(raw, dumps, ID)
        poly.save_processed(processed)
        assert (raw, processed["json_dump"]) == ({"nested": {"list": [1, 2]}}, {"x": 1})
        assert after.get_raw_crash(ID) == raw
        assert after.get_raw_dumps(ID) == {"a": b"dump", "b": b"dump", "c": b"c"}
        assert before.log[0][1] == raw
        assert after.get_unredacted_processed(ID) == processed

    def test_dumps_are_not_copied(self):
        poly = PolyCrashStorage(storages=[(one := Recorder()), (other := Recorder())])
        big = bytes(1000)
        poly.save_raw_crash(RAW, {"a": big}, ID)
        assert one.log[0][2]["a"] is other.log[0][2]["a"] is big
        assert one.log[0][2] is not other.log[0][2]

    def test_a_mapping_that_is_no_dict_is_kept_apart_too(self):
        dumps = UserDict(DUMPS)
        after = InMemoryCrashStorage()
        PolyCrashStorage(storages=[Vandal(), after]).save_raw_crash(RAW, dumps, ID)
        assert dumps == DUMPS
        assert after.get_raw_dumps(ID) == DUMPS

    def test_our_own_storages_are_trusted_and_strangers_are_not(self):
        class Honest(Recorder):
            mutates_arguments = False

        class Heir(Honest):
            pass

        ours = PolyCrashStorage(storages=[InMemoryCrashStorage()])
        theirs = PolyCrashStorage(storages=[Recorder()])
        assert [leaves_arguments_alone(each) for each in (ours, theirs, Honest(), Heir())] == [
            True,
            False,
            True,
            False,
        ]

    def test_what_json_does_not_have_is_copied_as_well(self):
        class Kind(enum.IntEnum):
            ONE = 1

        recorder = Recorder()
        raw = {"kind": Kind.ONE, "set": {1}}
        PolyCrashStorage(storages=[recorder]).save_raw_crash(raw, None, ID)
        kept = recorder.log[0][1]
        assert kept == raw
        assert kept["set"] is not raw["set"]
        assert type(kept["kind"]) is Kind

    def test_what_cannot_be_copied_fails_that_member_alone(self, parallel):
        class Trusted(Recorder):
            mutates_arguments = False

        trusted = Trusted()
        poly = PolyCrashStorage(storages=[Recorder(), trusted], parallel=parallel)
        with pytest.raises(
            PolyCrashStorageError, match=r"1 of 2 storages: storages\.0: InvalidCrash"
        ):
            poly.save_raw_crash({"lock": threading.Lock()}, {}, ID)
        assert len(trusted.log) == 1


class TestRequired:
    def test_a_failure_of_another_is_counted_and_logged(self, caplog, parallel):
        good = InMemoryCrashStorage()
        poly = PolyCrashStorage(
            storages={"disk": good, "search": Broken(OSError("down"))},
            required=["disk"],
            parallel=parallel,
        )
        poly.save_raw_crash(RAW, DUMPS, ID)
        poly.save_processed(PROCESSED)
        assert poly.failures == {"storages.search": 2}
        messages = [record.message for record in caplog.records]
        expected = f"save_raw_crash of {ID} in storages.search, which is not required: down"
        assert messages[0] == expected

    def test_a_failure_of_one_that_is_fails_the_save(self):
        poly = PolyCrashStorage(storages=[Broken(OSError("a")), Broken(OSError("b"))], required=[1])
        with pytest.raises(PolyCrashStorageError, match=r"1 of 2 storages: storages\.1: OSError"):
            poly.save_raw_crash(RAW, DUMPS, ID)
        assert poly.failures == {"storages.0": 1}

    def test_nobody_may_be(self):
        poly = PolyCrashStorage(storages=[Broken(OSError())], required=())
        poly.save_raw_crash(RAW, DUMPS, ID)

    def test_a_name_that_is_not_there_is_refused_before_anything_is_opened(self):
        with pytest.raises(ConfigurationError, match="'disc' for 'required'; did you mean 'disk'"):
            PolyCrashStorage.Options.build(
                "P", {"storages": {"disk": NullCrashStorage()}, "required": ["disc"]}
            )


class TestMistakes:
    def test_of_the_caller_are_raised_as_they_are(self, parallel, tmp_path):
        storages = [
            InMemoryCrashStorage(),
            FSRadixTreeStorage(fs_root=tmp_path),
            NullCrashStorage(),
        ]
        poly = PolyCrashStorage(storages=storages, parallel=parallel)
        with pytest.raises(InvalidCrashID):
            poly.save_raw_crash(RAW, DUMPS, "nonsense")
        with pytest.raises(InvalidCrash):
            poly.save_raw_crash([], DUMPS, ID)
        with pytest.raises(StorageIOError, match="missing"):
            poly.save_raw_crash(RAW, {"a": tmp_path / "missing"}, ID)
        with pytest.raises(CrashIDNotFound):
            poly.get_raw_crash(ID)

    def test_that_one_storage_lets_pass_are_its_failure(self):
        poly = PolyCrashStorage(storages=[Recorder(), InMemoryCrashStorage()])
        with pytest.raises(PolyCrashStorageError, match="InvalidCrash"):
            poly.save_raw_crash({"a": {1}}, DUMPS, ID)


class TestThreads:
    def test_saves_really_run_at_once(self):
        barrier = threading.Barrier(3)

        class Waiting(Recorder):
            def save_raw_crash(self, raw_crash, dumps, crash_id):
                barrier.wait(30)

        poly = PolyCrashStorage(storages=[Waiting(), Waiting(), Waiting()], parallel=True)
        poly.save_raw_crash(RAW, DUMPS, ID)

    @pytest.mark.parametrize("place", [0, 1])
    def test_what_is_no_exception_is_not_lost(self, place, parallel):
        storages = [InMemoryCrashStorage(), InMemoryCrashStorage()]
        storages[place] = Broken(SystemExit(3))
        with pytest.raises(SystemExit):
            PolyCrashStorage(storages=storages, parallel=parallel).save_raw_crash(RAW, DUMPS, ID)
        assert parallel is False or storages[1 - place].get_raw_crash(ID) == RAW

    def test_without_threads_to_be_had_it_saves_all_the_same(self, monkeypatch):
        def start(_thread):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", start)
        storages = [InMemoryCrashStorage(), InMemoryCrashStorage()]
        PolyCrashStorage(storages=storages, parallel=True).save_raw_crash(RAW, DUMPS, ID)
        assert [each.get_raw_crash(ID) for each in storages] == [RAW, RAW]


def test_reads_pass_over_members_that_keep_nothing():
    memory = InMemoryCrashStorage()
    poly = PolyCrashStorage(storages=[NullCrashStorage(), memory])
    poly.save_raw_crash(RAW, DUMPS, ID)
    assert poly.get_raw_crash(ID) == RAW
    with pytest.raises(CrashIDNotFound):
        poly.get_raw_crash(OTHER)
    poly.remove(ID)
    assert list(memory.list_crashes()) == []


def test_it_does_not_claim_reads_that_it_refuses():
    poly = PolyCrashStorage(storages=[NullCrashStorage(), ReadOnlyCrashStorage(storage=Recorder())])
    assert poly.capabilities == frozenset()
    with pytest.raises(OperationNotSupported, match="PolyCrashStorage has no get_raw_crash"):
        poly.get_raw_crash(ID)
    with pytest.raises(OperationNotSupported, match="PolyCrashStorage has no remove"):
        poly.remove(ID)


def test_the_quit_check_comes_before_the_first_save():
    def quit_check():
        raise KeyboardInterrupt

    recorder = Recorder()
    poly = PolyCrashStorage(storages=[recorder], quit_check_callback=quit_check)
    with pytest.raises(KeyboardInterrupt):
        poly.save_raw_crash(RAW, DUMPS, ID)
    assert recorder.log == []


def test_a_subclass_that_saves_in_its_own_way_is_asked():
    class Mine(PolyCrashStorage):
        def _save(self, operation, crash_id, *args):
            log.append(operation)
            super()._save(operation, crash_id, *args)

    log = []
    memory = InMemoryCrashStorage()
    Mine(storages=[memory]).save_raw_crash(RAW, DUMPS, ID)
    assert log == ["save_raw_crash"]
    assert memory.get_raw_crash(ID) == RAW
