"""Storages for Antenna.

The setting `CRASHMOVER_CRASHSTORAGE_CLASS` names one; its options are
`CRASHMOVER_CRASHSTORAGE_<OPTION>`. `FSCrashStorage` takes the place of Antenna's own,
`RadixFSCrashStorage` and `CrashStorageAdapter` put its crashes into storages of this package.
"""

from socorro_fast.compat.antenna.adapter import (
    AdapterOptions,
    CrashStorageAdapter,
    RadixFSCrashStorage,
)
from socorro_fast.compat.antenna.report import CrashIDNotFound, CrashReport
from socorro_fast.compat.antenna.tree import AntennaFSOptions, FSCrashStorage

__all__ = [
    "AdapterOptions",
    "AntennaFSOptions",
    "CrashIDNotFound",
    "CrashReport",
    "CrashStorageAdapter",
    "FSCrashStorage",
    "RadixFSCrashStorage",
]
