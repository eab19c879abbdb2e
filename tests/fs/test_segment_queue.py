"""The queue, removal, compaction and pruning of segments, by processes side by side."""

import contextlib
import datetime as dt
import functools
import itertools
import os
import threading

import pytest

from fs.procs import Child, Traced, calls_of, in_processes, memory_directory, need_strace
from fs.procs import wait_until as wait_for
from socorro_fast import CrashIDNotFound, FSSegmentStorage, StorageIOError

DAY = dt.date(2018, 6, 1)
RAW, DUMPS = {"n": 1}, {"upload_file_minidump": b"d" * 20_000}


def crash_id(number, writer=0):
    return f"{number:08x}-{writer:04x}-4000-8000-000002180601"


def opened(root, **options):
    values = {"durability": "os", "segment_bytes": 1 << 16} | options
    return FSSegmentStorage(fs_root=root / "crashes", **values)


@pytest.fixture
def root():
    with memory_directory() as directory:
        yield directory


def drain(storage):
    return [storage.ack_crash(each) for each in storage.new_crashes()]


def write(root, writer, count):
    with opened(root) as storage:
        for number in range(count):
            storage.save_raw_crash(RAW, {}, crash_id(number, writer))


def consume(root, take):
    """Take everything until the writers are done and the queue is empty; return the IDs."""
    taken, last = [], False
    with opened(root) as storage:
        while not last:
            last = (root / "done").exists()
            for each in storage.new_crashes():
                take(storage, each)
                taken.append(each)
    return taken


def test_every_crash_goes_to_one_consumer_while_they_are_written(root):
    consumers = [Child(lambda: consume(root, FSSegmentStorage.ack_crash)) for _ in range(3)]
    writers = [functools.partial(write, root, writer, 1500) for writer in range(2)]
    in_processes(writers)
    (root / "done").touch()
    taken = list(itertools.chain(*(child.result() for child in consumers)))
    assert sorted(taken) == sorted(
        crash_id(number, writer) for number in range(1500) for writer in range(2)
    )


def test_a_mover_may_remove_what_it_takes(root):
    def move(storage, each):
        assert storage.get_raw_crash(each) == RAW
        storage.ack_crash(each)
        storage.remove(each)

    mover = Child(lambda: consume(root, move))
    in_processes([lambda: write(root, 0, 1000)])
    (root / "done").touch()
    assert len(mover.result()) == 1000
    with opened(root) as storage:
        assert list(storage.list_crashes()) == list(storage.new_crashes()) == []


def test_what_a_killed_consumer_had_comes_again(root):
    write(root, 0, 100)

    def take_and_wait():
        storage = opened(root)
        for number, each in enumerate(storage.new_crashes()):
            if number < 10:
                storage.ack_crash(each)
            if number == 20:
                (root / "taken").touch()
                threading.Event().wait()

    consumer = Child(take_and_wait)
    wait_for((root / "taken").exists)
    with opened(root) as other:
        meanwhile = list(other.new_crashes())
        assert not set(meanwhile) & {crash_id(number) for number in range(21)}
        consumer.kill()
        assert sorted(meanwhile + list(other.new_crashes())) == [
            crash_id(number) for number in range(10, 100)
        ]


def test_a_child_that_lives_on_does_not_hold_its_parents_claims(root):
    write(root, 0, 5)

    def parent():
        storage = opened(root)
        assert len(list(storage.new_crashes())) == 5
        child = os.fork()
        if child == 0:
            # It has used the storage since, and so let go of what it had inherited.
            storage.get_raw_crash(crash_id(1))
            (root / "forked").touch()
            wait_for((root / "done").exists)
            os._exit(0)
        wait_for((root / "forked").exists)
        os._exit(0)

    assert Child(parent).exit_code() == 0
    with opened(root) as other:
        assert len(drain(other)) == 5
    (root / "done").touch()


def test_one_consumer_leaves_work_to_the_others_when_it_is_slow(root):
    write(root, 0, 200)
    with opened(root) as slow, opened(root) as other:
        next(slow.new_crashes())
        assert len(list(other.new_crashes())) > 150


def test_many_are_acknowledged_at_once_whoever_has_them(root):
    write(root, 0, 50)
    with opened(root) as storage, opened(root) as other:
        taken = list(storage.new_crashes())
        assert other.ack_many(taken[:10]) == [None] * 10  # not other's to acknowledge
        outcomes = storage.ack_many([*taken[10:], "no crash ID"])
        assert [type(each).__name__ for each in outcomes] == ["NoneType"] * 40 + ["InvalidCrashID"]
    with opened(root) as storage:
        assert list(storage.new_crashes()) == taken[:10]


