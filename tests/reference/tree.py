"""What lies on a disk, as plain data."""

import gzip
import os
import stat
from pathlib import Path


def tree(root):
    """Return relative path -> (kind, mode, content) of all below `root`, sorted by path.

    Kind is "directory", "file", "link" or "other"; the content of a file is its bytes, those of
    gzip expanded, and that of a link its target.
    """
    root = Path(root)
    paths = sorted(root.rglob("*"), key=lambda path: path.relative_to(root).parts)
    return {str(path.relative_to(root)): _entry(path) for path in paths}


def without_empty_slots(entries, date_branch_base="date"):
    """Return a `tree` without what is empty in or above a date branch.

    Slots near the present stay for writers, for how long is nobody's business.
    """
    kept = dict(entries)
    for path in sorted(entries, key=lambda path: path.count("/"), reverse=True):
        in_queue = path.count("/") == 0 or path.split("/")[1] == date_branch_base
        is_empty = not any(other.startswith(path + "/") for other in kept)
        if in_queue and entries[path][0] == "directory" and is_empty:
            del kept[path]
    return kept


def _entry(path):
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link", None, os.readlink(path)  # noqa: PTH115 - as it is, not as a path
    if stat.S_ISDIR(status.st_mode):
        return "directory", mode, None
    if stat.S_ISREG(status.st_mode):
        return "file", mode, _expanded(path.read_bytes())
    return "other", mode, None


def _expanded(content):
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
