"""The service `crash_data` over S3."""

from typing import Any, ClassVar

from socorro_fast.s3.crashstorage import BotoCrashStorage, BotoS3CrashStorage
from socorro_fast.services import CrashDataBase, read_crash_data


class S3CrashData(CrashDataBase):
    """Crash data in a bucket: of the storage that is given, else of a `BotoS3CrashStorage`."""

    storage_class: ClassVar[type[BotoCrashStorage]] = BotoS3CrashStorage


class SimplifiedCrashData(BotoS3CrashStorage):
    """A storage that is its own service `crash_data`. Options: `S3Options`."""

    def get(
        self, uuid: str | None = None, datatype: str | None = None, name: str | None = None
    ) -> Any:
        """Return a part of a crash, as `CrashDataBase.get` does; but of "raw", the bytes alone.

        Raises:
            MissingArgumentError, BadArgumentError: `uuid` or `datatype` is missing, or one of the
                three cannot be used.
            ResourceNotFound: There is no such thing; also a CrashIDNotFound.
            CorruptCrash, StorageUnavailable: As the storage raises them.
        """
        return read_crash_data(self, uuid, datatype, name)
