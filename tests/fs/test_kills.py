"""Every operation killed before each of its system calls, and each of these calls failing.

A child does the operation under strace, which kills it at a call or makes the call fail. What is
left must be whole: old or new, readable, replaceable, queued if a save said so, removable to the
last file.
"""

import contextlib
import datetime as dt
import errno
import gc
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from fs.procs import Traced, calls_of, memory_directory, need_strace, open_descriptors
from socorro_fast import CrashIDNotFound, StorageIOError, fs

NOON = dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC)
# Far from any slot in use: the consumer may remove every slot that it empties.
MIDNIGHT = dt.datetime(2018, 6, 1, 0, tzinfo=dt.UTC)
VICTIM = "aabb0001-0000-4000-8000-000002180601"
NEIGHBOUR = "aabb0002-0000-4000-8000-000002180601"

OLD = ({"version": "old"}, {"upload_file_minidump": b"old" * 1000, "gone": b"old"})
NEW = ({"version": "new"}, {"upload_file_minidump": b"new" * 2000, "added": b"new"})
NEWEST = ({"version": "newest"}, {"upload_file_minidump": b"newest"})
DUMPS = {"old": OLD[1], "new": NEW[1]}
# Closing cannot fail for what was only read or synced.
NEVER_FAIL = {"close"}


def drain(storage):
    """Take the whole queue; return what was in it."""
    return [storage.ack_crash(crash_id) for crash_id in storage.new_crashes()]


@dataclass(frozen=True)
class Operation:
    """One thing that is done to VICTIM."""

    name: str
    stored_before: bool

    def __call__(self, storage):
        return getattr(self, f"_{self.name}")(storage)

    def _save(self, storage):
        storage.save_raw_crash(*NEW, VICTIM)

    def _processed(self, storage):
        storage.save_processed({"uuid": VICTIM, "version": "new"})

    def _remove(self, storage):
        storage.remove(VICTIM)

    _again = _anew = _save

    def _drain(self, storage):
        drain(storage)

    def __str__(self):
        return ("replacing " if self.stored_before else "first ") + self.name


FIRST, REPLACEMENT = Operation("save", stored_before=False), Operation("save", stored_before=True)
PROCESSED = Operation("processed", stored_before=True)
REMOVE, DRAIN = Operation("remove", stored_before=True), Operation("drain", stored_before=True)
# Replacing what a consumer has in its hands, and what was acknowledged.
AGAIN, ANEW = Operation("again", stored_before=True), Operation("anew", stored_before=True)
SAVES = (FIRST, REPLACEMENT, PROCESSED, AGAIN, ANEW)
OF_A_QUEUE = (DRAIN, AGAIN, ANEW)

CASES = [
    (cls, operation, durability)
    for cls in [
        fs.FSRadixTreeStorage,
        fs.FSLegacyRadixTreeStorage,
        fs.FSDatedRadixTreeStorage,
        fs.FSLegacyDatedRadixTreeStorage,
    ]
    for operation in [*SAVES, REMOVE, DRAIN]
    for durability in ["os", "disk"]
    if (durability == "os" and operation not in OF_A_QUEUE)
    or (issubclass(cls, fs.FSDatedRadixTreeStorage) and (durability == "os" or operation in SAVES))
]


def case_name(case):
    return "-".join([case[0].__name__, str(case[1]), case[2]])


every_case = pytest.mark.parametrize("case", CASES, ids=case_name)


class Scene:
    """A tree before the operation, and what must hold of it afterwards."""

    def __init__(self, case, root: Path) -> None:
        self.cls, self.operation, self.durability = case
        self.root = root
        self.dated = issubclass(self.cls, fs.FSDatedRadixTreeStorage)
        storage = self.opened()
        storage.save_raw_crash(*OLD, NEIGHBOUR)
        if self.operation.stored_before:
            storage.save_raw_crash(*OLD, VICTIM)
            storage.save_processed({"uuid": VICTIM, "version": "old"})
        if self.operation is ANEW:
            drain(storage)

    def opened(self, now=NOON):
        options = {"now": lambda: now} if self.dated else {}
        return self.cls(fs_root=str(self.root), durability=self.durability, **options)

    def prepared(self):
        self.descriptors = open_descriptors()
        self.storage = self.opened(MIDNIGHT if self.operation is DRAIN else NOON)
        self.consumer = self.opened()
        if self.operation is AGAIN:
            assert set(self.consumer.new_crashes()) == {VICTIM, NEIGHBOUR}
        return lambda: self.operation(self.storage)

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if not path.is_dir())

    def leaked(self) -> int:
        """Close everything; return how many descriptors are open that were not."""
        del self.storage, self.consumer
        gc.collect()
        return open_descriptors() - self.descriptors

    def check_readable(self) -> str | None:
        """Check that all there is to be read is whole; return the version of the raw crash."""
        storage = self.opened()
        assert storage.get_raw_crash(NEIGHBOUR) == OLD[0]
        assert storage.get_raw_dumps(NEIGHBOUR) == OLD[1]
        version = self._version(storage)
        if version is not None:
            self._check_dumps(storage, version)
        if version is None and self.operation is FIRST:
            with pytest.raises(CrashIDNotFound):
                storage.get_raw_dump(VICTIM)
        if self.operation.stored_before and self.operation is not REMOVE:
            assert version is not None
            found = storage.get_unredacted_processed(VICTIM)["version"]
            assert found in {"old", "new" if self.operation is PROCESSED else "old"}
        assert set(storage.list_crashes()) == {NEIGHBOUR} | ({VICTIM} if version else set())
        return version

    def _version(self, storage) -> str | None:
        try:
            return storage.get_raw_crash(VICTIM)["version"]
        except CrashIDNotFound:
            with pytest.raises(CrashIDNotFound):
                storage.get_raw_dumps(VICTIM)
            return None

    def _check_dumps(self, storage, version) -> None:
        """Every dump is whole; none of a new raw crash's is missing or old."""
        found = storage.get_raw_dumps(VICTIM)
        for name, dump in found.items():
            assert dump in [dumps.get(name) for dumps in (OLD[1], NEW[1])], name
        assert set(DUMPS[version]) <= set(found)
        if version == "new":
            assert {name: found[name] for name in NEW[1]} == NEW[1]
        elif self.operation in (PROCESSED, REMOVE, DRAIN):
            assert found == OLD[1]

    def check_queue(self, at_least: set[str], at_most: set[str]) -> None:
        """Whatever is queued is handed out once; nothing that a save promised is missing."""
        if not self.dated:
            return
        handed_out = drain(self.opened(MIDNIGHT))
        assert len(handed_out) == len(set(handed_out))
        assert at_least <= set(handed_out) <= at_most
        assert drain(self.opened(MIDNIGHT)) == []

    def check_next_save(self) -> None:
        """Whatever was left, the crash can be saved."""
        storage = self.opened()
        storage.save_raw_crash(*NEWEST, VICTIM)
        assert storage.get_raw_crash(VICTIM) == NEWEST[0]
        assert storage.get_raw_dumps(VICTIM) == NEWEST[1]

    def check_removal(self) -> None:
        """Removing takes everything; what was staged by a killed process, when nothing else is."""
        storage = self.opened(MIDNIGHT)
        storage.remove(VICTIM)
        storage.remove(NEIGHBOUR)
        left = [path for path in self.root.rglob("*") if not path.is_dir() or path.name[0] == "."]
        assert all(f"/.{VICTIM}." in str(path) for path in left)
        with pytest.raises(CrashIDNotFound):
            storage.remove(VICTIM)
        assert entries(self.root) == []


