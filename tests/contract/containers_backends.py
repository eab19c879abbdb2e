"""The containers that sign the contract: over memory, over file systems, and over each other.

Each factory gives options that concern what is stored to the members, the others to the container
it makes. Those that persist have members on disk only, or in a database.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
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
    return build(
        memory=partial(InMemoryCrashStorage, temp_path=tmp_path, **stored),
        queue=lambda name: fs.FSDatedRadixTreeStorage(fs_root=tmp_path / name, **stored),
        legacy=lambda name: fs.FSLegacyDatedRadixTreeStorage(fs_root=tmp_path / name, **stored),
        tree=lambda name: fs.FSRadixTreeStorage(fs_root=tmp_path / name, **own),
        postgresql=lambda: PostgreSQLCrashStorage(**EMPTIED.options(tmp_path), **own),
        **options,
    )


def _poly(memory, queue, legacy, tree, postgresql, **options):
    return PolyCrashStorage(storages=[queue("a"), NullCrashStorage(), tree("b")], **options)


def _poly_parallel(memory, queue, legacy, tree, postgresql, **options):
    return PolyCrashStorage(storages={"x": memory(), "y": memory()}, parallel=True, **options)


def _fallback(memory, queue, legacy, tree, postgresql, **options):
    return FallbackCrashStorage(primary=queue("a"), fallback=legacy("b"), **options)


def _fallback_memory(memory, queue, legacy, tree, postgresql, **options):
    return FallbackCrashStorage(primary=memory(), fallback=memory(), **options)


def _migration(memory, queue, legacy, tree, postgresql, **options):
    return MigrationCrashStorage(
        primary=queue("new"), fallback=legacy("old"), date_threshold="180615", **options
    )


def _deferred(memory, queue, legacy, tree, postgresql, **options):
    return PrimaryDeferredStorage(
        primary=queue("now"), deferred=legacy("later"), deferral_criteria="false", **options
    )


def _all_deferred(memory, queue, legacy, tree, postgresql, **options):
    return PrimaryDeferredStorage(
        primary=tree("now"), deferred=queue("later"), deferral_criteria="true", **options
    )


def _deferred_processed(memory, queue, legacy, tree, postgresql, **options):
    return PrimaryDeferredProcessedStorage(
        primary=queue("now"),
        deferred=queue("later"),
        processed=tree("processed"),
        deferral_criteria="legacy_processing == 1",
        **options,
    )


def _benchmarking(memory, queue, legacy, tree, postgresql, **options):
    return BenchmarkingCrashStorage(storage=memory(), **options)


def _metrics(memory, queue, legacy, tree, postgresql, **options):
    return MetricsCrashStorage(storage=queue("a"), **options)


def _redacting(memory, queue, legacy, tree, postgresql, **options):
    return RedactingCrashStorage(storage=memory(), redactor=(), raw_redactor=(), **options)


def _sharded(memory, queue, legacy, tree, postgresql, **options):
    return ShardedCrashStorage(storages=[queue("0"), queue("1"), legacy("2")], **options)


def _spool(memory, queue, legacy, tree, postgresql, **options):
    # A thread would have a crash in hand now and then, which the queue tests want to see.
    own = {"durability": "os", "background": False} | options
    behind = queue("a")
    return FSSpoolStorage(storage=behind, fs_root=behind.fs_root.parent / "spool", **own)


def _spool_poly(memory, queue, legacy, tree, postgresql, **options):
    own = {"durability": "os", "background": False} | options
    behind = legacy("a")
    poly = PolyCrashStorage(storages=[behind, tree("b")])
    return FSSpoolStorage(storage=poly, fs_root=behind.fs_root.parent / "spool", **own)


def _five_deep(memory, queue, legacy, tree, postgresql, **options):
    shards = ShardedCrashStorage(storages={"big": queue("0"), "small": legacy("1")})
    measured = MetricsCrashStorage(storage=shards, name="shards")
    fallback = FallbackCrashStorage(primary=measured, fallback=queue("spare"))
    logged = BenchmarkingCrashStorage(storage=fallback)
    return PolyCrashStorage(storages=[logged, tree("copy")], required=[0], **options)


def _five_deep_memory(memory, queue, legacy, tree, postgresql, **options):
    deferred = PrimaryDeferredStorage(
        primary=memory(), deferred=memory(), deferral_criteria="ProductName in ('Deferred')"
    )
    poly = PolyCrashStorage(storages=[deferred, NullCrashStorage()], parallel=True)
    migration = MigrationCrashStorage(primary=poly, fallback=memory(), date_threshold="170101")
    redacting = RedactingCrashStorage(storage=migration, redactor=(), raw_redactor=())
    return FallbackCrashStorage(primary=redacting, fallback=queue("spare"), **options)


def _poly_postgresql(memory, queue, legacy, tree, postgresql, **options):
    return PolyCrashStorage(storages=[queue("a"), postgresql()], **options)


def _fallback_postgresql(memory, queue, legacy, tree, postgresql, **options):
    poly = PolyCrashStorage(storages=[postgresql(), queue("dumps")])
    return FallbackCrashStorage(primary=poly, fallback=legacy("spare"), **options)


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
    "poly-postgresql": (partial(_container, _poly_postgresql), True, frozenset()),
    "fallback-postgresql": (partial(_container, _fallback_postgresql), True, frozenset()),
    "five-deep-memory": (partial(_container, _five_deep_memory), False, frozenset()),
}
