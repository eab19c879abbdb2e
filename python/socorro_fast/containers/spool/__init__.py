"""A spool on a local disk in front of a storage: saves return when the disk has the crash."""

from socorro_fast.containers.spool.storage import FSSpoolStorage as FSSpoolStorage

__all__ = ["FSSpoolStorage"]
