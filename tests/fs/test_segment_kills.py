"""Every operation on segments killed before each of its system calls, and each of these failing.

As `test_kills` does it for radix trees: what is left must be whole, old or new, and go on working.
"""

import contextlib
import errno
from dataclasses import dataclass
from pathlib import Path

import pytest

from fs.procs import Traced, calls_of, memory_directory, need_strace, open_descriptors
from fs.segment_writer import opened
from socorro_fast import CrashIDNotFound, StorageIOError

VICTIM = "aabb0001-0000-4000-8000-000002180601"
NEIGHBOUR = "aabb0002-0000-4000-8000-000002180601"
OTHER_DAY = "aabb0003-0000-4000-8000-000002180602"
OLD = ({"version": "old"}, {"upload_file_minidump": b"old" * 1000, "gone": b"old"})
NEW = ({"version": "new"}, {"upload_file_minidump": b"new" * 2000, "added": b"new"})
DUMPS = {"old": OLD[1], "new": NEW[1]}
# What closing and looking does cannot fail, or its failure changes nothing.
NEVER_FAIL = {"close", "getrandom", "statx"}


@dataclass(frozen=True)
class Operation:
    """Something done to VICTIM, by a storage that has done something before or not."""

    name: str
    warm: bool
    before: str | None = "old"
    after: str | None = "new"

    def __call__(self, storage):
        getattr(self, f"_{self.name}")(storage)

    def _save(self, storage):
        storage.save_raw_crash(*NEW, VICTIM)

    def _processed(self, storage):
        storage.save_processed({"uuid": VICTIM, "version": "new"})

    def _remove(self, storage):
        storage.remove(VICTIM)

    def _close(self, storage):
        storage.close()

    def __str__(self):
        return f"{self.name}-{'warm' if self.warm else 'cold'}"


FIRST = Operation("save", warm=True, before=None)
COLD = Operation("save", warm=False, before=None)
REPLACEMENT = Operation("save", warm=True)
PROCESSED = Operation("processed", warm=True, after="old")
REMOVE = Operation("remove", warm=True, after=None)
CLOSE = Operation("close", warm=True, after="old")
OPERATIONS = [FIRST, COLD, REPLACEMENT, PROCESSED, REMOVE, CLOSE]
CASES = [(operation, durability) for operation in OPERATIONS for durability in ("os", "disk")]
every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case[0]}-{case[0].before}-{case[1]}"
)


class Scene:
    """A root before the operation, and what must hold of it afterwards."""

    def __init__(self, case, root):
        self.operation, self.durability = case
        self.root = root
        with self.opened() as storage:
            storage.save_raw_crash(*OLD, NEIGHBOUR)
            if self.operation.before:
                storage.save_raw_and_processed(*OLD, {"uuid": VICTIM, "version": "old"}, VICTIM)

    def opened(self):
        return opened(self.root, durability=self.durability)

    def prepared(self):
        self.descriptors = open_descriptors()
        self.storage = self.opened()
        if self.operation.warm:
            self.storage.save_raw_crash(*OLD, NEIGHBOUR)
        return lambda: self.operation(self.storage)

    def check_readable(self, storage):
        """Check that all there is is whole; return the version of the raw crash."""
        assert storage.get_raw_crash(NEIGHBOUR) == OLD[0]
        assert storage.get_raw_dumps(NEIGHBOUR) == OLD[1]
        version = version_of(storage)
        assert version in {self.operation.before, self.operation.after}
        if version:
            assert storage.get_raw_dumps(VICTIM) == DUMPS[version]
        else:
            with pytest.raises(CrashIDNotFound):
                storage.get_raw_dumps(VICTIM)
        if version and self.operation.before:
            processed = storage.get_unredacted_processed(VICTIM)["version"]
            assert processed in {"old", "new" if self.operation is PROCESSED else "old"}
        assert set(storage.list_crashes()) == {NEIGHBOUR} | ({VICTIM} if version else set())
        return version

    def check_goes_on(self):
        """Whatever was left, the next operations work, here and for the next process."""
        with self.opened() as storage:
            self.check_readable(storage)
            storage.save_raw_crash(*NEW, VICTIM)
            storage.save_raw_crash(*NEW, OTHER_DAY)
        with self.opened() as storage:
            assert storage.get_raw_crash(VICTIM) == NEW[0]
            assert storage.get_raw_dumps(VICTIM) == NEW[1]
            assert storage.get_raw_crash(OTHER_DAY) == NEW[0]
            storage.remove(VICTIM)
        with self.opened() as storage:
            assert sorted(storage.list_crashes()) == [NEIGHBOUR, OTHER_DAY]
            assert storage.get_raw_dumps(NEIGHBOUR) == OLD[1]


def version_of(storage):
    try:
        return storage.get_raw_crash(VICTIM)["version"]
    except CrashIDNotFound:
        return None


@pytest.fixture
def scenes(request):
    """Make scenes of a case, each in a directory of its own."""
    need_strace()
    with memory_directory() as directory:
        yield lambda number: Scene(request.getfixturevalue("case"), directory / str(number))


@contextlib.contextmanager
def telling(call, scene):
    """Say which call it was and what was left, if a check fails."""
    try:
        yield
    except BaseException as error:
        left = sorted(str(path.relative_to(scene.root)) for path in scene.root.rglob("*"))
        error.add_note(f"at {call.line}\nleft: {left}")
        raise


@every_case
def test_killed_at_every_call(scenes, case):
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        scene = scenes(number)
        killed = Traced(scene.prepared, f"--inject={call.name}:signal=KILL:when={call.nth}")
        assert killed.child.exit_code() == -9, call
        with telling(call, scene):
            with scene.opened() as storage:
                scene.check_readable(storage)
            scene.check_goes_on()


def look_and_go_on(scene, raised):
    """Look at what a failure left, in the process that it happened to, and do the work again."""
    if scene.operation is not CLOSE:
        version = scene.check_readable(scene.storage)
        if raised is not None and scene.operation.name == "save":
            assert version == scene.operation.before
        elif raised is None and scene.operation is not PROCESSED:
            assert version == scene.operation.after
        with contextlib.suppress(CrashIDNotFound):
            scene.operation(scene.storage)
        assert version_of(scene.storage) == scene.operation.after
    scene.storage.close()
    return raised


@every_case
def test_every_call_failing(scenes, case):
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        if call.name in NEVER_FAIL:
            continue
        scene = scenes(number)
        name = "ENOSPC" if number % 2 else "EIO"
        failed = Traced(
            scene.prepared,
            f"--inject={call.name}:error={name}:when={call.nth}",
            after=lambda raised, scene=scene: look_and_go_on(scene, raised),
        )
        with telling(call, scene):
            raised = failed.child.result()
            if raised is not None:
                assert isinstance(raised, StorageIOError)
                assert raised.errno == getattr(errno, name)
                assert Path(raised.filename).is_relative_to(scene.root)
            scene.check_goes_on()
