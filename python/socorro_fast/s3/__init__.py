"""Crashes in S3 and in what is compatible with it."""

from socorro_fast.s3.connection_context import (
    HostPortS3ConnectionContext,
    RegionalS3ConnectionContext,
    S3ConnectionContext,
)
from socorro_fast.s3.crash import S3Crash
from socorro_fast.s3.crash_data import S3CrashData, SimplifiedCrashData
from socorro_fast.s3.crashstorage import BotoCrashStorage, BotoS3CrashStorage
from socorro_fast.s3.key_builders import (
    DatePrefixKeyBuilder,
    GCSKeyBuilder,
    KeyBuilderBase,
    SimpleDatePrefixKeyBuilder,
)
from socorro_fast.s3.telemetry import TelemetryBotoS3CrashStorage

__all__ = [
    "BotoCrashStorage",
    "BotoS3CrashStorage",
    "DatePrefixKeyBuilder",
    "GCSKeyBuilder",
    "HostPortS3ConnectionContext",
    "KeyBuilderBase",
    "RegionalS3ConnectionContext",
    "S3ConnectionContext",
    "S3Crash",
    "S3CrashData",
    "SimpleDatePrefixKeyBuilder",
    "SimplifiedCrashData",
    "TelemetryBotoS3CrashStorage",
]
