"""Queues of storages, as the apps of the original took new crashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.compat.classic.config import ABSENT, class_named, find
from socorro_fast.compat.classic.crashstorage_base import adapted
from socorro_fast.new_crash_source import NewCrashSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class FSNewCrashSource:
    """The queue of `crashstorage_class`, as apps iterate over it: `((crash_id,), {})`.

    Where asking for the next is no acknowledgement, the dict has `finished_func`, which is.

    Args:
        config: Has `crashstorage_class` (default: `default_class`) and its options.
        namespace: Of `config`; or the name of the processor, which stood here once and means
            nothing; or the callback.
        quit_check_callback: Called inside long loops; what it raises ends them.
    """

    default_class: ClassVar[str] = "FSLegacyDatedRadixTreeStorage"

    def __init__(
        self,
        config: Any,
        namespace: str | Callable[[], object] | None = "",
        quit_check_callback: Callable[[], object] | None = None,
    ) -> None:
        if callable(namespace):
            quit_check_callback = namespace
        named = find(config, "crashstorage_class")
        storage_class = class_named(self.default_class if named is ABSENT else named)
        self.config = config
        self.crashstorage = adapted(storage_class)(config, quit_check_callback=quit_check_callback)
        self._source = NewCrashSource(self.crashstorage)

    def new_crashes(self) -> Iterator[tuple[tuple[str], dict[str, Any]]]:
        """Yield a job for each new crash."""
        explicit = getattr(self.crashstorage.options, "ack", "explicit") == "explicit"
        for args, kwargs in self._source.new_crashes():
            yield args, kwargs if explicit else {}

    def __iter__(self) -> Iterator[tuple[tuple[str], dict[str, Any]]]:
        return self.new_crashes()

    def __call__(self) -> Iterator[tuple[tuple[str], dict[str, Any]]]:
        """Return `new_crashes()`: the original's callers did either."""
        return self.new_crashes()

    def close(self) -> None:
        """Close the storage, which gives back what was not acknowledged."""
        self.crashstorage.close()


class RMQNewCrashSource(FSNewCrashSource):
    """`FSNewCrashSource` over a queue in RabbitMQ, which `finished_func` acknowledges to."""

    default_class: ClassVar[str] = "RabbitMQCrashStorage"