def entries(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.fixture
def scenes(request):
    """Make scenes of a case, each in a directory of its own."""
    need_strace()
    with memory_directory() as directory:
        yield lambda number: Scene(request.getfixturevalue("case"), directory / str(number))


QUEUED = {
    # What must be in the queue after the operation was cut short, and what may be.
    FIRST: ({NEIGHBOUR}, {VICTIM, NEIGHBOUR}),
    REPLACEMENT: ({VICTIM, NEIGHBOUR}, {VICTIM, NEIGHBOUR}),
    PROCESSED: ({VICTIM, NEIGHBOUR}, {VICTIM, NEIGHBOUR}),
    AGAIN: ({VICTIM, NEIGHBOUR}, {VICTIM, NEIGHBOUR}),
    ANEW: (set(), {VICTIM}),
    REMOVE: ({NEIGHBOUR}, {VICTIM, NEIGHBOUR}),
    DRAIN: (set(), {VICTIM, NEIGHBOUR}),
}


@contextlib.contextmanager
def telling(call, scene):
    """Say which call it was and what was left, if a check fails."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"at {call.line}\nleft: {entries(scene.root)}")
        raise


@every_case
@pytest.mark.parametrize("drained_first", [True, False], ids=["drained", "saved"])
def test_killed_at_every_call(scenes, case, drained_first):
    operation = case[1]
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        scene = scenes(number)
        killed = Traced(scene.prepared, f"--inject={call.name}:signal=KILL:when={call.nth}")
        assert killed.child.exit_code() == -9, call
        with telling(call, scene):
            scene.check_readable()
            if drained_first:
                scene.check_queue(*QUEUED[operation])
            scene.check_next_save()
            rest = set() if drained_first else {NEIGHBOUR}
            sure = rest & QUEUED[operation][0]
            scene.check_queue({VICTIM} | sure, {VICTIM} | rest)
            scene.check_removal()


def look_and_do_again(scene, files, raised):
    """Look at what a failure left, in the process that it happened to, and do the work again."""
    version = scene.check_readable()
    if raised is not None and scene.operation is FIRST:
        assert version is None
        assert scene.files() == files
    elif raised is None and scene.operation in (FIRST, REPLACEMENT, AGAIN, ANEW):
        assert version == "new"
    with contextlib.suppress(CrashIDNotFound):
        scene.operation(scene.storage)
    if raised is not None:
        raised.with_traceback(None)  # whose frames hold the storage
    assert scene.leaked() == 0
    return raised


def check_error(error, name, scene):
    assert isinstance(error, StorageIOError)
    assert error.errno == getattr(errno, name)
    assert Path(error.filename).is_relative_to(scene.root)
    assert error.filename in str(error)
    assert error.action


@every_case
def test_every_call_failing(scenes, case):
    operation = case[1]
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        if call.name in NEVER_FAIL:
            continue
        scene = scenes(number)
        files = scene.files()
        name = "ENOSPC" if number % 2 else "EIO"
        failed = Traced(
            scene.prepared,
            f"--inject={call.name}:error={name}:when={call.nth}",
            after=partial(look_and_do_again, scene, files),
        )
        with telling(call, scene):
            raised = failed.child.result()
            if raised is not None:
                check_error(raised, name, scene)
            if operation in SAVES:
                scene.check_queue({VICTIM}, {VICTIM, NEIGHBOUR})
            scene.check_next_save()
            scene.check_queue({VICTIM}, {VICTIM, NEIGHBOUR})
            scene.check_removal()
