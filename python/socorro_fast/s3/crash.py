"""The service `crash` over S3."""

from typing import ClassVar

from socorro_fast.s3.crashstorage import BotoCrashStorage, BotoS3CrashStorage
from socorro_fast.services import CrashServiceBase


class S3Crash(CrashServiceBase):
    """Reports in a bucket: of the storage that is given, else of a `BotoS3CrashStorage`."""

    storage_class: ClassVar[type[BotoCrashStorage]] = BotoS3CrashStorage
