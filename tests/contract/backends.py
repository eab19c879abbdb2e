"""Every storage that signs the contract, and what each of them offers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from contract.classic_backends import CLASSIC
from contract.compat_backends import DROP_INS, OFFERED_THROUGH_SOCORRO, socorro_tree
from contract.containers_backends import CONTAINERS
from contract.rabbitmq_backends import QUEUED, queue, tree_and_queue
from contract.s3_backends import S3
from servers.postgresql import EMPTIED
from socorro_fast import fs
from socorro_fast.base import CrashStorageBase
from socorro_fast.memory import InMemoryCrashStorage
from socorro_fast.null import NullCrashStorage
from socorro_fast.operations import OPERATIONS
from socorro_fast.postgresql import PostgreSQLCrashStorage


@dataclass(frozen=True)
class Backend:
    """How a storage is made for a test.

    `make` takes a directory of the test's own and options. If the storage `persists`, a second
    one made with the same directory sees the first one's crashes. Of one that has `one_owner`, the
    queue knows a crash, not messages: it hands none to two, whatever is saved, and none removed.
    A batch has `many` crashes, a thread saves `each`, and there are so many `forks`: fewer where a
    save is several requests. One that is `sampled` goes through every test, but with the first of
    its parameters only.
    """

    make: Callable[..., CrashStorageBase]
    persists: bool = False
    ordered: bool = False
    one_owner: bool = True
    many: int = 1000
    each: int = 25
    forks: int = 10
    sampled: bool = False
    keeps_key_order: bool = True


def _memory(tmp_path: Path, **options: Any) -> CrashStorageBase:
    return InMemoryCrashStorage(temp_path=tmp_path, **options)


def _null(_tmp_path: Path, **options: Any) -> CrashStorageBase:
    return NullCrashStorage(**options)


def _fs(cls: Callable[..., CrashStorageBase], tmp_path: Path, **options: Any) -> CrashStorageBase:
    return cls(fs_root=tmp_path / "crashes", **options)


def _postgresql(tmp_path: Path, **options: Any) -> CrashStorageBase:
    return PostgreSQLCrashStorage(**EMPTIED.options(tmp_path), **options)


ALL = frozenset(OPERATIONS)
QUEUE = frozenset({"new_crashes", "ack_crash", "release_crash", "ack_many"})
DUMPS = frozenset({"get_raw_dump", "get_raw_dumps", "get_raw_dumps_as_files"})

BACKENDS: dict[str, Backend] = {
    "null": Backend(_null),
    "memory": Backend(_memory, ordered=True),
    "memory-json": Backend(partial(_memory, codec="json"), ordered=True),
    "postgresql": Backend(_postgresql, persists=True, keeps_key_order=False),
}

# Pinned: a storage that declares less than it did fails test_capabilities, instead of skipping.
CAPABILITIES: dict[str, frozenset[str]] = {
    "null": frozenset(
        {
            "get_raw_crash", "get_raw_dump", "get_raw_dumps", "get_raw_dumps_as_files",
            "get_unredacted_processed", "get_processed", "remove", "get_many", "remove_many",
        }
    ),
    "memory": ALL,
    "memory-json": ALL,
    "postgresql": ALL - QUEUE - DUMPS,
}  # fmt: skip

_FS_CLASSES = {
    fs.FSRadixTreeStorage: ALL - QUEUE,
    fs.FSLegacyRadixTreeStorage: ALL - QUEUE,
    fs.FSDatedRadixTreeStorage: ALL,
    fs.FSLegacyDatedRadixTreeStorage: ALL,
    fs.FSTemporaryStorage: ALL,
    fs.FSSegmentStorage: ALL,
}
_FS_VARIANTS: dict[str, dict[str, Any]] = {
    "os": {"durability": "os", "codec": "orjson"},
    "disk": {"durability": "disk", "codec": "json"},
}

for _cls, _offers in _FS_CLASSES.items():
    for _variant, _options in _FS_VARIANTS.items():
        _name = f"{_cls.__name__}-{_variant}"
        BACKENDS[_name] = Backend(partial(_fs, _cls, **_options), persists=True, ordered=True)
        CAPABILITIES[_name] = _offers

for _name, (_make, _persists, _lacks) in CONTAINERS.items():
    BACKENDS[_name] = Backend(
        _make,
        persists=_persists,
        keeps_key_order=_name != "fallback-postgresql",
        many=100 if "postgresql" in _name else 1000,
        sampled="postgresql" in _name,
    )
    CAPABILITIES[_name] = ALL - _lacks

BACKENDS["SocorroRadixTreeStorage"] = Backend(socorro_tree, persists=True, ordered=True)
CAPABILITIES["SocorroRadixTreeStorage"] = ALL - QUEUE
for _name, (_make, _persists) in DROP_INS.items():
    BACKENDS[_name] = Backend(_make, persists=_persists)
    CAPABILITIES[_name] = OFFERED_THROUGH_SOCORRO

for _name, _make in CLASSIC.items():
    BACKENDS[_name] = Backend(_make, persists=True)
    CAPABILITIES[_name] = ALL

BACKENDS["rabbitmq"] = Backend(queue, persists=True, one_owner=False)
CAPABILITIES["rabbitmq"] = QUEUED
BACKENDS["poly-rabbitmq"] = Backend(
    tree_and_queue, persists=True, one_owner=False, many=100, each=8
)
CAPABILITIES["poly-rabbitmq"] = ALL

for _name, (_make, _lacks, _sampled) in S3.items():
    BACKENDS[_name] = Backend(_make, persists=True, many=10, each=3, forks=3, sampled=_sampled)
    CAPABILITIES[_name] = ALL - _lacks
