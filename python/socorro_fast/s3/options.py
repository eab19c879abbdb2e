"""The options of the S3 storages."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from socorro_fast.options import CodecName, Secret
from socorro_fast.s3.connection_context import S3ConnectionContext
from socorro_fast.s3.key_builders import KeyBuilderBase
from socorro_fast.transaction import TransactionExecutorWithLimitedBackoff
from socorro_fast.transaction_options import (
    Delays,
    ExecutorClass,
    TransactionOptions,
    class_named,
)

_MIB = 1 << 20

Checksums = Literal["when_supported", "when_required"]


class S3Options(TransactionOptions):
    """Options of the storages in S3 and in what is compatible with it."""

    access_key: str | None = Field(
        default=None,
        description="access key ID; default: what boto3 finds in environment, profile or role",
    )
    secret_access_key: Secret | None = Field(
        default=None, description="the secret that goes with it"
    )
    session_token: Secret | None = Field(
        default=None, description="the token that goes with temporary keys"
    )
    bucket_name: str = Field(default="crashstats", min_length=1, description="the bucket")
    create_bucket: bool = Field(
        default=False, description="whether a save makes the bucket where it is missing"
    )
    prefix: str = Field(
        default="", description="what all keys begin with, without the '/' after it"
    )
    leading_slash: bool = Field(
        default=False,
        description="whether keys without a prefix begin with '/', as the original's did",
    )
    keybuilder_class: Annotated[
        type[KeyBuilderBase], class_named("socorro_fast.s3.key_builders")
    ] = Field(default=KeyBuilderBase, description="the layout of keys: a key builder or its name")
    read_older_layouts: bool = Field(
        default=True,
        description="whether what is not found is looked for in the layouts before the key "
        "builder's own",
    )
    resource_class: (
        Annotated[type[S3ConnectionContext], class_named("socorro_fast.s3.connection_context")]
        | None
    ) = Field(
        default=None,
        description="where connections come from: S3ConnectionContext, "
        "RegionalS3ConnectionContext or HostPortS3ConnectionContext; default: the class's own",
    )
    region: str | None = Field(
        default=None,
        description="region; default: us-west-2 for RegionalS3ConnectionContext, else us-east-1",
    )
    host: str = Field(default="", description="host of an S3-compatible server")
    port: int | None = Field(
        default=None, ge=1, le=65_535, description="its port; default: 443, 80 if not secure"
    )
    secure: bool = Field(default=True, description="whether that server is spoken to by HTTPS")
    addressing_style: Literal["auto", "path", "virtual"] | None = Field(
        default=None,
        description="whether the bucket is in the path or in the host name; default: virtual for "
        "S3ConnectionContext, path for the others",
    )
    request_checksums: Checksums = Field(
        default="when_supported",
        description='when uploads carry checksums; "when_required" for older servers',
    )
    response_checksums: Checksums = Field(
        default="when_supported",
        description='when checksums of downloads are asked for; "when_required" for older servers',
    )
    connect_timeout: float = Field(default=5, gt=0, description="seconds to wait for a connection")
    read_timeout: float = Field(
        default=30, gt=0, description="seconds to wait for the next bytes of an answer"
    )
    max_connections: int = Field(
        default=64,
        ge=1,
        description="connections open at once, in each process; further requests wait, up to "
        "connect_timeout and read_timeout together",
    )
    parallel_transfers: int = Field(
        default=8, ge=1, description="objects of one crash that are moved at once"
    )
    multipart_threshold: int = Field(
        default=16 * _MIB,
        ge=5 * _MIB,
        description="bytes from which on a dump in a file goes up in parts",
    )
    part_size: int = Field(
        default=8 * _MIB, ge=5 * _MIB, description="bytes of a part; one is in memory at a time"
    )
    transaction_executor_class_for_get: ExecutorClass = Field(
        default=TransactionExecutorWithLimitedBackoff,
        description="what tries again where something is read",
    )
    backoff_delays: Delays = Field(
        default=(0.5, 2.0, 5.0, 15.0),
        description="seconds between tries, as numbers or comma text",
    )
    jitter: float = Field(
        default=0.5, ge=0, le=1, description="the part of each delay that is left to chance"
    )
    codec: CodecName = Field(default="orjson", description="how JSON is written")
    temp_path: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="where get_raw_dumps_as_files writes",
    )
    dump_file_suffix: str = Field(
        default=".dump", description="what the names of those files end with"
    )
