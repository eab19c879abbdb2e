"""The service `crash` over a radix tree."""

from socorro_fast.fs.radix import FSLegacyRadixTreeStorage
from socorro_fast.services import CrashServiceBase


class FSCrash(CrashServiceBase):
    """Reports of a tree: of the storage that is given, else of an `FSLegacyRadixTreeStorage`."""

    storage_class = FSLegacyRadixTreeStorage
