"""RabbitMQ under the contract: alone, and beside a radix tree, as collectors had it."""

from pathlib import Path
from typing import Any

from servers import rabbitmq
from socorro_fast import FSRadixTreeStorage, PolyCrashStorage, RabbitMQCrashStorage
from socorro_fast.base import CrashStorageBase

QUEUED = frozenset(
    {
        "save_raw_crash", "save_raw_and_processed", "save_many",
        "new_crashes", "ack_crash", "ack_many", "release_crash",
    }
)  # fmt: skip


def queue(tmp_path: Path, **options: Any) -> CrashStorageBase:
    """Make a storage with queues of this directory's own."""
    return RabbitMQCrashStorage(**rabbitmq.options(tmp_path, **options))


def tree_and_queue(tmp_path: Path, **options: Any) -> CrashStorageBase:
    """Make the classic composition: crashes in a tree, their IDs in RabbitMQ."""
    own = {name: options.pop(name) for name in ("dump_field", "redactor") if name in options}
    of_queue = {name: options.pop(name) for name in ("ack",) if name in options}
    return PolyCrashStorage(
        storages={
            "tree": FSRadixTreeStorage(fs_root=tmp_path / "crashes", **own),
            "queue": queue(tmp_path, **of_queue),
        },
        **options,
    )
