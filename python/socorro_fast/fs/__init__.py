"""Crashes in directories (the radix-tree family) and in tar archives."""

from socorro_fast.fs.crash import FSCrash
from socorro_fast.fs.crash_data import FSCrashData
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
from socorro_fast.fs.segment import FSSegmentStorage
from socorro_fast.fs.tar_reading import TarFileSequentialReadingCrashStore
from socorro_fast.fs.tar_writing import TarFileWritingCrashStore

__all__ = [
    "FSCrash",
    "FSCrashData",
    "FSDatedPermanentStorage",
    "FSDatedRadixTreeStorage",
    "FSLegacyDatedRadixTreeStorage",
    "FSLegacyRadixTreeStorage",
    "FSNewCrashSource",
    "FSPermanentStorage",
    "FSRadixTreeStorage",
    "FSSegmentStorage",
    "FSTemporaryStorage",
    "TarFileSequentialReadingCrashStore",
    "TarFileWritingCrashStore",
]
