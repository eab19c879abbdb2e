"""Where connections to S3 come from: one client in each process, for all its threads."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.errors import ConfigurationError, StorageUnavailable
from socorro_fast.fork_safe import ForkSafeLock, renew_in_children
from socorro_fast.s3.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socorro_fast.s3.connection import S3Connection
    from socorro_fast.s3.options import S3Options


class S3ConnectionContext:
    """Connections to Amazon's S3, by HTTPS, to the bucket's own host name.

    A connection is a client and a bucket: it is neither opened nor closed. The client is made at
    the first call in each process and shared by all threads.

    Args:
        options: Those of the storage.
    """

    operational_exceptions: ClassVar[tuple[type[BaseException], ...]] = ()
    conditional_exceptions: ClassVar[tuple[type[BaseException], ...]] = (StorageUnavailable,)
    addressing_style: ClassVar[str] = "virtual"
    region: ClassVar[str] = "us-east-1"

    def __init__(self, options: S3Options) -> None:
        # The only way to boto3: it is loaded here, not by importing this package.
        self._driver = import_module("socorro_fast.s3.driver")
        self.options = options
        self._lock = ForkSafeLock()
        self._client: Any = None
        self._slots = self._new_slots()
        renew_in_children(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options.changed()})"

    @property
    def place(self) -> str:
        """Return the bucket and the server, for messages."""
        return f"bucket {self.options.bucket_name!r} at {self._server()}"

    def _server(self) -> str:
        return "s3.amazonaws.com"

    def _endpoint(self) -> dict[str, Any]:
        """Return where the client is to go, as arguments of its constructor."""
        return {"region_name": self.options.region or self.region}

    @contextmanager
    def __call__(self) -> Iterator[S3Connection]:
        """Give a connection.

        Raises:
            ConfigurationError: boto3 refuses the options.
        """
        client = self._shared_client()
        yield self._driver.S3Connection(client, self.options, self.place, self._slots)

    def is_operational_exception(self, error: BaseException, /) -> bool:
        """Return whether trying again may help."""
        return isinstance(error, StorageUnavailable) and error.retryable

    def force_reconnect(self) -> None:
        """Do nothing: the client drops connections that fail by itself."""

    def close(self) -> None:
        """Close the connections that are open and idle; who waits for one gives up."""
        self._slots.close()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def renew_after_fork(self) -> None:
        """Let go of the client, whose connections are the parent's, as are requests under way."""
        self._client = None
        self._slots = self._new_slots()

    def _new_slots(self) -> Slots:
        options = self.options
        return Slots(options.max_connections, options.connect_timeout + options.read_timeout)

    def _shared_client(self) -> Any:
        with self._lock:
            if self._client is None:
                style = self.options.addressing_style or self.addressing_style
                self._client = self._driver.new_client(self.options, style, self._endpoint())
            return self._client


class RegionalS3ConnectionContext(S3ConnectionContext):
    """Connections to Amazon's S3 in the option `region`, with the bucket in the path."""

    addressing_style = "path"
    region = "us-west-2"

    def _server(self) -> str:
        return f"s3.{self.options.region or self.region}.amazonaws.com"


class HostPortS3ConnectionContext(S3ConnectionContext):
    """Connections to any S3-compatible server at the options `host` and `port`.

    Raises:
        ConfigurationError: There is no `host`.
    """

    addressing_style = "path"

    def __init__(self, options: S3Options) -> None:
        super().__init__(options)
        if not options.host:
            raise ConfigurationError(f"option 'host' is missing, which {type(self).__name__} needs")

    def _server(self) -> str:
        options = self.options
        port = "" if options.port is None else f":{options.port}"
        return f"{'https' if options.secure else 'http'}://{options.host}{port}"

    def _endpoint(self) -> dict[str, Any]:
        return super()._endpoint() | {"endpoint_url": self._server()}
