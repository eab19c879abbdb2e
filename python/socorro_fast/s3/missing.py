"""What a server says is not there: errors to be told from others without loading boto3."""

from socorro_fast.errors import StorageUnavailable


class NoSuchObjectError(StorageUnavailable):
    """An object is not there. Where that is an answer, it stays within this package."""


class NoSuchBucketError(StorageUnavailable):
    """The bucket is not there."""
