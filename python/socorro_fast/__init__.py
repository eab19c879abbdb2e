"""Crash storage for Python with its heart in Rust: Socorro's CrashStorage API.

Every name below is imported when it is first used, so that `import socorro_fast` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socorro_fast._rust import __version__ as __version__
    from socorro_fast.base import CrashStorageBase as CrashStorageBase
    from socorro_fast.config import Configuration as Configuration
    from socorro_fast.config import open_storage as open_storage
    from socorro_fast.containers import BenchmarkingCrashStorage as BenchmarkingCrashStorage
    from socorro_fast.containers import FallbackCrashStorage as FallbackCrashStorage
    from socorro_fast.containers import FSSpoolStorage as FSSpoolStorage
    from socorro_fast.containers import MetricsCrashStorage as MetricsCrashStorage
    from socorro_fast.containers import MigrationCrashStorage as MigrationCrashStorage
    from socorro_fast.containers import PolyCrashStorage as PolyCrashStorage
    from socorro_fast.containers import (
        PrimaryDeferredProcessedStorage as PrimaryDeferredProcessedStorage,
    )
    from socorro_fast.containers import PrimaryDeferredStorage as PrimaryDeferredStorage
    from socorro_fast.containers import ReadOnlyCrashStorage as ReadOnlyCrashStorage
    from socorro_fast.containers import RedactingCrashStorage as RedactingCrashStorage
    from socorro_fast.containers import ShardedCrashStorage as ShardedCrashStorage
    from socorro_fast.copying import Copied as Copied
    from socorro_fast.copying import CopyReport as CopyReport
    from socorro_fast.copying import copy as copy
    from socorro_fast.copying import copy_each as copy_each
    from socorro_fast.dumps import FileDumpsMapping as FileDumpsMapping
    from socorro_fast.dumps import MemoryDumpsMapping as MemoryDumpsMapping
    from socorro_fast.errors import BadArgumentError as BadArgumentError
    from socorro_fast.errors import ConfigurationError as ConfigurationError
    from socorro_fast.errors import CorruptCrash as CorruptCrash
    from socorro_fast.errors import CrashIDNotFound as CrashIDNotFound
    from socorro_fast.errors import CrashStorageError as CrashStorageError
    from socorro_fast.errors import InvalidCrash as InvalidCrash
    from socorro_fast.errors import InvalidCrashID as InvalidCrashID
    from socorro_fast.errors import InvalidDumpName as InvalidDumpName
    from socorro_fast.errors import MissingArgumentError as MissingArgumentError
    from socorro_fast.errors import OperationNotSupported as OperationNotSupported
    from socorro_fast.errors import PolyCrashStorageError as PolyCrashStorageError
    from socorro_fast.errors import PolyStorageError as PolyStorageError
    from socorro_fast.errors import ResourceNotFound as ResourceNotFound
    from socorro_fast.errors import ResourceUnavailable as ResourceUnavailable
    from socorro_fast.errors import StorageIOError as StorageIOError
    from socorro_fast.errors import StorageUnavailable as StorageUnavailable
    from socorro_fast.fs import FSCrash as FSCrash
    from socorro_fast.fs import FSCrashData as FSCrashData
    from socorro_fast.fs import FSDatedPermanentStorage as FSDatedPermanentStorage
    from socorro_fast.fs import FSDatedRadixTreeStorage as FSDatedRadixTreeStorage
    from socorro_fast.fs import FSLegacyDatedRadixTreeStorage as FSLegacyDatedRadixTreeStorage
    from socorro_fast.fs import FSLegacyRadixTreeStorage as FSLegacyRadixTreeStorage
    from socorro_fast.fs import FSNewCrashSource as FSNewCrashSource
    from socorro_fast.fs import FSPermanentStorage as FSPermanentStorage
    from socorro_fast.fs import FSRadixTreeStorage as FSRadixTreeStorage
    from socorro_fast.fs import FSSegmentStorage as FSSegmentStorage
    from socorro_fast.fs import FSTemporaryStorage as FSTemporaryStorage
    from socorro_fast.fs import (
        TarFileSequentialReadingCrashStore as TarFileSequentialReadingCrashStore,
    )
    from socorro_fast.fs import TarFileWritingCrashStore as TarFileWritingCrashStore
    from socorro_fast.memory import InMemoryCrashStorage as InMemoryCrashStorage
    from socorro_fast.null import NullCrashStorage as NullCrashStorage
    from socorro_fast.options import StorageOptions as StorageOptions
    from socorro_fast.postgresql import PostgreSQLBasicCrashStorage as PostgreSQLBasicCrashStorage
    from socorro_fast.postgresql import PostgreSQLCrash as PostgreSQLCrash
    from socorro_fast.postgresql import PostgreSQLCrashData as PostgreSQLCrashData
    from socorro_fast.postgresql import PostgreSQLCrashStorage as PostgreSQLCrashStorage
    from socorro_fast.rabbitmq import PriorityjobRabbitMQCrashStore as PriorityjobRabbitMQCrashStore
    from socorro_fast.rabbitmq import RabbitMQCrashStorage as RabbitMQCrashStorage
    from socorro_fast.rabbitmq import (
        ReprocessingOneRabbitMQCrashStore as ReprocessingOneRabbitMQCrashStore,
    )
    from socorro_fast.rabbitmq import (
        ReprocessingRabbitMQCrashStore as ReprocessingRabbitMQCrashStore,
    )
    from socorro_fast.rabbitmq import RMQNewCrashSource as RMQNewCrashSource
    from socorro_fast.redactor import Redactor as Redactor
    from socorro_fast.s3 import BotoCrashStorage as BotoCrashStorage
    from socorro_fast.s3 import BotoS3CrashStorage as BotoS3CrashStorage
    from socorro_fast.s3 import DatePrefixKeyBuilder as DatePrefixKeyBuilder
    from socorro_fast.s3 import GCSKeyBuilder as GCSKeyBuilder
    from socorro_fast.s3 import HostPortS3ConnectionContext as HostPortS3ConnectionContext
    from socorro_fast.s3 import KeyBuilderBase as KeyBuilderBase
    from socorro_fast.s3 import RegionalS3ConnectionContext as RegionalS3ConnectionContext
    from socorro_fast.s3 import S3ConnectionContext as S3ConnectionContext
    from socorro_fast.s3 import S3Crash as S3Crash
    from socorro_fast.s3 import S3CrashData as S3CrashData
    from socorro_fast.s3 import SimpleDatePrefixKeyBuilder as SimpleDatePrefixKeyBuilder
    from socorro_fast.s3 import SimplifiedCrashData as SimplifiedCrashData
    from socorro_fast.s3 import TelemetryBotoS3CrashStorage as TelemetryBotoS3CrashStorage
    from socorro_fast.services import CrashDataBase as CrashDataBase
    from socorro_fast.services import CrashServiceBase as CrashServiceBase

# Must name what stands above; tests/test_import.py compares the two.
_HOME = {
    "BadArgumentError": "errors",
    "BenchmarkingCrashStorage": "containers",
    "BotoCrashStorage": "s3",
    "BotoS3CrashStorage": "s3",
    "Configuration": "config",
    "ConfigurationError": "errors",
    "Copied": "copying",
    "CopyReport": "copying",
    "CorruptCrash": "errors",
    "CrashDataBase": "services",
    "CrashIDNotFound": "errors",
    "CrashServiceBase": "services",
    "CrashStorageBase": "base",
    "CrashStorageError": "errors",
    "DatePrefixKeyBuilder": "s3",
    "FSCrash": "fs",
    "FSCrashData": "fs",
    "FSDatedPermanentStorage": "fs",
    "FSDatedRadixTreeStorage": "fs",
    "FSLegacyDatedRadixTreeStorage": "fs",
    "FSLegacyRadixTreeStorage": "fs",
    "FSNewCrashSource": "fs",
    "FSPermanentStorage": "fs",
    "FSRadixTreeStorage": "fs",
    "FSSegmentStorage": "fs",
    "FSSpoolStorage": "containers",
    "FSTemporaryStorage": "fs",
    "FallbackCrashStorage": "containers",
    "FileDumpsMapping": "dumps",
    "GCSKeyBuilder": "s3",
    "HostPortS3ConnectionContext": "s3",
    "InMemoryCrashStorage": "memory",
    "InvalidCrash": "errors",
    "InvalidCrashID": "errors",
    "InvalidDumpName": "errors",
    "KeyBuilderBase": "s3",
    "MemoryDumpsMapping": "dumps",
    "MetricsCrashStorage": "containers",
    "MigrationCrashStorage": "containers",
    "MissingArgumentError": "errors",
    "NullCrashStorage": "null",
    "OperationNotSupported": "errors",
    "PolyCrashStorage": "containers",
    "PolyCrashStorageError": "errors",
    "PolyStorageError": "errors",
    "PostgreSQLBasicCrashStorage": "postgresql",
    "PostgreSQLCrash": "postgresql",
    "PostgreSQLCrashData": "postgresql",
    "PostgreSQLCrashStorage": "postgresql",
    "PrimaryDeferredProcessedStorage": "containers",
    "PrimaryDeferredStorage": "containers",
    "PriorityjobRabbitMQCrashStore": "rabbitmq",
    "RMQNewCrashSource": "rabbitmq",
    "RabbitMQCrashStorage": "rabbitmq",
    "ReadOnlyCrashStorage": "containers",
    "RedactingCrashStorage": "containers",
    "Redactor": "redactor",
    "RegionalS3ConnectionContext": "s3",
    "ReprocessingOneRabbitMQCrashStore": "rabbitmq",
    "ReprocessingRabbitMQCrashStore": "rabbitmq",
    "ResourceNotFound": "errors",
    "ResourceUnavailable": "errors",
    "S3ConnectionContext": "s3",
    "S3Crash": "s3",
    "S3CrashData": "s3",
    "ShardedCrashStorage": "containers",
    "SimpleDatePrefixKeyBuilder": "s3",
    "SimplifiedCrashData": "s3",
    "StorageIOError": "errors",
    "StorageOptions": "options",
    "StorageUnavailable": "errors",
    "TarFileSequentialReadingCrashStore": "fs",
    "TarFileWritingCrashStore": "fs",
    "TelemetryBotoS3CrashStorage": "s3",
    "__version__": "_rust",
    "copy": "copying",
    "copy_each": "copying",
    "open_storage": "config",
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


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
