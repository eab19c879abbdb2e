"""The base class: what a storage is that implements nothing, or a part."""

import pytest

from contract.samples import CRASH_ID, ELSEWHERE
from socorro_fast import (
    ConfigurationError,
    CrashStorageBase,
    InvalidCrash,
    NullCrashStorage,
    OperationNotSupported,
    Redactor,
)
from socorro_fast.operations import OPERATIONS

SUPPORTED = {
    "save_raw_crash", "save_processed", "save_raw_and_processed", "new_crashes", "ack_crash",
    "release_crash", "save_many", "get_many", "remove_many", "ack_many",
}  # fmt: skip


class Recording(CrashStorageBase):
    """Notes what is saved, and cannot read."""

    def __init__(self, **options):
        super().__init__(**options)
        self.saved = []

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self.saved.append(("raw", crash_id))

    def save_processed(self, processed_crash):
        self.saved.append(("processed", processed_crash["uuid"]))


class Reading(CrashStorageBase):
    def get_unredacted_processed(self, crash_id):
        return {"uuid": crash_id, "url": "secret", "kept": 1}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - SUPPORTED))
def test_what_a_storage_does_not_have_says_so(operation):
    arguments = () if operation == "list_crashes" else (CRASH_ID,)
    with pytest.raises(OperationNotSupported, match=f"CrashStorageBase has no {operation}"):
        getattr(CrashStorageBase(), operation)(*arguments)


def test_saving_is_nothing_and_the_queue_is_empty():
    storage = CrashStorageBase()
    storage.save_raw_crash({}, {}, CRASH_ID)
    storage.save_processed({"uuid": CRASH_ID})
    storage.save_raw_and_processed({}, {}, {"uuid": CRASH_ID}, CRASH_ID)
    assert list(storage.new_crashes()) == []
    assert storage.ack_crash(CRASH_ID) == storage.release_crash(CRASH_ID) == CRASH_ID


def test_both_are_saved_the_raw_crash_first():
    storage = Recording()
    storage.save_raw_and_processed({}, None, {"uuid": CRASH_ID}, CRASH_ID)
    assert storage.saved == [("raw", CRASH_ID), ("processed", CRASH_ID)]


def test_a_processed_crash_of_another_crash_saves_neither():
    storage = Recording()
    with pytest.raises(InvalidCrash, match=ELSEWHERE):
        storage.save_raw_and_processed({}, None, {"uuid": ELSEWHERE}, CRASH_ID)
    assert storage.saved == []


def test_get_processed_is_the_unredacted_one_redacted():
    assert Reading().get_processed(CRASH_ID) == {"uuid": CRASH_ID, "kept": 1}
    assert Reading(redactor="kept").get_processed(CRASH_ID) == {"uuid": CRASH_ID, "url": "secret"}


def test_a_redactor_of_ones_own_is_used():
    class Shouting(Redactor):
        def redact(self, mapping):
            mapping["kept"] = "LOUD"

    assert Reading(redactor=Shouting()).get_processed(CRASH_ID)["kept"] == "LOUD"


@pytest.mark.parametrize(
    ("storage_class", "capabilities"),
    [
        (CrashStorageBase, set()),
        (Recording, {"save_raw_crash", "save_processed", "save_raw_and_processed", "save_many"}),
        (Reading, {"get_unredacted_processed", "get_processed"}),
    ],
)
def test_capabilities_are_what_is_implemented_and_what_is_made_of_it(storage_class, capabilities):
    assert storage_class().capabilities == capabilities


def test_a_missing_operation_fails_each_item_of_a_batch():
    (error,) = CrashStorageBase().get_many([CRASH_ID])
    assert isinstance(error, OperationNotSupported)


def test_what_is_no_storage_error_ends_a_batch():
    class Broken(CrashStorageBase):
        def remove(self, crash_id):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Broken().remove_many([CRASH_ID])


def test_describe_draws_the_members():
    class Pair(CrashStorageBase):
        is_container = True
        members = (Recording(redactor="url"), NullCrashStorage())

    first, second, third = Pair().describe().splitlines()
    assert first == "Pair(): nothing"
    assert second.startswith("  Recording(redactor=Redactor(forbidden_keys=('url',))): save_raw_")
    assert third.startswith("  NullCrashStorage(): get_raw_crash")


def test_a_quit_check_that_cannot_be_called_is_refused():
    with pytest.raises(ConfigurationError, match="quit_check_callback must be callable, not 5"):
        CrashStorageBase(quit_check_callback=5)


def test_null_finds_every_crash_empty():
    storage = NullCrashStorage()
    storage.save_raw_crash({"a": 1}, {None: b"x"}, CRASH_ID)
    storage.save_processed({"uuid": CRASH_ID})
    assert storage.get_raw_crash(CRASH_ID) == {}
    assert storage.get_raw_dump(CRASH_ID) == b""
    assert storage.get_raw_dumps(CRASH_ID, ["a"]) == {}
    assert storage.get_raw_dumps_as_files(CRASH_ID) == {}
    assert storage.get_unredacted_processed(CRASH_ID) == storage.get_processed(CRASH_ID) == {}
    assert list(storage.new_crashes()) == []
    storage.remove(CRASH_ID)
