"""The classic classes that sign the contract, made from configurations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from socorro_fast.base import CrashStorageBase
from socorro_fast.compat import classic

# What a crash is stored as is a member's option, which its own namespace has.
_OF_MEMBERS = ("ack", "dump_field", "redactor")


def _stored(options: dict[str, Any]) -> dict[str, Any]:
    own = {name: options.pop(name) for name in _OF_MEMBERS if name in options}
    return {"ack": "explicit", **own}


def _of_2009(tmp_path: Path, **options: Any) -> CrashStorageBase:
    roots = {f"{name}_fs_root": str(tmp_path / name) for name in ("std", "def", "pro")}
    return classic.FileSystemCrashStorage(roots | _stored(options), **options)


def _nested(tmp_path: Path, **options: Any) -> CrashStorageBase:
    stored = _stored(options)
    leaf = {"storage_class": "FSDatedRadixTreeStorage", "fs_root": str(tmp_path / "a"), **stored}
    config = {
        "primary": {
            "storage_class": "PolyCrashStorage",
            "storage_classes": "BenchmarkingCrashStorage, NullCrashStorage",
            "storage0": {"wrapped_crashstore": leaf["storage_class"], **leaf},
        },
        "fallback": {
            "storage_class": "FSTemporaryStorage",
            "fs_root": str(tmp_path / "b"),
            **stored,
        },
    }
    return classic.FallbackCrashStorage(config, **options)


CLASSIC: dict[str, Callable[..., CrashStorageBase]] = {
    "classic-2009": _of_2009,
    "classic-nested": _nested,
}
