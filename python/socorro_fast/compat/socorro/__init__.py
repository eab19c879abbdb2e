"""Storages for Socorro of today.

Its settings name a storage, `{"class": "...", "options": {...}}`, which is constructed with the
options as keywords. `FSPermanentStorage` takes the place of Socorro's own, `CrashStorageAdapter`
puts any storage of this package there.
"""

from socorro_fast.compat.socorro.adapter import CrashStorageAdapter
from socorro_fast.compat.socorro.errors import (
    BadArgumentError,
    CrashIDNotFound,
    MissingArgumentError,
)
from socorro_fast.compat.socorro.permanent import FSPermanentStorage
from socorro_fast.compat.socorro.tree import SocorroOptions, SocorroRadixTreeStorage

__all__ = [
    "BadArgumentError",
    "CrashIDNotFound",
    "CrashStorageAdapter",
    "FSPermanentStorage",
    "MissingArgumentError",
    "SocorroOptions",
    "SocorroRadixTreeStorage",
]
