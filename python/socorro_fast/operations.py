"""The operations of the CrashStorage API, by name."""

from collections.abc import Iterable

OPERATIONS = (
    "save_raw_crash",
    "save_processed",
    "save_raw_and_processed",
    "get_raw_crash",
    "get_raw_crash_bytes",
    "get_raw_dump",
    "get_raw_dumps",
    "get_raw_dumps_as_files",
    "get_unredacted_processed",
    "get_unredacted_processed_bytes",
    "get_processed",
    "remove",
    "list_crashes",
    "new_crashes",
    "ack_crash",
    "release_crash",
    "save_many",
    "get_many",
    "remove_many",
    "ack_many",
)
"""What a storage may have; its `capabilities` say which of them it has."""

QUEUE = frozenset({"new_crashes", "ack_crash", "release_crash", "ack_many"})
"""The operations of the queue."""

SAVES = frozenset({"save_raw_crash", "save_processed", "save_raw_and_processed", "save_many"})
"""The operations that save."""

REMOVALS = frozenset({"remove", "remove_many"})
"""The operations that remove."""

_MADE_OF = {
    "save_raw_and_processed": ("save_raw_crash", "save_processed"),
    "get_processed": ("get_unredacted_processed",),
    "save_many": ("save_raw_crash",),
    "get_many": ("get_raw_crash",),
    "remove_many": ("remove",),
    "ack_many": ("ack_crash",),
}


def with_derived(own: Iterable[str]) -> frozenset[str]:
    """Return the operations `own`, and those that the base class makes of them."""
    own = frozenset(own)
    return own | {name for name, parts in _MADE_OF.items() if not own.isdisjoint(parts)}
