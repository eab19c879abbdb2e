"""Opening, describing and closing; the pinned table of capabilities."""

import pytest

from contract.backends import ALL, BACKENDS, CAPABILITIES
from contract.checking import check_dumps
from contract.samples import CRASH_ID, DUMPS, PROCESSED, RAW
from socorro_fast import ConfigurationError, CrashStorageError


@pytest.mark.parametrize("name", BACKENDS)
def test_a_storage_declares_what_the_table_pins(name, tmp_path):
    with BACKENDS[name].make(tmp_path) as storage:
        assert storage.capabilities == CAPABILITIES[name]


def test_every_storage_is_tested_for_keeping_crashes():
    for name in BACKENDS.keys() - {"null", "rabbitmq"}:
        halves = {"save_raw_crash", "get_raw_crash"}, {"save_processed", "get_unredacted_processed"}
        assert any(half <= CAPABILITIES[name] for half in halves), name
    assert CAPABILITIES.keys() == BACKENDS.keys()
    assert frozenset().union(*CAPABILITIES.values()) == ALL


def test_it_describes_itself(storage):
    text = storage.describe()
    assert text.startswith(type(storage).__name__)
    assert all(name in text for name in storage.capabilities)
    assert storage.is_container == bool(storage.members)
    assert storage.members == () or all(type(each).__name__ in text for each in storage.members)


def test_closing_twice_is_closing(storage):
    storage.close()
    storage.close()


def test_it_is_a_context_manager(backend, tmp_path):
    with backend.make(tmp_path) as storage:
        assert isinstance(storage.describe(), str)


@pytest.mark.needs("save_raw_crash", "get_raw_crash")
@pytest.mark.parametrize(
    "use",
    [
        lambda storage: storage.save_raw_crash(RAW, DUMPS, CRASH_ID),
        lambda storage: storage.save_processed(PROCESSED),
        lambda storage: storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID),
        lambda storage: storage.get_raw_crash(CRASH_ID),
        lambda storage: storage.get_processed(CRASH_ID),
        lambda storage: storage.remove(CRASH_ID),
        lambda storage: list(storage.list_crashes()),
    ],
)
def test_use_after_close_is_an_error(storage, use):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.close()
    with pytest.raises(CrashStorageError, match="closed"):
        use(storage)


@pytest.mark.needs("save_raw_crash", "get_raw_dump", "get_raw_dumps")
@pytest.mark.parametrize("get", ["get_raw_dump", "get_raw_dumps"])
def test_dumps_are_not_read_after_close(storage, get):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.close()
    with pytest.raises(CrashStorageError, match="closed"):
        getattr(storage, get)(CRASH_ID)


@pytest.mark.needs("new_crashes")
def test_a_walk_does_not_go_on_after_close(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    walk = storage.new_crashes()
    storage.close()
    with pytest.raises(CrashStorageError, match="closed"):
        list(walk)


def test_an_unknown_option_is_refused_and_the_nearest_named(make):
    with pytest.raises(ConfigurationError, match="did you mean 'redactor'"):
        make(redacter="url")


@pytest.mark.needs("get_raw_crash", "get_raw_dumps", persists=True)
def test_what_was_saved_outlives_the_instance(make):
    with make() as first:
        first.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    second = make()
    assert second.get_raw_crash(CRASH_ID) == RAW
    check_dumps(second, CRASH_ID, DUMPS)
    assert second.get_unredacted_processed(CRASH_ID) == PROCESSED