def test_a_pruned_day_is_gone_and_others_stay(root):
    write(root, 0, 50)
    other_day = "aabbcccc-0000-4000-8000-000002180602"
    with opened(root) as storage:
        storage.save_raw_crash(RAW, {}, other_day)
        assert storage.prune(DAY)
        assert not storage.prune(DAY)
        assert list(storage.list_crashes()) == [other_day]
        assert drain(storage) == [other_day]
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(crash_id(1))


def test_compaction_makes_the_files_smaller_and_keeps_what_counts(root):
    with opened(root) as storage:
        for number in range(40):
            storage.save_raw_crash(RAW, DUMPS, crash_id(number))
        drain(storage)
        for number in range(36):
            storage.remove(crash_id(number))
    with opened(root) as storage:
        before = size(root)
        assert storage.compact(DAY) > 500_000
        assert size(root) < before / 4
        check_neighbours(storage, range(36, 40))


def size(root):
    return sum(path.stat().st_size for path in (root / "crashes/20180601").glob("*.seg"))


def check_neighbours(storage, numbers):
    assert list(storage.list_crashes(DAY)) == [crash_id(number) for number in numbers]
    for number in numbers:
        assert storage.get_raw_crash(crash_id(number)) == RAW
        assert storage.get_raw_dumps(crash_id(number)) == DUMPS


class Scene:
    """A storage with crashes, before something is done to it; what must hold of it afterwards."""

    def __init__(self, root, operation):
        self.root, self.operation = root, operation
        with opened(root) as storage:
            # One batch, whatever time it takes: each run makes the same calls.
            for number in range(8):
                storage.save_raw_crash(RAW, DUMPS, crash_id(number))
            if operation is not Scene.drain:
                drain(storage)
            if operation is Scene.compact:
                for number in range(4):
                    storage.remove(crash_id(number))

    def prepared(self):
        self.storage = opened(self.root)
        return functools.partial(self.operation, self)

    def drain(self):
        drain(self.storage)

    def compact(self):
        self.storage.compact(DAY)

    def prune(self):
        self.storage.prune(DAY)

    def remove(self):
        self.storage.remove(crash_id(0))

    def check(self, storage):
        if self.operation is Scene.drain:
            check_neighbours(storage, range(8))
            taken = drain(storage)
            assert len(taken) == len(set(taken))
            assert set(taken) <= {crash_id(number) for number in range(8)}
            assert taken == sorted(taken)
        elif self.operation is Scene.compact:
            check_neighbours(storage, range(4, 8))
        elif self.operation is Scene.remove:
            there = crash_id(0) in set(storage.list_crashes())
            if there:
                assert storage.get_raw_dumps(crash_id(0)) == DUMPS
            check_neighbours(storage, range(0 if there else 1, 8))
        else:
            for each in storage.list_crashes():
                assert storage.get_raw_dumps(each) == DUMPS
        assert drain(storage) == []

    def check_next(self):
        """Whatever was left, the storage is of use."""
        with opened(self.root) as storage:
            self.check(storage)
            storage.save_raw_crash(RAW, DUMPS, crash_id(99))
            assert drain(storage) == [crash_id(99)]
            storage.compact(DAY, 1)
            assert storage.get_raw_dumps(crash_id(99)) == DUMPS
            assert storage.prune(DAY)
        assert not (self.root / "crashes/20180601").exists()


every_operation = pytest.mark.parametrize(
    "operation",
    [Scene.drain, Scene.compact, Scene.prune, Scene.remove],
    ids=lambda operation: operation.__name__,
)


@pytest.fixture
def scenes(root, operation):
    need_strace()
    return lambda number: Scene(root / str(number), operation)


@contextlib.contextmanager
def telling(call):
    try:
        yield
    except BaseException as error:
        error.add_note(f"at {call.line}")
        raise


@every_operation
def test_killed_at_every_call(scenes):
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        scene = scenes(number)
        killed = Traced(scene.prepared, f"--inject={call.name}:signal=KILL:when={call.nth}")
        assert killed.child.exit_code() == -9, call
        with telling(call):
            scene.check_next()


def look_and_do_again(scene, raised):
    scene.check(scene.storage)
    with contextlib.suppress(CrashIDNotFound):
        scene.operation(scene)
    scene.storage.close()
    return raised


@every_operation
def test_every_call_failing(scenes):
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        if call.name == "close":
            continue
        scene = scenes(number)
        name = "ENOSPC" if number % 2 else "EIO"
        failed = Traced(
            scene.prepared,
            f"--inject={call.name}:error={name}:when={call.nth}",
            after=functools.partial(look_and_do_again, scene),
        )
        with telling(call):
            raised = failed.child.result()
            assert raised is None or isinstance(raised, StorageIOError)
            scene.check_next()
