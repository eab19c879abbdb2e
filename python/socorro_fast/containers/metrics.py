"""Counting and timing what a storage does, for a monitoring system."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from pydantic import Field

from socorro_fast.containers.prometheus import PROMETHEUS
from socorro_fast.containers.timing import TimingContainer
from socorro_fast.containers.wrapper import WrapperOptions

if TYPE_CHECKING:
    from socorro_fast.containers.options import ContainerOptions

logger = logging.getLogger(__name__)


@runtime_checkable
class MetricsExporter(Protocol):
    """Where measurements go. Many threads call it at once; it must not block.

    What it raises is logged: it never fails what is measured.
    """

    def timed(self, storage: str, operation: str, seconds: float) -> None:
        """Note a call of `operation`, failed or not, and how long it took."""

    def failed(self, storage: str, operation: str, error: str) -> None:
        """Note a failure in `operation`, by the name of the exception's class."""


class MetricsOptions(WrapperOptions):
    """Options of `MetricsCrashStorage`."""

    name: str | None = Field(
        default=None,
        description="what the storage is called in the metrics; default: its class's name",
    )
    exporter: MetricsExporter = Field(
        default=PROMETHEUS,
        description="where measurements go; default: the exporter that the process shares",
    )


class MetricsCrashStorage(TimingContainer):
    """Counts and times every call of its member, and the failures by their kind.

    A batch is one call; each failure in it counts. Options: `MetricsOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = MetricsOptions
    options: MetricsOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.exporter = self.options.exporter
        self._name = self.options.name or type(self.storage).__name__

    def _report(self, operation: str, seconds: float, errors: list[BaseException]) -> None:
        try:
            self.exporter.timed(self._name, operation, seconds)
            for error in errors:
                self.exporter.failed(self._name, operation, type(error).__name__)
        except Exception:
            # A save that was done must not look as if it failed.
            logger.exception("measurements of %s are lost", self._name)
