"""Fixtures of these tests: file systems of their own, the process's umask and limits."""

import contextlib
import os
import resource
import subprocess
import tempfile
from pathlib import Path

import pytest

from fs.trees import look


@pytest.fixture(autouse=True)
def umask():
    """Set the process's umask; every test begins with 022 and ends without a trace."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.fixture
def outside(tmp_path):
    """A directory beside the tree, which must be the same after the test as it was before."""
    place = tmp_path / "outside"
    (place / "empty").mkdir(parents=True)
    (place / "file").write_bytes(b"not yours")
    before = look(place)
    yield place
    assert look(place) == before


@pytest.fixture
def file_size_limit():
    """A context in which no file can grow beyond some bytes: a full disk that needs no mount."""

    @contextlib.contextmanager
    def limit(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture
def tmpfs():
    """Mount file systems in memory, by options of mount(8); needs root."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    with contextlib.ExitStack() as stack:
        yield Mounts(stack)


class Mounts:
    """Mounts file systems in memory until its test has ended."""

    def __init__(self, stack):
        self._stack = stack

    def __call__(self, options):
        return self._stack.enter_context(_mounted(options))

    def remount(self, place, options):
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


@contextlib.contextmanager
def _mounted(options):
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            _cannot_mount(done.stderr.strip())
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


def _cannot_mount(why):
    if os.environ.get("CI") in ("1", "true"):
        pytest.fail(f"root cannot mount: {why}", pytrace=False)
    pytest.skip(f"root cannot mount: {why}")
