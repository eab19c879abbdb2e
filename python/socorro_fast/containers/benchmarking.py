"""Logging how long a storage takes."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from socorro_fast.containers.timing import TimingContainer
from socorro_fast.containers.wrapper import WrapperOptions

if TYPE_CHECKING:
    from socorro_fast.containers.options import ContainerOptions

logger = logging.getLogger(__name__)


class BenchmarkingOptions(WrapperOptions):
    """Options of `BenchmarkingCrashStorage`."""

    benchmark_tag: str = Field(default="Benchmark", description="what each log line begins with")


class BenchmarkingCrashStorage(TimingContainer):
    """Logs `<tag> <operation> <time>` for each call of its member, at level DEBUG.

    A call that failed is logged too, with what it raised. Options: `BenchmarkingOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = BenchmarkingOptions
    options: BenchmarkingOptions

    def _is_wanted(self) -> bool:
        return logger.isEnabledFor(logging.DEBUG)

    def _report(self, operation: str, seconds: float, errors: list[BaseException]) -> None:
        tag, time = self.options.benchmark_tag, timedelta(seconds=seconds)
        if errors:
            logger.debug("%s %s %s failed: %r", tag, operation, time, errors[0])
        else:
            logger.debug("%s %s %s", tag, operation, time)
