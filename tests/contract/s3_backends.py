"""The S3 storages that sign the contract, alone and in containers, and over which server.

A test has a bucket of its own in moto. In SeaweedFS a bucket is made in most of a second: there it
has a prefix of its own.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from servers.moto import moto
from servers.seaweedfs import seaweedfs
from socorro_fast import FallbackCrashStorage, PolyCrashStorage, fs, s3
from socorro_fast.base import CrashStorageBase

Make = Callable[..., CrashStorageBase]

_OF_MEMBERS = ("dump_field", "redactor")
_EVERYTHING = {"type": "object", "additionalProperties": True}


@cache
def _bucket(_tmp_path: Path) -> str:
    return moto().new_bucket()


@cache
def _shared_bucket() -> str:
    return seaweedfs().new_bucket()


def _moto(cls: Make, tmp_path: Path, **options: Any) -> CrashStorageBase:
    return cls(temp_path=tmp_path, **moto().options(_bucket(tmp_path)), **options)


def _seaweedfs(tmp_path: Path, **options: Any) -> CrashStorageBase:
    place = seaweedfs().options(_shared_bucket()) | {"prefix": tmp_path.name}
    return s3.BotoS3CrashStorage(temp_path=tmp_path, **place, **options)


def _with_trees(tmp_path: Path, **options: Any) -> CrashStorageBase:
    stored = {name: options.pop(name) for name in _OF_MEMBERS if name in options}

    def tree(name: str) -> CrashStorageBase:
        return fs.FSRadixTreeStorage(fs_root=tmp_path / name, **stored)

    far = _moto(s3.BotoS3CrashStorage, tmp_path, keybuilder_class="GCSKeyBuilder", **stored)
    both = PolyCrashStorage(storages=[far, tree("near")])
    return FallbackCrashStorage(primary=both, fallback=tree("spare"), **options)


_QUEUE = frozenset({"new_crashes", "ack_crash", "release_crash", "ack_many"})
_RAW = frozenset(
    {
        "save_raw_crash", "get_raw_crash", "get_raw_crash_bytes", "get_raw_dump", "get_raw_dumps",
        "get_raw_dumps_as_files", "list_crashes", "save_many", "get_many",
    }
)  # fmt: skip

# Name -> factory, what it does not offer, whether it is sampled.
S3: dict[str, tuple[Make, frozenset[str], bool]] = {
    "s3-moto": (partial(_moto, s3.BotoCrashStorage), _QUEUE, True),
    "s3-seaweedfs": (
        partial(_seaweedfs, keybuilder_class="GCSKeyBuilder", codec="json"),
        _QUEUE,
        False,
    ),
    "s3-telemetry": (
        partial(_moto, s3.TelemetryBotoS3CrashStorage, json_schema=_EVERYTHING),
        _QUEUE | _RAW,
        True,
    ),
    "s3-poly-fallback": (_with_trees, _QUEUE, True),
}
