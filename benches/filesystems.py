"""File systems fit for measuring: in memory, and with a journal as a disk has.

Never the disk itself: cloud images often have ext4 without a journal, where making files after
deleting others is up to 30 times slower and every contestant comes out alike.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MEMORY = Path("/dev/shm")
IMAGE_BYTES = 8 << 30
DISK_IMAGE_BYTES = 4 << 30
IN_MEMORY = ("tmpfs", "ext4", "xfs")
DISK = "disk"
"""ext4 with a journal on an image that lies on a real disk: where a sync costs what it costs."""
_MKFS = {
    # An inode for each 4 KB: 100,000 dated crashes need 565,000, in each of two trees. No lazy
    # initialisation, which would go on in the background for minutes.
    "ext4": ["-q", "-F", "-i", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "xfs": ["-q"],
}


def usable(names: Sequence[str]) -> list[str]:
    """Return the file systems there are, and say why the others are left out."""
    found = []
    for name in names:
        why = why_not(name)
        if why is None:
            found.append(name)
        else:
            print(f"{name} is left out: {why}", file=sys.stderr)
    return found


def why_not(name: str) -> str | None:
    """Return why a file system cannot be used here, None if it can."""
    if name == DISK:
        return _why_no_image("ext4")
    if not MEMORY.is_dir():
        return f"there is no {MEMORY}"
    if name == "tmpfs":
        return None
    return _why_no_image(name)


def _why_no_image(name: str) -> str | None:
    if os.geteuid() != 0:
        return "only root can mount an image"
    if shutil.which(f"mkfs.{name}") is None:
        return f"mkfs.{name} is not installed"
    return None


@contextlib.contextmanager
def directory(name: str, disk: Path = Path()) -> Iterator[Path]:
    """Give an empty directory on tmpfs, or on a fresh image of "ext4" or "xfs" in memory.

    Args:
        name: Also "disk", for ext4 on an image in the directory `disk`.
        disk: A directory on a real disk.
    """
    parent = disk if name == DISK else MEMORY
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as scratch:
        work = Path(scratch, "tree")
        work.mkdir()
        if name == "tmpfs":
            yield work
            return
        with _mounted(name, Path(scratch, "image"), work):
            yield work


@contextlib.contextmanager
def _mounted(name: str, image: Path, mount_point: Path) -> Iterator[None]:
    kind = "ext4" if name == DISK else name
    with image.open("wb") as file:
        file.truncate(DISK_IMAGE_BYTES if name == DISK else IMAGE_BYTES)
    subprocess.run([f"mkfs.{kind}", *_MKFS[kind], image], check=True)
    subprocess.run(["mount", "-o", "loop", image, mount_point], check=True)
    try:
        yield
    finally:
        _unmount(mount_point)


def _unmount(mount_point: Path) -> None:
    gc.collect()  # some contestants let go of their files when they are collected
    if subprocess.run(["umount", mount_point], check=False).returncode == 0:
        return
    # What was measured is worth more than a clean end.
    print(f"left open: {' '.join(_open_below(mount_point)) or 'by others'}", file=sys.stderr)
    subprocess.run(["umount", "--lazy", mount_point], check=True)


def _open_below(directory: Path) -> Iterator[str]:
    """Yield the files below a directory that this process has open."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            name = str(descriptor.readlink())
            if name.startswith(f"{directory}/"):
                yield name
