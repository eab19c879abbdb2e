"""FallbackCrashStorage: when it steps in, when it must not, and how crashes come home."""

import logging

import pytest

from containers.odd_storages import (
    DUMPS,
    ID,
    OLD,
    OTHER,
    PROCESSED,
    RAW,
    Broken,
    Recorder,
    Switched,
)
from socorro_fast import (
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    FallbackCrashStorage,
    FSDatedRadixTreeStorage,
    FSRadixTreeStorage,
    InMemoryCrashStorage,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    NullCrashStorage,
    OperationNotSupported,
    PolyCrashStorage,
    PolyCrashStorageError,
    ReadOnlyCrashStorage,
    StorageIOError,
    StorageUnavailable,
)

UNAVAILABLE = [
    StorageUnavailable("no route"),
    StorageIOError(5, "Input/output error", "/x", "read"),
    CorruptCrash("/x", "it is cut short"),
    ConnectionError("reset"),
]


@pytest.fixture
def primary():
    return Switched()


@pytest.fixture
def fallback():
    return InMemoryCrashStorage()


@pytest.fixture
def both(primary, fallback):
    return FallbackCrashStorage(primary=primary, fallback=fallback)


class TestReads:
    @pytest.mark.parametrize("error", UNAVAILABLE, ids=lambda error: type(error).__name__)
    def test_go_to_the_fallback_when_the_primary_is_away(self, both, primary, fallback, error):
        fallback.save_raw_and_processed(RAW, DUMPS, PROCESSED, ID)
        primary.error = error
        assert both.get_raw_crash(ID) == RAW
        assert both.get_raw_crash_bytes(ID) == fallback.get_raw_crash_bytes(ID)
        assert both.get_raw_dump(ID, "memory") == b"m"
        assert both.get_raw_dumps(ID) == DUMPS
        assert both.get_unredacted_processed(ID) == PROCESSED
        assert "sensitive" not in both.get_processed(ID)["json_dump"]
        assert both.get_many([ID]) == [RAW]

    def test_go_there_after_what_a_storage_of_somebody_else_says_is_worth_a_retry(self, fallback):
        class DriverError(Exception):
            pass

        class Foreign(Switched):
            exceptions_eligible_for_retry = (DriverError,)

        primary = Foreign()
        both = FallbackCrashStorage(primary=primary, fallback=fallback)
        fallback.save_raw_crash(RAW, DUMPS, ID)
        primary.error = DriverError("reset by peer")
        assert both.get_raw_crash(ID) == RAW
        primary.error = ZeroDivisionError("a bug")
        with pytest.raises(ZeroDivisionError):
            both.get_raw_crash(ID)

    def test_go_there_when_the_primary_does_not_have_it(self, both, fallback):
        fallback.save_raw_crash(RAW, DUMPS, ID)
        assert both.get_raw_crash(ID) == RAW

    def test_of_what_nobody_has_say_where_was_looked(self, both):
        with pytest.raises(CrashIDNotFound, match="in Switched and InMemoryCrashStorage"):
            both.get_raw_crash(ID)

    def test_call_nothing_missing_while_one_cannot_answer(self, both, primary):
        primary.error = StorageUnavailable("no route")
        with pytest.raises(StorageUnavailable) as caught:
            both.get_raw_crash(ID)
        assert caught.value.__notes__ == [f"get_raw_crash of {ID}, in primary"]

    def test_fail_with_both_errors_when_both_are_away(self, primary):
        fallback = Switched()
        primary.error, fallback.error = StorageUnavailable("one"), StorageUnavailable("two")
        with pytest.raises(
            PolyCrashStorageError, match=r"2 of 2 .*primary: .*one; fallback: .*two"
        ):
            FallbackCrashStorage(primary=primary, fallback=fallback).get_raw_crash(ID)

    @pytest.mark.parametrize("bad", ["", "x", "../../evil-1180601", None, 5, b"x", ID.upper()])
    def test_of_bad_ids_are_refused_by_the_primary_alone(self, both, fallback, bad, monkeypatch):
        asked = []
        monkeypatch.setattr(fallback, "get_raw_crash", asked.append)
        with pytest.raises(InvalidCrashID):
            both.get_raw_crash(bad)
        assert asked == []


