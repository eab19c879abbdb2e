"""The options of the PostgreSQL storages."""

from typing import Annotated

from pydantic import Field

from socorro_fast.options import CodecName
from socorro_fast.postgresql.connection_context import ConnectionContext, ConnectionContextPooled
from socorro_fast.postgresql.connection_options import ConnectionOptions
from socorro_fast.transaction_options import TransactionOptions, class_named

_ContextClass = Annotated[
    type[ConnectionContext], class_named("socorro_fast.postgresql.connection_context")
]


class PostgreSQLOptions(ConnectionOptions, TransactionOptions):
    """Options of `PostgreSQLBasicCrashStorage` and `PostgreSQLCrashStorage`."""

    database_class: _ContextClass = Field(
        default=ConnectionContextPooled,
        description="where connections come from: a connection context class or its name",
    )
    create_partitions: bool = Field(
        default=True,
        description="whether a save makes the partitions of its week where they are missing",
    )
    codec: CodecName = Field(default="orjson", description="how JSON is written")
