"""What one might use instead: plain files, SQLite, LMDB, diskcache; tuned as their docs say.

JSON is written and read by orjson, as ours is. Where a rival has a queue it is a table of its own,
written in the same transaction.
"""

from socorro_fast.bench.key_values import DiskCache, Lmdb
from socorro_fast.bench.plain_files import Files
from socorro_fast.bench.sqlite import SQLite
from socorro_fast.bench.stores import Contestant

_NO_QUEUE = frozenset({"drain", "prune"})

RIVALS = (
    Contestant(
        "sqlite",
        lambda directory, durable: SQLite(directory, durable=durable),
        tuning="WAL, a BLOB row a dump, 16 KB pages, checkpoints every 64 MB, mmap; synchronous "
        "FULL when durable, else NORMAL",
    ),
    Contestant(
        "lmdb",
        lambda directory, durable: Lmdb(directory, durable=durable),
        module="lmdb",
        lacks=frozenset({"prune"}),
        tuning="a value a dump; sync when durable, else not",
    ),
    Contestant(
        "diskcache",
        lambda directory, durable: DiskCache(directory, durable=durable),
        module="diskcache",
        lacks=_NO_QUEUE,
        tuning="no eviction; when durable, all values inside SQLite with synchronous FULL",
    ),
    Contestant(
        "files",
        lambda directory, durable: Files(directory, durable=durable),
        lacks=_NO_QUEUE,
        tuning="a file a dump in 256 directories, renamed into place; when durable, file and "
        "directory synced",
    ),
)