class TestSaves:
    def test_go_to_the_fallback_as_a_whole_and_are_logged(self, both, primary, fallback, caplog):
        primary.error = StorageUnavailable("no route")
        both.save_raw_and_processed(RAW, DUMPS, PROCESSED, ID)
        primary.error = None
        assert list(primary.list_crashes()) == []
        assert fallback.get_raw_dumps(ID) == DUMPS
        assert fallback.get_unredacted_processed(ID) == PROCESSED
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.message == f"save_raw_and_processed of {ID} goes to the fallback: no route"

    def test_fail_with_both_errors_in_order(self, both, primary):
        primary.error = StorageUnavailable("one")
        broken = Broken(OSError("two"))
        with pytest.raises(PolyCrashStorageError) as caught:
            FallbackCrashStorage(primary=primary, fallback=broken).save_raw_crash(RAW, DUMPS, ID)
        assert [str(error) for error in caught.value.exceptions] == ["one", "two"]
        assert caught.value.__cause__ is broken.error

    @pytest.mark.parametrize(
        "mistake",
        [
            ((RAW, DUMPS, "nonsense"), InvalidCrashID),
            (([], DUMPS, ID), InvalidCrash),
            (({"a": {1}}, DUMPS, ID), InvalidCrash),
            ((RAW, {"a/b": b""}, ID), InvalidDumpName),
            ((RAW, {"a": 5}, ID), InvalidCrash),
            ((RAW, {"a": "/no/such/file"}, ID), StorageIOError),
        ],
    )
    @pytest.mark.parametrize("nested", [False, True])
    def test_that_are_mistakes_are_refused(self, tmp_path, mistake, nested):
        args, error = mistake
        fallback = Recorder()
        primary = FSRadixTreeStorage(fs_root=tmp_path)
        if nested:
            # The recorder lets everything pass, so that its poly fails with a group.
            primary = PolyCrashStorage(storages=[Recorder(), primary])
            error = (error, PolyCrashStorageError)
        both = FallbackCrashStorage(primary=primary, fallback=fallback)
        with pytest.raises(error):
            both.save_raw_crash(*args)
        assert fallback.log == []


def test_removals_go_to_both(both, primary, fallback):
    for storage in (primary, fallback):
        storage.save_raw_crash(RAW, DUMPS, ID)
    fallback.save_raw_crash(RAW, DUMPS, OTHER)
    assert both.remove_many([ID, OTHER]) == [None, None]
    assert list(both.list_crashes()) == []
    with pytest.raises(CrashIDNotFound):
        both.remove(ID)


