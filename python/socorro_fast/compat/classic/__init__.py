"""The classes of Socorro of 2014 to 2018, and of its file system of 2009, under their own names.

Each takes the original's constructor, `(config, quit_check_callback=None)` or `(config,
namespace="", quit_check_callback=None)`, finds its options on any configuration object and returns
crashes as `DotDict`. What it does is what the storages of this package do.
"""

from importlib import import_module
from typing import Any

from socorro_fast.compat.classic.backends import BACKENDS

_MODULES = {
    "config": ("Config",),
    "containers": (
        "FallbackCrashStorage",
        "MigrationCrashStorage",
        "PolyCrashStorage",
        "PrimaryDeferredProcessedStorage",
        "PrimaryDeferredStorage",
    ),
    "crashstorage_base": (
        "CrashStorageBase",
        "FileDumpsMapping",
        "MemoryDumpsMapping",
        "NullCrashStorage",
        "adapted",
    ),
    "crash_data": ("CrashData", "SimplifiedCrashData"),
    "dotdict": ("DotDict", "SocorroDotDict", "socorrodotdict_to_dict"),
    "filesystem": ("cleanEmptySubdirectories", "findFileGenerator", "makedirs", "visitPath"),
    "fs_2009": (
        "FileSystemCrashStorage",
        "FileSystemRawCrashStorage",
        "FileSystemThrottledCrashStorage",
    ),
    "fs_crashstorage": (
        "FSDatedPermanentStorage",
        "FSDatedRadixTreeStorage",
        "FSLegacyDatedRadixTreeStorage",
        "FSLegacyRadixTreeStorage",
        "FSPermanentStorage",
        "FSRadixTreeStorage",
        "FSTemporaryStorage",
    ),
    "new_crash_source": ("FSNewCrashSource", "RMQNewCrashSource"),
    "ooid": (
        "createNewOoid",
        "create_new_ooid",
        "dateAndDepthFromOoid",
        "dateFromOoid",
        "date_and_depth_from_ooid",
        "date_from_ooid",
        "depthFromOoid",
        "depth_from_ooid",
        "is_crash_id_valid",
        "uuidToOoid",
        "uuid_to_date",
        "uuid_to_ooid",
    ),
    "poly_storage_error": ("PolyStorageError",),
    "postgresql": ("DBCrashStorageWrapperNewCrashSource", "PGQueryNewCrashSource"),
    "redactor": ("Redactor",),
    "tar_crashstorage": (
        "TarFileCrashStore",
        "TarFileSequentialReadingCrashStore",
        "TarFileWritingCrashStore",
    ),
    "transaction_executor": (
        "TransactionExecutor",
        "TransactionExecutorWithInfiniteBackoff",
        "TransactionExecutorWithLimitedBackoff",
    ),
    "wrappers": (
        "BenchmarkingCrashStorage",
        "MetricsBenchmarkingWrapper",
        "MetricsCounter",
        "StatsdBenchmarkingCrashStorage",
        "StatsdBenchmarkingWrapper",
        "StatsdCounter",
        "StatsdCrashStorage",
        "StatsdExporter",
    ),
}
_HOME = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}
_HOME["CrashIDNotFound"] = "socorro_fast.errors"

__all__ = [*_HOME, *BACKENDS]  # noqa: PLE0604 - texts, all of them


def __getattr__(name: str) -> Any:
    if name in BACKENDS:
        base = import_module(f"{__name__}.crashstorage_base")
        value = base.adapted(getattr(import_module(BACKENDS[name].module), name))
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
