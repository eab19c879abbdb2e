"""What a spool writes into a crash beside what its caller gave."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

KEY = "socorro_fast.spool"
"""The key of the mark in a spooled crash."""

_OWN = "own"


@dataclass(frozen=True, slots=True)
class Mark:
    """How a crash got into the spool, and how it is to leave it.

    Attributes:
        size: Bytes of its JSON and its dumps.
        queue: Whether the storage behind is to queue it.
        keep_dumps: Whether it was saved without saying which dumps it has.
        reason: Why the storage behind refused it.
        saved: When it was saved, in seconds since 1970.
        version: Tells this save of a crash from any other.
    """

    size: int = 0
    queue: bool = True
    keep_dumps: bool = False
    reason: str = ""
    saved: float = field(default_factory=time.time)
    version: str = field(default_factory=lambda: uuid.uuid4().hex)

    def onto(self, crash: dict[str, Any]) -> dict[str, Any]:
        """Return a crash with this mark; the crash itself stays as it is."""
        mark = asdict(self)
        if KEY in crash:
            mark[_OWN] = crash[KEY]
        return {**crash, KEY: mark}

    @classmethod
    def off(cls, stored: dict[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Take the mark off a spooled crash; return it, and the crash as it was given.

        What somebody else put into the spool has none: it gets one that is the same each time.
        """
        mark = stored.pop(KEY, None)
        if not isinstance(mark, dict):
            return cls(saved=0, version=""), stored
        if _OWN in mark:
            stored[KEY] = mark[_OWN]
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in mark.items() if name in known}), stored