class TestDrain:
    def test_brings_home_what_waited(self, both, primary, fallback):
        primary.error = StorageUnavailable("no route")
        both.save_raw_crash(RAW, DUMPS, ID)
        both.save_raw_and_processed(RAW, {}, PROCESSED | {"uuid": OTHER}, OTHER)
        with pytest.raises(StorageUnavailable):
            both.drain()
        primary.error = None
        assert both.drain() == 2
        assert list(fallback.list_crashes()) == list(fallback.new_crashes()) == []
        assert primary.get_raw_dumps(ID) == DUMPS
        assert primary.get_unredacted_processed(OTHER)["signature"] == "s"
        assert list(primary.new_crashes()) == [ID]
        assert both.drain() == 0

    def test_leaves_alone_what_somebody_works_on(self, both, fallback):
        fallback.save_raw_crash(RAW, DUMPS, ID)
        walk = both.new_crashes()
        assert next(walk) == ID
        assert both.drain() == 0
        assert fallback.get_raw_crash(ID) == RAW
        both.release_crash(ID)
        assert both.drain() == 1

    def test_what_was_removed_meanwhile_is_no_failure(self, tmp_path):
        fallback = FSDatedRadixTreeStorage(fs_root=tmp_path / "spare")
        both = FallbackCrashStorage(primary=InMemoryCrashStorage(), fallback=fallback)
        fallback.save_raw_crash(RAW, DUMPS, ID)
        (json_file,) = (tmp_path / "spare").rglob(f"{ID}.json")
        json_file.unlink()
        assert both.drain() == 0
        assert list(fallback.new_crashes()) == []

    @pytest.mark.parametrize("replace", [False, True])
    def test_a_crash_that_differs_is_replaced_only_if_asked(self, both, primary, fallback, replace):
        primary.save_raw_crash({"version": "primary"}, DUMPS, ID)
        fallback.save_raw_crash({"version": "fallback"}, DUMPS, ID)
        fallback.save_raw_crash(RAW, DUMPS, OTHER)
        if replace:
            assert both.drain(replace=True) == 2
            assert primary.get_raw_crash(ID) == {"version": "fallback"}
        else:
            with pytest.raises(
                PolyCrashStorageError, match=r"drain failed in 1 of 2 crashes: .*differs"
            ):
                both.drain()
            assert primary.get_raw_crash(ID) == {"version": "primary"}
            assert fallback.get_raw_crash(ID) == {"version": "fallback"}
        assert primary.get_raw_crash(OTHER) == RAW

    def test_stops_at_a_hundred_failures(self, fallback):
        for number in range(150):
            fallback.save_raw_crash(RAW, {}, f"aabb{number:04x}-0000-4000-8000-000002180601")
        both = FallbackCrashStorage(primary=Broken(CrashStorageError("no")), fallback=fallback)
        with pytest.raises(PolyCrashStorageError) as caught:
            both.drain()
        assert len(caught.value.exceptions) == 100
        assert len(list(fallback.new_crashes())) == 150

    def test_reaches_a_primary_that_cannot_be_read(self, fallback):
        fallback.save_raw_and_processed(RAW, DUMPS, PROCESSED, ID)
        recorder = Recorder()
        assert FallbackCrashStorage(primary=recorder, fallback=fallback).drain() == 1
        assert recorder.log == [("", RAW, DUMPS, ID), ("", PROCESSED)]

    def test_needs_a_fallback_that_can_name_its_crashes(self, primary):
        with pytest.raises(OperationNotSupported):
            FallbackCrashStorage(primary=primary, fallback=NullCrashStorage()).drain()

    def test_needs_a_fallback_that_it_may_empty(self, primary, fallback):
        fallback.save_raw_crash(RAW, DUMPS, ID)
        both = FallbackCrashStorage(
            primary=primary, fallback=ReadOnlyCrashStorage(storage=fallback)
        )
        with pytest.raises(OperationNotSupported, match="refuses remove"):
            both.drain()

    def test_heeds_the_quit_check(self, primary, fallback):
        def quit_check():
            raise KeyboardInterrupt

        fallback.save_raw_crash(RAW, DUMPS, OLD)
        both = FallbackCrashStorage(
            primary=primary, fallback=fallback, quit_check_callback=quit_check
        )
        with pytest.raises(KeyboardInterrupt):
            both.drain()
        assert fallback.get_raw_crash(OLD) == RAW

    def test_has_nothing_in_hand_when_it_quits(self, primary, fallback):
        def quit_check():
            if list(primary.list_crashes()):
                raise KeyboardInterrupt

        for each in (OLD, ID):
            fallback.save_raw_crash(RAW, DUMPS, each)
        both = FallbackCrashStorage(
            primary=primary, fallback=fallback, quit_check_callback=quit_check
        )
        with pytest.raises(KeyboardInterrupt):
            both.drain()
        assert list(primary.list_crashes()) == [OLD]
        assert list(fallback.new_crashes()) == [ID]
