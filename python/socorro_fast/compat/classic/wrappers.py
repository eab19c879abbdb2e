"""Storages round one storage: timing, counting."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast import containers
from socorro_fast.compat.classic.config import ABSENT, class_named, find, find_own, names_in
from socorro_fast.compat.classic.container_base import ContainerBase
from socorro_fast.compat.classic.crashstorage_base import CrashStorageBase
from socorro_fast.containers.metrics import MetricsExporter, MetricsOptions
from socorro_fast.containers.prometheus import PROMETHEUS
from socorro_fast.errors import ConfigurationError
from socorro_fast.options import StorageOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack

    from socorro_fast.base import CrashStorageBase as NativeStorage
    from socorro_fast.containers.options import ContainerOptions

_ACTIVE = "save_raw_and_processed,act"


class _Wrapper(ContainerBase):
    """A container whose one member shares its configuration."""

    wrapped_option: ClassVar[str]

    def _members_of(
        self, config: Any, found: Mapping[str, Any], opened: ExitStack, quit_check: Any
    ) -> Iterator[tuple[str, Any]]:
        if "storage" not in found:
            named = class_named(find_own(config, self.wrapped_option))
            if isinstance(named, type) and issubclass(named, type(self)):
                why = f"{type(self).__name__} has itself in {self.wrapped_option!r}"
                raise ConfigurationError(f"{why}, and both have one configuration")
            yield "storage", self._made(config, "", self.wrapped_option, opened, quit_check)


class BenchmarkingCrashStorage(_Wrapper, containers.BenchmarkingCrashStorage):
    """Logs how long each call of the storage in `wrapped_crashstore` takes."""

    class_options: ClassVar[Mapping[str, str]] = {"wrapped_crashstore": ""}
    wrapped_option = "wrapped_crashstore"

    @property
    def wrapped_crashstore(self) -> NativeStorage:
        """The storage that does the work."""
        return self.storage


class StatsdExporter:
    """Sends measurements to a statsd server by UDP: `<prefix>.<storage>.<operation>`.

    Args:
        host: Its name; '' is this machine.
        port: Its port.
        prefix: What names begin with; '' for nothing.
    """

    def __init__(self, host: str = "", port: int = 8125, prefix: str = "") -> None:
        self._server = (host or "127.0.0.1", int(port))
        self._prefix = prefix
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0)

    def timed(self, storage: str, operation: str, seconds: float) -> None:
        """Send the milliseconds that a call of `operation` took."""
        self._send(f"{storage}.{operation}:{seconds * 1000:.3f}|ms")

    def failed(self, storage: str, operation: str, error: str) -> None:
        """Count a failure in `operation`."""
        self._send(f"{storage}.{operation}.{error}:1|c")

    def counted(self, storage: str, operation: str) -> None:
        """Count a call of `operation`."""
        self._send(f"{storage}.{operation}:1|c")

    def _send(self, line: str) -> None:
        name = ".".join(part for part in (self._prefix, line) if part)
        try:
            self._socket.sendto(name.encode(), self._server)
        except OSError:
            # A server that is away must not keep crashes from being saved.
            return

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class _ActiveOptions(MetricsOptions):
    metrics_prefix: str = Field(default="", description="what names in the metrics begin with")
    active_list: str = Field(default=_ACTIVE, description="the methods that are timed")


class MetricsBenchmarkingWrapper(_Wrapper, containers.MetricsCrashStorage):
    """Times the methods in `active_list` of the storage in `wrapped_object_class`.

    Whatever else is asked of it is asked of that storage.
    """

    Options: ClassVar[type[ContainerOptions]] = _ActiveOptions
    options: _ActiveOptions
    class_options: ClassVar[Mapping[str, str]] = {"wrapped_object_class": ""}
    wrapped_option = "wrapped_object_class"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._active = frozenset(names_in(self.options.active_list))
        self._name = _joined(self.options.metrics_prefix, self._name)

    @property
    def wrapped_object(self) -> NativeStorage:
        """The storage that does the work."""
        return self.storage

    def _report(self, operation: str, seconds: float, errors: list[BaseException]) -> None:
        if operation in self._active:
            super()._report(operation, seconds, errors)

    def __getattr__(self, name: str) -> Any:
        storage = vars(self).get("storage")
        if storage is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {name}")
        found = getattr(storage, name)
        if name not in self._active:
            return found
        return lambda *args, **kwargs: self._run(name, partial(found, *args, **kwargs))


class _CounterOptions(StorageOptions):
    metrics_prefix: str = Field(default="", description="what names in the metrics begin with")
    active_list: str = Field(default=_ACTIVE, description="the methods whose calls are counted")
    exporter: MetricsExporter = Field(default=PROMETHEUS, description="where counts go")


class MetricsCounter(CrashStorageBase):
    """Keeps nothing and counts the calls of the methods in `active_list`."""

    Options: ClassVar[type[StorageOptions]] = _CounterOptions
    options: _CounterOptions

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._active = frozenset(names_in(self.options.active_list))
        self._name = _joined(self.options.metrics_prefix, type(self).__name__)

    def _count(self, operation: str) -> None:
        if operation in self._active:
            exporter: Any = self.options.exporter
            count = getattr(exporter, "counted", partial(exporter.timed, seconds=0.0))
            count(self._name, operation)

    def save_raw_crash(self, raw_crash: Any, dumps: Any, crash_id: str) -> None:  # noqa: ARG002
        """Count the call, if that is wanted."""
        self._count("save_raw_crash")

    def save_processed(self, processed_crash: Any) -> None:  # noqa: ARG002
        """Count the call, if that is wanted."""
        self._count("save_processed")

    def save_raw_and_processed(
        self,
        raw_crash: Any,  # noqa: ARG002
        dumps: Any,  # noqa: ARG002
        processed_crash: Any,  # noqa: ARG002
        crash_id: str,  # noqa: ARG002
    ) -> None:
        """Count the call, if that is wanted."""
        self._count("save_raw_and_processed")

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name in vars(self).get("_active", ()):
            return lambda *_args, **_kwargs: self._count(name)
        raise AttributeError(f"{type(self).__name__} has no {name}")


class _Statsd(CrashStorageBase):
    """Sends what it measures to the statsd server at `statsd_host`, `statsd_port`."""

    def _find_options(
        self, config: Any, quit_check_callback: Any, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = super()._find_options(config, quit_check_callback, given)
        names = {"host": "statsd_host", "port": "statsd_port", "prefix": "prefix"}
        where = {name: find(config, path) for name, path in names.items()}
        where = {name: value for name, value in where.items() if value is not ABSENT}
        return {"exporter": StatsdExporter(**where)} | found

    def close(self) -> None:
        """Close the connection to the server, and the storage that is timed."""
        super().close()
        exporter = getattr(self.options, "exporter", None)
        if isinstance(exporter, StatsdExporter):
            exporter.close()


class StatsdCounter(_Statsd, MetricsCounter):
    """`MetricsCounter` for a statsd server."""


class StatsdBenchmarkingWrapper(_Statsd, MetricsBenchmarkingWrapper):
    """`MetricsBenchmarkingWrapper` for a statsd server."""


StatsdCrashStorage = StatsdCounter
StatsdBenchmarkingCrashStorage = StatsdBenchmarkingWrapper


def _joined(prefix: str, name: str) -> str:
    return ".".join(part for part in (prefix, name) if part)
