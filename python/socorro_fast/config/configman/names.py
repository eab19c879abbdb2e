"""What became of the original's classes and options."""

from __future__ import annotations

from socorro_fast.config.classes import storage_names

CLASS_KEYS = (
    "crashstorage_class",
    "storage_class",
    "filesystem_class",
    "hbase_class",
    "wrapped_crashstore",
    "wrapped_object_class",
)
"""Keys that name the class of a storage in the namespace in which they stand."""

CLASSES = {
    "PolyStorage": "PolyCrashStorage",
    "MetricsBenchmarkingWrapper": "MetricsCrashStorage",
    "StatsdBenchmarkingWrapper": "MetricsCrashStorage",
    "StatsdBenchmarkingCrashStorage": "MetricsCrashStorage",
    "TarFileCrashStore": "TarFileWritingCrashStore",
}
"""Classes that have another name now; those of the same name are not listed."""

ROLES = {
    "FallbackCrashStorage": ("primary", "fallback"),
    "MigrationCrashStorage": ("primary", "fallback"),
    "PrimaryDeferredStorage": ("primary", "deferred"),
    "PrimaryDeferredProcessedStorage": ("primary", "deferred", "processed"),
}
"""Containers whose members stand in namespaces named after their roles."""

WRAPPERS = {
    "BenchmarkingCrashStorage": ("wrapped_crashstore",),
    "MetricsCrashStorage": ("wrapped_object_class", "wrapped_crashstore"),
}
"""Containers whose one member shares their namespace, and the keys that name its class."""

OPTIONS = {"redactor": "forbidden_keys", "name": "metrics_prefix"}
"""What an option of ours was called; others keep their names."""

COUNTERS = ("MetricsCounter", "StatsdCounter", "StatsdCrashStorage")
"""Storages that kept nothing and counted what they were given."""

SHARED = ("resource", "secrets")
"""Namespaces with values for many classes, below them by the name of the backend."""


def our_class(dotted: str) -> str | None:
    """Return the name of the class that does what one of the original did."""
    if is_counter(dotted):
        return "MetricsCrashStorage"
    name = dotted.strip().rpartition(".")[2]
    name = CLASSES.get(name, name)
    return name if name in storage_names() else None


def is_counter(dotted: str) -> bool:
    """Return whether a class of the original only counted."""
    return dotted.strip().rpartition(".")[2] in COUNTERS


def backend(dotted: str) -> str:
    """Return the backend of a class of the original: "fs" of "socorro.external.fs.module.Class"."""
    steps = dotted.split(".")
    return steps[steps.index("external") + 1] if "external" in steps[:-1] else ""
