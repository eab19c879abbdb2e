"""Crashes in directories: the radix-tree family."""

from socorro_fast.fs.dated import (
    FSDatedPermanentStorage,
    FSDatedRadixTreeStorage,
    FSLegacyDatedRadixTreeStorage,
    FSTemporaryStorage,
)
from socorro_fast.fs.new_crash_source import FSNewCrashSource
from socorro_fast.fs.radix import (
    FSLegacyRadixTreeStorage,
    FSPermanentStorage,
    FSRadixTreeStorage,
)

__all__ = [
    "FSDatedPermanentStorage",
    "FSDatedRadixTreeStorage",
    "FSLegacyDatedRadixTreeStorage",
    "FSLegacyRadixTreeStorage",
    "FSNewCrashSource",
    "FSPermanentStorage",
    "FSRadixTreeStorage",
    "FSTemporaryStorage",
]
