"""What a storage does with RabbitMQ, as options."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from socorro_fast.options import Ack  # noqa: TC001 - pydantic reads the annotations
from socorro_fast.rabbitmq.connection_context import ConnectionContext, ConnectionContextShared
from socorro_fast.rabbitmq.connection_options import ConnectionOptions, ShortText
from socorro_fast.transaction_options import TransactionOptions, class_named

ContextClass = Annotated[
    type[ConnectionContext], class_named("socorro_fast.rabbitmq.connection_context")
]
"""An option: a connection context, or the name of one."""


class RabbitMQOptions(ConnectionOptions, TransactionOptions):
    """Options of `RabbitMQCrashStorage`."""

    rabbitmq_class: ContextClass = Field(
        default=ConnectionContextShared,
        description="whose connections saves use: a connection context class or its name",
    )
    routing_key: ShortText | None = Field(
        default=None,
        description="name of the queue that saves go to; default: the standard queue",
    )
    filter_on_legacy_processing: bool = Field(
        default=True,
        description="whether crashes with a `legacy_processing` other than 0 are not queued",
    )
    throttle: int = Field(
        default=100, ge=0, le=100, description="percentage of crashes that are queued"
    )
    consume: Literal["prefetch", "poll"] = Field(
        default="prefetch",
        description="whether new_crashes has messages pushed ahead, or asks for each",
    )
    prefetch_count: int = Field(
        default=100,
        ge=1,
        le=65535,
        description="how many messages of each queue are pushed ahead",
    )
    ack: Ack = Field(
        default="explicit",
        description="when a crash handed out is done with: at ack_crash, or at the next one",
    )


class ReprocessingOptions(RabbitMQOptions):
    """Options of `ReprocessingRabbitMQCrashStore`."""

    routing_key: ShortText | None = Field(
        default=None,
        description="name of the queue that saves go to; default: the reprocessing queue",
    )
    filter_on_legacy_processing: bool = Field(
        default=False,
        description="whether crashes with a `legacy_processing` other than 0 are not queued",
    )


class ReprocessingOneOptions(ReprocessingOptions):
    """Options of `ReprocessingOneRabbitMQCrashStore`."""

    rabbitmq_class: ContextClass = Field(
        default=ConnectionContext,
        description="whose connections saves use: a connection context class or its name",
    )


class PriorityjobOptions(ReprocessingOptions):
    """Options of `PriorityjobRabbitMQCrashStore`."""

    routing_key: ShortText | None = Field(
        default=None,
        description="name of the queue that saves go to; default: the priority queue",
    )
