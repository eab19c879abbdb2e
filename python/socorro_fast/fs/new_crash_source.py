"""The queue of a storage, as the apps of the original took new crashes."""

from socorro_fast.new_crash_source import NewCrashSource


class FSNewCrashSource(NewCrashSource):
    """Yields the new crashes of a storage on the file system as jobs.

    Args:
        storage: The storage whose queue is drained. It stays the caller's: closing the source does
            not close it.
    """
