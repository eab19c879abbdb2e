"""Crashes, clocks and looks at whole trees, for the tests of the radix storages."""

import datetime as dt
import os
import stat
from pathlib import Path

from socorro_fast import fs

DEPTH_2 = "aabbcccc-0000-4000-8000-000002180601"
DEPTH_0 = "0bba929f-8721-460c-dead-a43c20071025"
NEIGHBOUR = "aabbdddd-0000-4000-8000-000002180601"
RAW = {"uuid": DEPTH_2, "ProductName": "Firefox", "Version": "60.0"}
DUMPS = {"upload_file_minidump": b"MDMP\0main", "browser": b"MDMP\0browser"}
PROCESSED = {"uuid": DEPTH_2, "signature": "OOM | small"}

CLASSES = [
    fs.FSRadixTreeStorage,
    fs.FSLegacyRadixTreeStorage,
    fs.FSDatedRadixTreeStorage,
    fs.FSLegacyDatedRadixTreeStorage,
    fs.FSTemporaryStorage,
]
DATED = CLASSES[2:]


def crash_id(number, date="180601", depth=2):
    return f"{number:08x}-0000-4000-8000-00000{depth}{date}"


class Clock:
    """The time that a storage uses for its slots; `set` moves it, on the day it began with."""

    def __init__(self, time="12:34:20", date=dt.date(2018, 6, 1)):
        self.date = date
        self.set(time)

    def set(self, time):
        self.now = dt.datetime.combine(self.date, dt.time.fromisoformat(time), dt.UTC)

    def __call__(self):
        return self.now


def drain(storage):
    """Take every new crash off the queue."""
    return [storage.ack_crash(crash_id) for crash_id in storage.new_crashes()]


def paths(root):
    """Every path below a directory, relative, sorted."""
    return sorted(str(path.relative_to(root)) for path in Path(root).rglob("*"))


def look(root, *, modes=True):
    """All there is at and below a path: kind, mode, and content or target by relative path."""
    root = Path(root)
    return {
        str(path.relative_to(root)): _describe(path, modes=modes)
        for path in [root, *root.rglob("*")]
    }


def _describe(path, *, modes):
    status = path.lstat()
    kind = stat.S_IFMT(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link", str(path.readlink())
    mode = oct(stat.S_IMODE(status.st_mode)) if modes else ""
    return {
        stat.S_IFDIR: ("directory", mode),
        stat.S_IFREG: ("file", mode, path.read_bytes() if stat.S_ISREG(kind) else b""),
    }.get(kind, ("special", mode))


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)
