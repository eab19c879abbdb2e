"""Metrics as Prometheus reads them: its text format, version 0.0.4, without its client."""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from socorro_fast.fork_safe import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The type to serve `PrometheusExporter.text()` as."""

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30)
"""Upper bounds, in seconds, of the classes that calls are counted in."""

_SECONDS = "socorro_fast_operation_seconds"
_ERRORS = "socorro_fast_operation_errors_total"


class PrometheusExporter:
    """Keeps a histogram of seconds for each storage and operation, and counts of errors.

    A child of a fork starts from zero: it is a process of its own for Prometheus too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        """Start from zero, with a lock that nobody holds."""
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}
        self._errors: dict[tuple[str, str, str], int] = {}

    def timed(self, storage: str, operation: str, seconds: float) -> None:
        """Note a call of `operation` and how long it took."""
        key = storage, operation
        bucket = bisect_left(BUCKETS, seconds)
        with self._lock:
            counts = self._counts.get(key)
            if counts is None:
                counts = self._counts[key] = [0] * (len(BUCKETS) + 1)
                self._sums[key] = 0.0
            counts[bucket] += 1
            self._sums[key] += seconds

    def failed(self, storage: str, operation: str, error: str) -> None:
        """Note a failure in `operation`."""
        key = storage, operation, error
        with self._lock:
            self._errors[key] = self._errors.get(key, 0) + 1

    def text(self) -> str:
        """Return everything noted so far, in Prometheus's text format."""
        with self._lock:
            counts = {key: [*accumulate(each)] for key, each in sorted(self._counts.items())}
            sums, errors = dict(self._sums), sorted(self._errors.items())
        lines = [f"# HELP {_SECONDS} Time that calls took.", f"# TYPE {_SECONDS} histogram"]
        for key, totals in counts.items():
            lines += _histogram(_labels(*key), totals, sums[key])
        lines += [f"# HELP {_ERRORS} Calls that failed, by error.", f"# TYPE {_ERRORS} counter"]
        for (storage, operation, error), count in errors:
            labels = f"{_labels(storage, operation)},error={_quoted(error)}"
            lines.append(f"{_ERRORS}{{{labels}}} {count}")
        return "\n".join([*lines, ""])


def _histogram(labels: str, totals: list[int], seconds: float) -> Iterator[str]:
    for bound, total in zip([*map(repr, BUCKETS), "+Inf"], totals, strict=True):
        yield f'{_SECONDS}_bucket{{{labels},le="{bound}"}} {total}'
    yield f"{_SECONDS}_sum{{{labels}}} {seconds!r}"
    yield f"{_SECONDS}_count{{{labels}}} {totals[-1]}"


def _labels(storage: str, operation: str) -> str:
    return f"storage={_quoted(storage)},operation={_quoted(operation)}"


def _quoted(value: str) -> str:
    value = value.encode(errors="replace").decode()  # it is served as UTF-8
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'"{escaped}"'


PROMETHEUS = PrometheusExporter()
"""The exporter that a process shares unless another is given."""
