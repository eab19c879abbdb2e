"""Crashes by number: the same seed, day and number give the same crash."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from socorro_fast.crash_id import crash_id_from_uuid
from socorro_fast.dumps import MemoryDumpsMapping
from socorro_fast.generator.annotations import make_annotations
from socorro_fast.generator.dumps import DumpMaker
from socorro_fast.generator.processed import ProcessedMaker

MEAN_CRASH_BYTES = 420_000
"""What a crash weighs on average, dumps included: to foresee the room that many need."""


@dataclass(frozen=True, slots=True)
class GeneratedCrash:
    """One crash as a collector receives it.

    Attributes:
        crash_id: Its ID.
        raw_crash: Its annotations.
        dumps: Its dumps by name, in memory.
    """

    crash_id: str
    raw_crash: dict[str, Any]
    dumps: MemoryDumpsMapping

    @property
    def dump_bytes(self) -> int:
        """The size of all dumps together, in bytes."""
        return sum(len(dump) for dump in self.dumps.values())


class CrashGenerator:
    """Makes crashes by number.

    Args:
        seed: Any integer; another seed gives other crashes.
        day: The newest UTC day of a submission, today if not given.
        days: Over how many days, `day` the last of them, the crashes are spread.
    """

    def __init__(self, seed: int = 0, *, day: dt.date | None = None, days: int = 1) -> None:
        self._seed = seed
        self._day = day or dt.datetime.now(dt.UTC).date()
        self._days = days
        self._dumps = DumpMaker(seed)
        self._processed = ProcessedMaker(seed)

    def crash(self, number: int) -> GeneratedCrash:
        """Return crash `number`."""
        rng = self._rng("crash", number)
        day = self._day - dt.timedelta(days=rng.randrange(self._days))
        uuid = UUID(int=rng.getrandbits(128), version=4)
        crash_id = crash_id_from_uuid(uuid, date=day, depth=2)
        raw_crash = make_annotations(rng, crash_id, day)
        return GeneratedCrash(crash_id, raw_crash, self._dumps.make(rng))

    def crashes(self, count: int, start: int = 0) -> Iterator[GeneratedCrash]:
        """Yield `count` crashes from number `start` on."""
        return (self.crash(number) for number in range(start, start + count))

    def processed(self, number: int, raw_crash: dict[str, Any]) -> dict[str, Any]:
        """Return the processed crash of crash `number`, whose raw crash is `raw_crash`."""
        return self._processed.make(self._rng("processed", number), raw_crash)

    def _rng(self, kind: str, number: int) -> Random:
        return Random(f"{kind} {self._seed} {number}")
