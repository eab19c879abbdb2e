"""Storages made of storages. Each is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socorro_fast.containers.base import ContainerBase as ContainerBase
    from socorro_fast.containers.benchmarking import (
        BenchmarkingCrashStorage as BenchmarkingCrashStorage,
    )
    from socorro_fast.containers.deferred import PrimaryDeferredStorage as PrimaryDeferredStorage
    from socorro_fast.containers.deferred_processed import (
        PrimaryDeferredProcessedStorage as PrimaryDeferredProcessedStorage,
    )
    from socorro_fast.containers.fallback import FallbackCrashStorage as FallbackCrashStorage
    from socorro_fast.containers.metrics import MetricsCrashStorage as MetricsCrashStorage
    from socorro_fast.containers.migration import MigrationCrashStorage as MigrationCrashStorage
    from socorro_fast.containers.poly import PolyCrashStorage as PolyCrashStorage
    from socorro_fast.containers.prometheus import PrometheusExporter as PrometheusExporter
    from socorro_fast.containers.read_only import ReadOnlyCrashStorage as ReadOnlyCrashStorage
    from socorro_fast.containers.redacting import RedactingCrashStorage as RedactingCrashStorage
    from socorro_fast.containers.sharded import ShardedCrashStorage as ShardedCrashStorage
    from socorro_fast.containers.spool import FSSpoolStorage as FSSpoolStorage

# Must name what stands above; tests/containers/test_container_names.py compares the two.
_HOME = {
    "BenchmarkingCrashStorage": "benchmarking",
    "ContainerBase": "base",
    "FSSpoolStorage": "spool",
    "FallbackCrashStorage": "fallback",
    "MetricsCrashStorage": "metrics",
    "MigrationCrashStorage": "migration",
    "PolyCrashStorage": "poly",
    "PrimaryDeferredProcessedStorage": "deferred_processed",
    "PrimaryDeferredStorage": "deferred",
    "PrometheusExporter": "prometheus",
    "ReadOnlyCrashStorage": "read_only",
    "RedactingCrashStorage": "redacting",
    "ShardedCrashStorage": "sharded",
}

__all__ = [*_HOME]  # noqa: PLE0604 - texts, all of them


def __getattr__(name: str) -> object:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
