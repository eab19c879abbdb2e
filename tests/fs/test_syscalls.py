"""System calls an operation, one by one, counted in a child under strace."""

import datetime as dt
import os
from collections import Counter

import pytest

from fs.procs import calls_of, memory_directory, need_strace
from socorro_fast import fs

DUMP = b"MDMP" + b"\0" * 64_000
CLASSES = [
    fs.FSRadixTreeStorage,
    fs.FSLegacyRadixTreeStorage,
    fs.FSDatedRadixTreeStorage,
    fs.FSLegacyDatedRadixTreeStorage,
]
LEAF = [fs.FSRadixTreeStorage, fs.FSDatedRadixTreeStorage]
LEGACY = [fs.FSLegacyRadixTreeStorage, fs.FSLegacyDatedRadixTreeStorage]
DATED = [fs.FSDatedRadixTreeStorage, fs.FSLegacyDatedRadixTreeStorage]
NOON = dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC)


def class_name(cls):
    return cls.__name__


def crash_id(number, radix="aabb"):
    return f"{radix}{number:04x}-0000-4000-8000-000002180601"


@pytest.fixture
def fs_root():
    need_strace()
    with memory_directory() as directory:
        yield directory


def opened(cls, fs_root, **options):
    """Open a storage that has saved before: its directories exist, and its slot is at hand."""
    if issubclass(cls, fs.FSDatedRadixTreeStorage):
        options.setdefault("now", lambda: NOON)
    storage = cls(fs_root=str(fs_root), **options)
    storage.save_raw_crash({}, {None: b""}, crash_id(0))
    return storage


def check(calls, most):
    """Fail with the list of calls if there are too many."""
    listed = "\n".join(call.line for call in calls)
    assert len(calls) <= most, f"{len(calls)} calls, at most {most} were to be:\n{listed}"


def saving(storage, crash_id, dumps=None):
    return lambda: storage.save_raw_crash({"a": 1}, dumps or {None: DUMP}, crash_id)


@pytest.mark.parametrize(
    ("cls", "most"),
    list(zip(CLASSES, [12, 12, 14, 12], strict=True)),
    ids=map(class_name, CLASSES),
)
def test_first_save(fs_root, cls, most):
    check(calls_of(lambda: saving(opened(cls, fs_root), crash_id(1))), most)


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_a_tight_umask_costs_at_most_three_calls(fs_root, cls):
    def prepare(umask, number):
        def in_child():
            os.umask(umask)
            return saving(opened(cls, fs_root), crash_id(number))

        return in_child

    loose, tight = calls_of(prepare(0, 1)), calls_of(prepare(0o077, 2))
    check(tight, len(loose) + 3)
    added = Counter(call.name for call in tight) - Counter(call.name for call in loose)
    assert set(added) <= {"fchmod", "fchmodat"}


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_a_further_dump_costs_three_calls(fs_root, cls):
    def calls(number, **dumps):
        storage = cls(fs_root=str(fs_root))
        return calls_of(lambda: saving(storage, crash_id(number), {"": DUMP, **dumps}))

    calls(0)
    one, two = calls(1), calls(2, further=b"d")
    # Without a queue the legacy layout has no mark for a save in progress: the dump is linked in.
    check(two, len(one) + (5 if cls is fs.FSLegacyRadixTreeStorage else 3))


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
@pytest.mark.parametrize(
    ("operation", "most"),
    [
        (lambda storage: storage.get_raw_crash(crash_id(1)), 4),
        (lambda storage: storage.get_raw_crash_bytes(crash_id(1)), 4),
        # The legacy layout looks whether the raw crash is there, the dumps being open.
        (lambda storage: storage.get_raw_dumps(crash_id(1)), 9),
        (lambda storage: storage.get_raw_dump(crash_id(1)), 5),
        (lambda storage: storage.get_unredacted_processed(crash_id(1)), 4),
    ],
    ids=["raw crash", "raw crash bytes", "dumps listed", "dump named", "processed"],
)
def test_reading(fs_root, cls, operation, most):
    def prepare():
        storage = opened(cls, fs_root)
        saving(storage, crash_id(1))()
        storage.save_processed({"uuid": crash_id(1)})
        return lambda: operation(storage)

    check(calls_of(prepare), most)


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_saving_a_processed_crash(fs_root, cls):
    def prepare():
        storage = opened(cls, fs_root)
        saving(storage, crash_id(1))()
        return lambda: storage.save_processed({"uuid": crash_id(1)})

    check(calls_of(prepare), 7)


@pytest.mark.parametrize("cls", DATED, ids=class_name)
def test_draining(fs_root, cls):
    """Marginal: what a hundred crashes in one slot cost beyond one crash in it."""

    def drain(count):
        root = fs_root / str(count)

        def prepare():
            storage = opened(cls, root)
            for number in range(1, count):
                storage.save_raw_crash({}, {}, crash_id(number))
            return lambda: [storage.ack_crash(each) for each in storage.new_crashes()]

        return calls_of(prepare)

    one, more = drain(1), drain(101)
    check(more, len(one) + 310)


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_removing(fs_root, cls):
    """A queued crash costs ten calls; the directory of its own, emptied, one more."""

    def prepare():
        storage = opened(cls, fs_root)
        saving(storage, crash_id(1))()
        return lambda: storage.remove(crash_id(1))

    check(calls_of(prepare), 10 + (cls in LEAF))


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_removing_a_processed_file_and_emptied_directories_costs_a_call_each(fs_root, cls):
    emptied = crash_id(1, radix="ccdd")

    def prepare():
        storage = opened(cls, fs_root)
        saving(storage, emptied)()
        storage.save_processed({"uuid": emptied})
        return lambda: storage.remove(emptied)

    # Three directories: dd, cc and the crash's own, or the first that is not empty, tried in vain.
    check(calls_of(prepare), 10 + 1 + 3)
    assert [path.name for path in (fs_root / "20180601/name").iterdir()] == ["aa"]


@pytest.mark.parametrize("cls", CLASSES, ids=class_name)
def test_no_operation_asks_for_the_umask(fs_root, cls):
    def prepare():
        storage = opened(cls, fs_root)

        def everything():
            saving(storage, crash_id(1))()
            saving(storage, crash_id(1))()
            storage.save_processed({"uuid": crash_id(1)})
            storage.remove(crash_id(1))

        return everything

    assert "umask" not in {call.name for call in calls_of(prepare)}
