"""The service `crash_data` over a radix tree."""

from socorro_fast.fs.radix import FSLegacyRadixTreeStorage
from socorro_fast.services import CrashDataBase


class FSCrashData(CrashDataBase):
    """Crash data of a tree: of the storage that is given, else of an `FSLegacyRadixTreeStorage`."""

    storage_class = FSLegacyRadixTreeStorage
