"""Writers, consumers, readers and removers in processes of their own, over one tree.

Every consumer's clock is hours away from the writers': it may remove each slot the moment it has
emptied it, which a consumer with the right time would do only a minute later. Each test runs for a
few seconds; with `HYPOTHESIS_PROFILE=long` until it has made its share of a million tries.
"""

import datetime as dt
import functools
import itertools
import os
import time
from pathlib import Path

import pytest

from fs.procs import Child, in_processes, memory_directory, wait_until
from socorro_fast import CrashIDNotFound, CrashStorageError, fs

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
TRIES, SECONDS = (200_000, 3600) if LONG else (10_000, 1.5)
FAR = dt.datetime(2018, 6, 1, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC)
ID = "aabbcccc-0000-4000-8000-000002180601"

DATED = [fs.FSDatedRadixTreeStorage, fs.FSLegacyDatedRadixTreeStorage]
every_dated = pytest.mark.parametrize("cls", DATED, ids=lambda cls: cls.__name__)


def crash_id(writer, number, radix=None):
    radix = radix or f"{number % 64:04x}"
    return f"{radix}{writer:04x}-0000-4000-8000-{number:05x}2180601"


@pytest.fixture
def root():
    with memory_directory() as directory:
        (directory / "crashes").mkdir()
        yield directory


class Stage:
    """A tree, and the signs that processes give each other: files beside it."""

    def __init__(self, cls, root: Path) -> None:
        self.cls, self.root = cls, root

    def opened(self, now=NOON):
        return self.cls(fs_root=str(self.root / "crashes"), now=lambda: now)

    def done(self) -> bool:
        return (self.root / "done").exists()

    def finish(self) -> None:
        (self.root / "done").touch()

    def tries(self):
        """Count tries until there are enough of them, or the time is up."""
        end = time.monotonic() + SECONDS
        return itertools.takewhile(lambda _: time.monotonic() < end, range(TRIES))

    def queued(self) -> int:
        try:
            return len(list((self.root / "crashes/20180601/date/12/00_0").iterdir()))
        except OSError:
            return 0

    def write(self, writer):
        """Save crashes, no faster than they are consumed: a slot must be empty often."""
        storage, saved = self.opened(), []
        for number in self.tries():
            while self.queued() > 4:
                time.sleep(0.0001)
            saved.append(crash_id(writer, number))
            storage.save_raw_crash({"n": number}, {None: b"d"}, saved[-1])
        return saved

    def consume(self, take):
        """Take everything until the writers are done and the queue is empty; return the IDs."""
        storage, taken = self.opened(FAR), []
        last = False
        while not last:
            last = self.done()
            for each in storage.new_crashes():
                take(storage, each)
                taken.append(each)
        return taken

    def run(self, works, consumers):
        """Run writers and consumers side by side; return what each of them returned."""
        consuming = [Child(work) for work in consumers]
        try:
            written = in_processes(works)
        finally:
            self.finish()
        return written, [child.result() for child in consuming]


def move(storage, each):
    """What a mover does: read, acknowledge, remove."""
    assert storage.get_raw_dump(each) == b"d"
    storage.ack_crash(each)
    storage.remove(each)


def take_off(storage, each):
    """Remove a crash while it is in hand; that settles it."""
    assert storage.get_raw_dump(each) == b"d"
    storage.remove(each)
    storage.ack_crash(each)


@every_dated
@pytest.mark.parametrize("take", [move, take_off])
def test_no_crash_is_lost_at_the_edge_of_a_slot(root, cls, take):
    stage = Stage(cls, root)
    writers = [functools.partial(stage.write, number) for number in range(2)]
    written, [taken] = stage.run(writers, [lambda: stage.consume(take)])
    assert sorted(taken) == sorted(itertools.chain(*written))
    assert len(taken) > 100
    assert not (root / "crashes/20180601/name").exists()


@every_dated
@pytest.mark.parametrize("consumers", [2, 4])
def test_no_crash_is_in_two_hands_at_once(root, cls, consumers):
    stage = Stage(cls, root)

    def take(storage, each):
        in_hand = root / each
        in_hand.touch(exist_ok=False)
        in_hand.unlink()
        storage.ack_crash(each)

    written, taken = stage.run([lambda: stage.write(0)], [lambda: stage.consume(take)] * consumers)
    left = stage.consume(take)
    assert sorted(itertools.chain(*taken, left)) == sorted(written[0])


@every_dated
def test_what_a_killed_consumer_had_comes_again(root, cls):
    stage = Stage(cls, root)
    storage = stage.opened()
    everything = sorted(crash_id(0, number) for number in range(120))
    for each in everything:
        storage.save_raw_crash({}, {}, each)
    acknowledged: set[str] = set()
    for killed_at in range(1, 12):
        ready, theirs = os.pipe()
        consumer = Child(functools.partial(take_for_ever, stage, theirs))
        os.close(theirs)
        with os.fdopen(ready) as taken:
            lines = [taken.readline().split() for _ in range(killed_at)]
            consumer.kill()
            lines += [line.split() for line in taken]
        acknowledged |= {each for verb, each in lines if verb == "ack"}
    last = stage.opened(FAR)
    left = [last.ack_crash(each) for each in last.new_crashes()]
    assert sorted(acknowledged | set(left)) == everything
    assert len(left) == len(set(left)) < len(everything)
    # The acknowledgement under way when a consumer was killed may have been done or not.
    assert len(acknowledged & set(left)) <= 11


