"""The containers that sign the contract: over memory, over file systems, and over each other.

Each factory gives options that concern what is stored to the members, the others to the container
it makes. Those that persist have members on disk only, or in a database.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from servers.postgresql import EMPTIED
from socorro_fast import (
    BenchmarkingCrashStorage,
    FallbackCrashStorage,
    FSSpoolStorage,
    InMemoryCrashStorage,
    MetricsCrashStorage,
    MigrationCrashStorage,
    NullCrashStorage,
    PolyCrashStorage,
    PrimaryDeferredProcessedStorage,
    PrimaryDeferredStorage,
    RedactingCrashStorage,
    ShardedCrashStorage,
    fs,
)
from socorro_fast.base import CrashStorageBase
from socorro_fast.postgresql import PostgreSQLCrashStorage

Make = Callable[..., CrashStorageBase]

_OF_MEMBERS = ("ack", "dump_field", "redactor")


def _container(build: Callable[..., CrashStorageBase], tmp_path: Path, **options: Any) -> Any:
    stored = {name: options.pop(name) for name in _OF_MEMBERS if name in options}
    own = {name: value for name, value in stored.items() if name != "ack"}
    members = SimpleNamespace(
        memory=partial(InMemoryCrashStorage, temp_path=tmp_path, **stored),
        queue=lambda name: fs.FSDatedRadixTreeStorage(fs_root=tmp_path / name, **stored),
        legacy=lambda name: fs.FSLegacyDatedRadixTreeStorage(fs_root=tmp_path / name, **stored),
        tree=lambda name: fs.FSRadixTreeStorage(fs_root=tmp_path / name, **own),
        segments=lambda name: fs.FSSegmentStorage(fs_root=tmp_path / name, **stored),
        postgresql=lambda: PostgreSQLCrashStorage(**EMPTIED.options(tmp_path), **own),
    )
    return build(members, **options)


def _poly(of, **options):
    return PolyCrashStorage(storages=[of.queue("a"), NullCrashStorage(), of.tree("b")], **options)


def _poly_parallel(of, **options):
    return PolyCrashStorage(storages={"x": of.memory(), "y": of.memory()}, parallel=True, **options)


def _fallback(of, **options):
    return FallbackCrashStorage(primary=of.queue("a"), fallback=of.legacy("b"), **options)


def _fallback_memory(of, **options):
    return FallbackCrashStorage(primary=of.memory(), fallback=of.memory(), **options)


def _migration(of, **options):
    return MigrationCrashStorage(
        primary=of.queue("new"), fallback=of.legacy("old"), date_threshold="180615", **options
    )


def _deferred(of, **options):
    return PrimaryDeferredStorage(
        primary=of.queue("now"), deferred=of.legacy("later"), deferral_criteria="false", **options
    )


def _all_deferred(of, **options):
    return PrimaryDeferredStorage(
        primary=of.tree("now"), deferred=of.queue("later"), deferral_criteria="true", **options
    )


def _deferred_processed(of, **options):
    return PrimaryDeferredProcessedStorage(
        primary=of.queue("now"),
        deferred=of.queue("later"),
        processed=of.tree("processed"),
        deferral_criteria="legacy_processing == 1",
        **options,
    )


def _benchmarking(of, **options):
    return BenchmarkingCrashStorage(storage=of.memory(), **options)


def _metrics(of, **options):
    return MetricsCrashStorage(storage=of.queue("a"), **options)


def _redacting(of, **options):
    return RedactingCrashStorage(storage=of.memory(), redactor=(), raw_redactor=(), **options)


def _sharded(of, **options):
    return ShardedCrashStorage(storages=[of.queue("0"), of.queue("1"), of.legacy("2")], **options)


def _spool(of, **options):
    # A thread would have a crash in hand now and then, which the queue tests want to see.
    own = {"durability": "os", "background": False} | options
    behind = of.queue("a")
    return FSSpoolStorage(storage=behind, fs_root=behind.fs_root.parent / "spool", **own)


def _spool_poly(of, **options):
    own = {"durability": "os", "background": False} | options
    behind = of.legacy("a")
    poly = PolyCrashStorage(storages=[behind, of.tree("b")])
    return FSSpoolStorage(storage=poly, fs_root=behind.fs_root.parent / "spool", **own)


def _five_deep(of, **options):
    shards = ShardedCrashStorage(storages={"big": of.queue("0"), "small": of.legacy("1")})
    measured = MetricsCrashStorage(storage=shards, name="shards")
    fallback = FallbackCrashStorage(primary=measured, fallback=of.queue("spare"))
    logged = BenchmarkingCrashStorage(storage=fallback)
    return PolyCrashStorage(storages=[logged, of.tree("copy")], required=[0], **options)


def _five_deep_memory(of, **options):
    deferred = PrimaryDeferredStorage(
        primary=of.memory(), deferred=of.memory(), deferral_criteria="ProductName in ('Deferred')"
    )
    poly = PolyCrashStorage(storages=[deferred, NullCrashStorage()], parallel=True)
    migration = MigrationCrashStorage(primary=poly, fallback=of.memory(), date_threshold="170101")
    redacting = RedactingCrashStorage(storage=migration, redactor=(), raw_redactor=())
    return FallbackCrashStorage(primary=redacting, fallback=of.queue("spare"), **options)


def _five_deep_segments(of, **options):
    shards = ShardedCrashStorage(storages=[of.segments("0"), of.segments("1")])
    deferred = PrimaryDeferredStorage(
        primary=shards, deferred=of.legacy("later"), deferral_criteria="ProductName == 'Deferred'"
    )
    fallback = FallbackCrashStorage(primary=deferred, fallback=of.segments("spare"))
    poly = PolyCrashStorage(storages=[fallback, of.tree("copy")], parallel=True)
    return MetricsCrashStorage(storage=poly, **options)


def _poly_postgresql(of, **options):
    return PolyCrashStorage(storages=[of.queue("a"), of.postgresql()], **options)


def _fallback_postgresql(of, **options):
    poly = PolyCrashStorage(storages=[of.postgresql(), of.queue("dumps")])
    return FallbackCrashStorage(primary=poly, fallback=of.legacy("spare"), **options)


_QUEUE = frozenset({"new_crashes", "ack_crash", "release_crash", "ack_many"})

# Name -> factory, whether a second one sees the first one's crashes, what it does not offer.
CONTAINERS: dict[str, tuple[Make, bool, frozenset[str]]] = {
    "poly": (partial(_container, _poly), True, frozenset()),
    "poly-parallel": (partial(_container, _poly_parallel), False, frozenset()),
    "fallback": (partial(_container, _fallback), True, frozenset()),
    "fallback-memory": (partial(_container, _fallback_memory), False, frozenset()),
    "migration": (partial(_container, _migration), True, frozenset()),
    "deferred": (partial(_container, _deferred), True, frozenset()),
    "deferred-all": (partial(_container, _all_deferred), True, _QUEUE),
    "deferred-processed": (partial(_container, _deferred_processed), True, frozenset()),
    "benchmarking": (partial(_container, _benchmarking), False, frozenset()),
    "metrics": (partial(_container, _metrics), True, frozenset()),
    "redacting": (partial(_container, _redacting), False, frozenset()),
    "spool": (partial(_container, _spool), True, frozenset()),
    "spool-poly": (partial(_container, _spool_poly), True, frozenset()),
    "sharded": (partial(_container, _sharded), True, frozenset()),
    "five-deep": (partial(_container, _five_deep), True, frozenset()),
    "five-deep-segments": (partial(_container, _five_deep_segments), True, frozenset()),
    "poly-postgresql": (partial(_container, _poly_postgresql), True, frozenset()),
    "fallback-postgresql": (partial(_container, _fallback_postgresql), True, frozenset()),
    "five-deep-memory": (partial(_container, _five_deep_memory), False, frozenset()),
}
