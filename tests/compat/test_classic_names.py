"""Every name of the original is there, and asking for one loads no more than it needs."""

import json
import subprocess
import sys

import pytest

from socorro_fast.compat import classic

NAMES = [
    "Redactor",
    "CrashIDNotFound",
    "MemoryDumpsMapping",
    "FileDumpsMapping",
    "socorrodotdict_to_dict",
    "DotDict",
    "CrashStorageBase",
    "NullCrashStorage",
    "PolyStorageError",
    "PolyCrashStorage",
    "FallbackCrashStorage",
    "MigrationCrashStorage",
    "PrimaryDeferredStorage",
    "PrimaryDeferredProcessedStorage",
    "BenchmarkingCrashStorage",
    "MetricsCounter",
    "MetricsBenchmarkingWrapper",
    "StatsdCrashStorage",
    "StatsdBenchmarkingCrashStorage",
    "StatsdCounter",
    "StatsdBenchmarkingWrapper",
    "FSRadixTreeStorage",
    "FSLegacyRadixTreeStorage",
    "FSDatedRadixTreeStorage",
    "FSLegacyDatedRadixTreeStorage",
    "FSTemporaryStorage",
    "FSPermanentStorage",
    "FSDatedPermanentStorage",
    "FSNewCrashSource",
    "TarFileCrashStore",
    "TarFileWritingCrashStore",
    "TarFileSequentialReadingCrashStore",
    "FileSystemRawCrashStorage",
    "FileSystemThrottledCrashStorage",
    "FileSystemCrashStorage",
    "TransactionExecutor",
    "TransactionExecutorWithInfiniteBackoff",
    "TransactionExecutorWithLimitedBackoff",
    "createNewOoid",
    "uuidToOoid",
    "dateAndDepthFromOoid",
    "depthFromOoid",
    "dateFromOoid",
    "create_new_ooid",
    "uuid_to_ooid",
    "date_and_depth_from_ooid",
    "depth_from_ooid",
    "date_from_ooid",
    "InMemoryCrashStorage",
    "PostgreSQLBasicCrashStorage",
    "PostgreSQLCrashStorage",
    "PGQueryNewCrashSource",
    "DBCrashStorageWrapperNewCrashSource",
    "RabbitMQCrashStorage",
    "ReprocessingRabbitMQCrashStore",
    "ReprocessingOneRabbitMQCrashStore",
    "PriorityjobRabbitMQCrashStore",
    "RMQNewCrashSource",
    "BotoCrashStorage",
    "BotoS3CrashStorage",
    "TelemetryBotoS3CrashStorage",
    "CrashData",
    "SimplifiedCrashData",
    "cleanEmptySubdirectories",
    "visitPath",
    "makedirs",
    "findFileGenerator",
    "is_crash_id_valid",
    "uuid_to_date",
]


@pytest.mark.parametrize("name", sorted({*NAMES, *classic.__all__}))
def test_every_name_is_there(name):
    assert getattr(classic, name) is not None
    assert name in dir(classic)


@pytest.mark.parametrize("name", sorted(name for name in classic.__all__ if "Stor" in name))
def test_every_storage_describes_itself(name):
    cls = getattr(classic, name)
    if isinstance(cls, type) and issubclass(cls, classic.CrashStorageBase):
        assert cls.__doc__
        assert cls.__module__.startswith("socorro_fast.compat.classic")


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        classic.Nonsense  # noqa: B018 - the look-up is the test


def modules_after(code):
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return set(json.loads(done.stdout))


def test_importing_loads_next_to_nothing():
    loaded = modules_after("import socorro_fast.compat.classic")
    assert loaded.isdisjoint({"pydantic", "orjson", "socorro_fast._rust", "configman"})


def test_using_every_name_loads_no_driver():
    loaded = modules_after(
        "from socorro_fast.compat import classic\n"
        "from socorro_fast.compat.classic import postgresql, rabbitmq\n"
        "for name in classic.__all__: getattr(classic, name)\n"
    )
    assert "socorro_fast.s3" in loaded
    assert loaded.isdisjoint({"pika", "psycopg2", "sqlalchemy", "boto3", "botocore", "configman"})


def test_aliases():
    assert classic.FSPermanentStorage is classic.FSLegacyRadixTreeStorage
    assert classic.FSDatedPermanentStorage is classic.FSLegacyDatedRadixTreeStorage
    assert issubclass(classic.FSDatedPermanentStorage, classic.FSPermanentStorage)
    assert issubclass(classic.FSTemporaryStorage, classic.FSDatedRadixTreeStorage)
