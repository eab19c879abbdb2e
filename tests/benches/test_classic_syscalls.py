"""The baseline is the original's: it makes the system calls that were counted of it."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benches.contestants import DATED, LEGACY_DATED

from benches import syscalls

if shutil.which("strace") is None:
    if os.environ.get("CI") == "true":
        pytest.fail("strace is missing: apt-get install strace", pytrace=False)
    pytest.skip("strace is not installed", allow_module_level=True)


@pytest.fixture
def fs_root():
    # Four steps deep, as the tree was when the original was counted: os.path.realpath looks at
    # every one of them.
    shared_memory = Path("/dev/shm")
    parent = shared_memory if shared_memory.is_dir() else Path("/var/tmp")
    with tempfile.TemporaryDirectory(dir=parent) as directory:
        yield Path(directory, "tree")


@pytest.mark.parametrize(
    ("operation", "calls"),
    [
        ("raw-crash", 10),
        ("dumps-listed", 15),
        ("save-processed", 10),
        ("processed", 11),
        ("drain", 4.3),
        ("remove-queued", 32),
        # One less than was counted of the original, and so no easier to beat.
        ("remove-drained", 27),
    ],
)
def test_an_operation_makes_as_many_calls_as_the_original(fs_root, operation, calls):
    assert syscalls.total(syscalls.count("classic", operation, fs_root, DATED)) == calls


@pytest.mark.parametrize("class_name", [DATED, LEGACY_DATED])
def test_a_save_makes_the_calls_of_the_original(fs_root, class_name):
    assert syscalls.count("classic", "save", fs_root, class_name) == {
        "close": 2,
        "ioctl": 2,
        "lseek": 2,
        "mkdir": 2,
        "newfstatat": 4,
        "openat": 2,
        "symlink": 2,
        "umask": 4,
        "write": 2,
    }


def test_removing_from_the_legacy_layout_makes_as_many_calls_as_the_original(fs_root):
    calls = syscalls.count("classic", "remove-queued", fs_root, LEGACY_DATED)
    assert syscalls.total(calls) == 23
    assert calls["newfstatat"] == 15
