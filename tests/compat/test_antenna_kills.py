"""A save into Antenna's tree killed before each of its system calls, and each of them failing.

What is left must be whole: old or new, readable by the original too, and replaceable.
"""

import contextlib
import errno
import gc
from functools import partial
from pathlib import Path

import pytest

from compat.todays import AntennaToday, NotFoundError
from fs.procs import Traced, calls_of, memory_directory, need_strace, open_descriptors
from socorro_fast import CrashIDNotFound, StorageIOError
from socorro_fast.compat.antenna import CrashReport, FSCrashStorage

VICTIM = "aabb0001-0000-4000-8000-000000260801"
NEIGHBOUR = "aabb0002-0000-4000-8000-000000260801"

OLD = ({"version": "old"}, {"upload_file_minidump": b"old" * 1000, "gone": b"old"})
# One dump lies where the raw crash does, and one beside the directories.
NEW_DUMPS = {"upload_file_minidump": b"new" * 2000, "added": b"new", "raw_crash": b"r", "": b"n"}
NEW = ({"version": "new"}, NEW_DUMPS)
NEWEST = ({"version": "newest"}, {"upload_file_minidump": b"newest"})
# Closing cannot fail for what was only read or synced.
NEVER_FAIL = {"close"}

# Syncing adds calls and takes none away.
CASES = [
    ("nothing", "os"),
    ("nothing", "disk"),
    ("a crash", "disk"),
    ("its names and dumps", "os"),
]
every_case = pytest.mark.parametrize("case", CASES, ids=" ".join)


class Scene:
    """A tree before the save, and what must hold of it afterwards."""

    def __init__(self, case, root: Path) -> None:
        self.before, self.durability = case
        self.root = root
        self.original = AntennaToday(root)
        self.original.save(*OLD, NEIGHBOUR)
        if self.before != "nothing":
            self.original.save(*OLD, VICTIM)
        if self.before == "its names and dumps":
            (root / f"20260801/raw_crash/{VICTIM}.json").unlink()

    def opened(self):
        return FSCrashStorage({"fs_root": self.root, "durability": self.durability})

    def prepared(self):
        self.descriptors = open_descriptors()
        self.storage = self.opened()
        return lambda: self.storage.save_crash(CrashReport(*NEW, VICTIM))

    def leaked(self) -> int:
        """Close everything; return how many descriptors are open that were not."""
        del self.storage
        gc.collect()
        return open_descriptors() - self.descriptors

    def files(self) -> set[str]:
        return {str(path) for path in self.root.rglob("*") if not path.is_dir()}

    def check_readable(self) -> str | None:
        """Check that all there is to be read is whole; return the version of the raw crash."""
        storage = self.opened()
        assert storage.load_crash(NEIGHBOUR) == CrashReport(*OLD, NEIGHBOUR)
        try:
            found = storage.load_crash(VICTIM)
        except CrashIDNotFound:
            assert self.before != "a crash"
            with pytest.raises(NotFoundError):
                self.original.load(VICTIM)
            return None
        assert self.original.load(VICTIM) == (found.raw_crash, found.dumps)
        version = found.raw_crash["version"]
        if version == "new":
            assert found == CrashReport(*NEW, VICTIM)
        for name, dump in found.dumps.items():
            assert dump in [dumps.get(name) for dumps in (OLD[1], NEW[1])], name
        return version

    def check_next_save(self) -> None:
        """Whatever was left, the crash can be saved, and nothing of another version stays."""
        self.opened().save_crash(CrashReport(*NEWEST, VICTIM))
        assert self.opened().load_crash(VICTIM) == CrashReport(*NEWEST, VICTIM)
        assert {path for path in self.files() if VICTIM in path} == {
            str(self.root / f"20260801/raw_crash/{VICTIM}.json"),
            str(self.root / f"20260801/dump_names/{VICTIM}.json"),
            str(self.root / f"20260801/upload_file_minidump/{VICTIM}"),
        }


@contextlib.contextmanager
def telling(call, scene):
    """Say which call it was and what was left, if a check fails."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"at {call.line}\nleft: {sorted(scene.files())}")
        raise


@pytest.fixture
def scenes(request):
    """Make scenes of a case, each in a directory of its own."""
    need_strace()
    with memory_directory() as directory:
        yield lambda number: Scene(request.getfixturevalue("case"), directory / str(number))


@every_case
def test_killed_at_every_call(scenes, case):
    for number, call in enumerate(calls_of(scenes("whole").prepared)):
        scene = scenes(number)
        killed = Traced(scene.prepared, f"--inject={call.name}:signal=KILL:when={call.nth}")
        assert killed.child.exit_code() == -9, call
        with telling(call, scene):
            scene.check_readable()
            scene.check_next_save()


def look_and_do_again(scene, files, raised):
    """Look at what a failure left, in the process that it happened to, and do the work again."""
    version = scene.check_readable()
    if raised is None:
        assert version == "new"
    elif scene.before == "a crash":
        assert version is not None
    else:
        assert version is None
        assert scene.before != "nothing" or scene.files() == files
    scene.storage.save_crash(CrashReport(*NEW, VICTIM))
    assert scene.check_readable() == "new"
    if raised is not None:
        raised.with_traceback(None)  # whose frames hold the storage
    assert scene.leaked() == 0
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
            after=partial(look_and_do_again, scene, scene.files()),
        )
        with telling(call, scene):
            raised = failed.child.result()
            if raised is not None:
                assert isinstance(raised, StorageIOError)
                assert raised.errno == getattr(errno, name)
                assert Path(raised.filename).is_relative_to(scene.root)
            scene.check_next_save()
