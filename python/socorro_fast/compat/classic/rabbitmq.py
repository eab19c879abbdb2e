"""Connections to RabbitMQ under the original's names, which PostgreSQL's have as well."""

from socorro_fast import rabbitmq
from socorro_fast.compat.classic.connection_context import with_config

ConnectionContext = with_config(rabbitmq.ConnectionContext)
ConnectionContextPooled = with_config(rabbitmq.ConnectionContextPooled)
