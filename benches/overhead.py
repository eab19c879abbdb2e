"""What containers add to their members, in null calls, and what the import takes, in pydantics.

Run by `python -m benches --op overhead`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from itertools import repeat, starmap
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "overhead"
CALLS = 20_000
ROUNDS = 25
IMPORT_ROUNDS = 15
MOST = {
    "poly of one": 10.0,
    "nest five deep": 50.0,
    "socorro_fast": 1.5,
    "a storage": None,
    "all names": None,
}
"""What must not be passed: null calls added, and times the import of pydantic."""

ID = "aabbcccc-0000-4000-8000-000002180601"
CALLED = {
    "save_raw_crash": ({"ProductName": "Firefox"}, {"upload_file_minidump": b"x"}, ID),
    "get_raw_crash": (ID,),
}
IMPORTS = {
    "nothing": "",
    "pydantic": "from pydantic import BaseModel, Field, SecretStr",
    "socorro_fast": "import socorro_fast",
    "a storage": "from socorro_fast import FSDatedRadixTreeStorage",
    "all names": "from socorro_fast import *",
}


def null() -> None:
    pass


def seconds(function: Callable[..., object], args: tuple[Any, ...]) -> float:
    """Return the processor time of a call; the loop round it is C's and costs little."""
    start = process_time()
    deque(starmap(function, repeat(args, CALLS)), maxlen=0)
    return (process_time() - start) / CALLS


def compositions() -> dict[str, Any]:
    """Return a member that does nothing, and containers over it."""
    import socorro_fast as ours  # noqa: PLC0415 - its import is measured elsewhere

    class Member(ours.NullCrashStorage):
        mutates_arguments = False

        def save_raw_crash(self, raw_crash: Any, dumps: Any, crash_id: str) -> None:
            pass

    member = Member()
    deferred = ours.PrimaryDeferredStorage(primary=member, deferred=ours.NullCrashStorage())
    fallback = ours.FallbackCrashStorage(primary=deferred, fallback=ours.NullCrashStorage())
    shards = ours.ShardedCrashStorage(storages=[fallback])
    inner = ours.PolyCrashStorage(storages=[shards])
    return {
        "member": member,
        "poly of one": ours.PolyCrashStorage(storages=[member]),
        "nest five deep": ours.PolyCrashStorage(storages=[inner]),
    }


def containers(operation: str, args: tuple[Any, ...]) -> dict[str, float]:
    """Return how many null calls each container adds.

    Of each, the quickest of many rounds counts: whatever else the machine does only adds.
    """
    made = {name: getattr(each, operation) for name, each in compositions().items()}
    best = dict.fromkeys(["null", *made], float("inf"))
    for _ in range(ROUNDS):
        best["null"] = min(best["null"], seconds(null, ()))
        for name, call in made.items():
            best[name] = min(best[name], seconds(call, args))
    added = {name: best[name] - best["member"] for name in made if name != "member"}
    return {name: time / best["null"] for name, time in added.items()}


def imports() -> dict[str, float]:
    """Return the processor time of each import beside pydantic's, the interpreter's start off."""
    best = dict.fromkeys(IMPORTS, float("inf"))
    for _ in range(IMPORT_ROUNDS):
        for what, code in IMPORTS.items():
            best[what] = min(best[what], _started(code))
    unit = best["pydantic"] - best["nothing"]
    return {what: (best[what] - best["nothing"]) / unit for what in IMPORTS if what in MOST}


def _started(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def measure() -> int:
    """Print everything; return the exit status."""
    missed = 0
    for operation, args in CALLED.items():
        for name, added in containers(operation, args).items():
            missed += _judged(name, operation, added, "null calls more")
    for name, ratio in imports().items():
        missed += _judged(name, "import", ratio, "times pydantic")
    return min(missed, 1)


def _judged(name: str, what: str, value: float, unit: str) -> bool:
    most = MOST[name]
    verdict = "" if most is None else "reached" if value <= most else "missed"
    limit = "" if most is None else f"at most {most:g}"
    print(f"{name:16}{what:16}{value:8.2f} {unit:16}{limit:12}{verdict}", flush=True)
    return verdict == "missed"