def take_for_ever(stage, results):
    storage = stage.opened(FAR)
    for number, each in enumerate(storage.new_crashes()):
        if number % 8:  # most must be left for the next, however late this one is killed
            os.write(results, f"keep {each}\n".encode())
        else:
            os.write(results, f"ack {each}\n".encode())
            storage.ack_crash(each)
    time.sleep(600)


EVERY = [*DATED, fs.FSRadixTreeStorage, fs.FSLegacyRadixTreeStorage]


def version(number):
    return {"n": number}, {None: b"%09d" % number * 500, "second": b"%09d" % number}


def read_whole(storage):
    """Read a crash object by object, the raw crash first; return the versions of the objects."""
    raw = storage.get_raw_crash(ID)["n"]
    dumps = storage.get_raw_dumps(ID)
    versions = []
    for dump in dumps.values():
        (one,) = {dump[at : at + 9] for at in range(0, len(dump), 9)}
        versions.append(int(one))
    return raw, versions


class Anyone(Stage):
    """A stage for storages with a queue or without."""

    def opened(self, now=NOON):
        if self.cls in DATED:
            return super().opened(now)
        return self.cls(fs_root=str(self.root / "crashes"))

    def until_done(self, act):
        storage, acted = self.opened(), 0
        while not self.done():
            act(storage)
            acted += 1
        return acted


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_readers_see_dumps_at_least_as_new_as_the_raw_crash(root, cls):
    stage = Anyone(cls, root)
    stage.opened().save_raw_crash(*version(0), ID)

    def save():
        storage = stage.opened()
        for number in stage.tries():
            storage.save_raw_crash(*version(number), ID)

    def read(storage):
        raw, dumps = read_whole(storage)
        assert len(dumps) == 2
        assert min(dumps) >= raw

    _, read_often = stage.run([save], [lambda: stage.until_done(read)] * 2)
    assert min(read_often) > 10


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_savers_of_one_crash_leave_one_version_of_it(root, cls):
    stage = Anyone(cls, root)

    def save(writer):
        storage = stage.opened()
        for number in stage.tries():
            storage.save_raw_crash(*version(number * 3 + writer), ID)
            raw, dumps = read_whole(storage)
            assert len(dumps) == 2
            del raw

    in_processes([functools.partial(save, writer) for writer in range(3)])
    raw, dumps = read_whole(stage.opened())
    assert dumps == [raw, raw]
    assert_queued_once(stage)


def assert_queued_once(stage):
    if stage.cls in DATED:
        storage = stage.opened(FAR)
        assert [storage.ack_crash(each) for each in storage.new_crashes()] == [ID]


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_removing_against_saving(root, cls):
    """A reader finds a whole crash or none; a save that nobody undoes stays, and is queued."""
    stage = Anyone(cls, root)

    def save():
        storage = stage.opened()
        for number in stage.tries():
            storage.save_raw_crash(*version(number), ID)

    def remove(storage):
        try:
            storage.remove(ID)
        except CrashIDNotFound:
            return

    def read(storage):
        try:
            _, dumps = read_whole(storage)
        except CrashIDNotFound:
            return
        assert len(dumps) <= 2

    stage.run([save, save], [lambda: stage.until_done(remove), lambda: stage.until_done(read)])
    storage = stage.opened()
    storage.save_raw_crash(*version(7), ID)
    assert read_whole(storage) == (7, [7, 7])
    if cls in DATED:
        assert list(stage.opened(FAR).new_crashes()) == [ID]
    stage.opened(FAR).remove(ID)
    assert [path for path in (root / "crashes").rglob("*") if not path.is_dir()] == []


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_saving_where_directories_are_pruned(root, cls):
    """Each removes what it saved; the radix directory that all share comes and goes."""
    stage = Anyone(cls, root)

    def save_and_remove(writer):
        storage = stage.opened(FAR)
        for number in stage.tries():
            each = crash_id(writer, number, radix="aabb")
            storage.save_raw_crash(*version(number), each)
            assert storage.get_raw_crash(each) == {"n": number}
            storage.save_processed({"uuid": each})
            storage.remove(each)
        return number

    works = [functools.partial(save_and_remove, writer) for writer in range(3)]
    assert min(in_processes(works)) > 10
    assert not (root / "crashes/20180601/name").exists()


@every_dated
def test_a_child_that_lives_on_does_not_hold_its_parents_claims(root, cls):
    stage = Stage(cls, root)
    storage = stage.opened()
    storage.save_raw_crash({}, {}, ID)
    walk = storage.new_crashes()
    assert next(walk) == ID

    def child():
        with pytest.raises(CrashStorageError, match="child of a fork"):
            next(walk)
        assert list(storage.new_crashes()) == []
        (root / "looked").touch()
        while not stage.done():
            time.sleep(0.001)

    living = Child(child)
    try:
        wait_until((root / "looked").exists)
        storage.release_crash(ID)
        walk.close()
        other = stage.opened(FAR)
        assert [other.ack_crash(each) for each in other.new_crashes()] == [ID]
    finally:
        stage.finish()
        living.result()
