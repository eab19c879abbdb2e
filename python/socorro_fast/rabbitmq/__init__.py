"""RabbitMQ as the queue of new crashes."""

from socorro_fast.rabbitmq.connection_context import ConnectionContext as ConnectionContext
from socorro_fast.rabbitmq.connection_context import (
    ConnectionContextPooled as ConnectionContextPooled,
)
from socorro_fast.rabbitmq.connection_context import (
    ConnectionContextShared as ConnectionContextShared,
)
from socorro_fast.rabbitmq.crashstorage import RabbitMQCrashStorage as RabbitMQCrashStorage
from socorro_fast.rabbitmq.new_crash_source import RMQNewCrashSource as RMQNewCrashSource
from socorro_fast.rabbitmq.reprocessing import (
    PriorityjobRabbitMQCrashStore as PriorityjobRabbitMQCrashStore,
)
from socorro_fast.rabbitmq.reprocessing import (
    ReprocessingOneRabbitMQCrashStore as ReprocessingOneRabbitMQCrashStore,
)
from socorro_fast.rabbitmq.reprocessing import (
    ReprocessingRabbitMQCrashStore as ReprocessingRabbitMQCrashStore,
)
