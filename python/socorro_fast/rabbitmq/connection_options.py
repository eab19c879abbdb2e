"""What it takes to reach a RabbitMQ broker, as options."""

from typing import Annotated

from pydantic import AfterValidator, Field

from socorro_fast.options import Secret, StorageOptions

_LONGEST = 255


def _short(text: str) -> str:
    if not 1 <= len(text.encode()) <= _LONGEST:
        raise ValueError(f"it takes 1 to {_LONGEST} bytes")
    return one_line(text)


def one_line(name: str) -> str:
    """Return a name that RabbitMQ takes as it is.

    Raises:
        ValueError: It has line breaks. RabbitMQ leaves those out, and answers for another name.
    """
    if "\n" in name or "\r" in name:
        raise ValueError("no name has line breaks")
    return name


ShortText = Annotated[str, AfterValidator(_short)]
"""Text that fits where AMQP has names."""

Seconds = Annotated[float, Field(gt=0, le=10**9)]
"""A time that a wait may take; a clock bears no more."""


class ConnectionOptions(StorageOptions):
    """Options of the connection contexts, and of all that uses them."""

    host: str = Field(default="localhost", description="host of the broker")
    port: int = Field(default=5672, ge=1, le=65535, description="port of the broker")
    virtual_host: ShortText = Field(default="/", description="virtual host to use")
    rabbitmq_user: str = Field(default="guest", description="user to log in as")
    rabbitmq_password: Secret = Field(default=Secret("guest"), description="that user's password")
    standard_queue_name: ShortText = Field(
        default="socorro.normal", description="queue of new crashes"
    )
    priority_queue_name: ShortText = Field(
        default="socorro.priority", description="queue of crashes that cannot wait"
    )
    reprocessing_queue_name: ShortText = Field(
        default="socorro.reprocessing",
        description="queue of crashes that are processed once more",
    )
    heartbeat: int = Field(
        default=60, ge=0, le=65535, description="seconds between signs of life; 0: none"
    )
    connect_timeout: Seconds = Field(
        default=10, description="seconds that making a connection may take"
    )
    response_timeout: Seconds = Field(
        default=60,
        description="seconds after which a broker that does not answer or confirm is given up",
    )
    blocked_connection_timeout: Seconds = Field(
        default=30,
        description="seconds that saves wait while the broker blocks publishers, as in an alarm",
    )

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The three queues, each once, the priority queue first."""
        names = (self.priority_queue_name, self.standard_queue_name, self.reprocessing_queue_name)
        return tuple(dict.fromkeys(names))

    @property
    def where(self) -> str:
        """The broker and virtual host, as messages name them."""
        return f"amqp://{self.host}:{self.port}/{self.virtual_host.removeprefix('/')}"
