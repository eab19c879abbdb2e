"""The demo itself: save, move, fetch, process; every step measured, every byte compared."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from socorro_fast import FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage
from socorro_fast.base import CrashStorageBase
from socorro_fast.cli.demo.mover import Moved, move_in_second_process
from socorro_fast.cli.demo.place import Place
from socorro_fast.cli.demo.timings import Timings
from socorro_fast.errors import CorruptCrash
from socorro_fast.generator import CrashGenerator, GeneratedCrash

# Crashes are made between the measurements: as many at once as a small machine has memory for.
_BATCH = 100
_PROCESSED_SHARE = 5

_Advance = Callable[[], None]


def run(place: Place, crashes: int, seed: int, threads: int) -> list[Timings]:
    """Run the demo and return what it measured, in the order of the work.

    Raises:
        CorruptCrash: Something came back other than it was saved.
        CrashStorageError: Something failed.
    """
    generator = CrashGenerator(seed)
    with _progress() as progress:
        step = partial(_step, progress)
        with step(f"save, {threads} threads", crashes) as advance:
            saved = _save(place, generator, crashes, threads, advance)
        with step("queue and move, second process", crashes) as advance:
            moved = _move(place, generator, crashes, advance)
        with FSLegacyRadixTreeStorage(fs_root=str(place.archive)) as archive:
            with step("fetch and compare", crashes) as advance:
                fetched = _fetch(archive, generator, crashes, advance)
            processed = -(-crashes // _PROCESSED_SHARE)
            with step("processed crashes", processed) as advance:
                rest = _process(archive, generator, processed, advance)
    return [saved, *moved, *fetched, *rest]


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    )


@contextmanager
def _step(progress: Progress, title: str, total: int) -> Iterator[_Advance]:
    task = progress.add_task(title, total=total)
    yield partial(progress.advance, task)


def _save(
    place: Place, generator: CrashGenerator, crashes: int, threads: int, advance: _Advance
) -> Timings:
    timings = Timings(f"save, {threads} threads")
    with (
        FSDatedRadixTreeStorage(fs_root=str(place.collector)) as collector,
        ThreadPoolExecutor(threads) as pool,
    ):
        for start in range(0, crashes, _BATCH):
            batch = list(generator.crashes(min(_BATCH, crashes - start), start))
            began = time.perf_counter()
            for size in pool.map(partial(_save_one, collector, timings), batch):
                timings.size += size
                advance()
            timings.wall += time.perf_counter() - began
    return timings


def _save_one(collector: CrashStorageBase, timings: Timings, crash: GeneratedCrash) -> int:
    save = partial(collector.save_raw_crash, crash.raw_crash, crash.dumps, crash.crash_id)
    timings.time(save)
    return crash.dump_bytes


def _move(
    place: Place, generator: CrashGenerator, crashes: int, advance: _Advance
) -> tuple[Timings, ...]:
    moved = Moved([], ())
    for message in move_in_second_process(place.collector, place.archive):
        if message is None:
            advance()
        else:
            moved = message
    expected = sorted(crash.crash_id for crash in generator.crashes(crashes))
    _compare(place.collector, "queue", sorted(moved.crash_ids), expected)
    with FSDatedRadixTreeStorage(fs_root=str(place.collector)) as collector:
        _compare(place.collector, "tree after the move", list(collector.list_crashes()), [])
    return moved.timings


def _fetch(
    archive: CrashStorageBase, generator: CrashGenerator, crashes: int, advance: _Advance
) -> tuple[Timings, Timings]:
    raw, dumps = Timings("fetch raw crash"), Timings("fetch dumps")
    for crash in generator.crashes(crashes):
        crash_id = crash.crash_id
        fetched = raw.time(partial(archive.get_raw_crash, crash_id))
        _compare(crash_id, "raw crash", fetched, crash.raw_crash)
        fetched_dumps = dumps.time(partial(archive.get_raw_dumps, crash_id))
        _compare(crash_id, "dumps", fetched_dumps, crash.dumps)
        dumps.size += crash.dump_bytes
        advance()
    return raw, dumps


def _process(
    archive: CrashStorageBase, generator: CrashGenerator, crashes: int, advance: _Advance
) -> tuple[Timings, Timings]:
    save, fetch = Timings("save processed crash"), Timings("fetch processed crash")
    for number, crash in enumerate(generator.crashes(crashes)):
        processed = generator.processed(number, crash.raw_crash)
        save.size += len(json.dumps(processed))
        save.time(partial(archive.save_processed, processed))
        fetched = fetch.time(partial(archive.get_unredacted_processed, crash.crash_id))
        _compare(crash.crash_id, "processed crash", fetched, processed)
        advance()
    fetch.size = save.size
    return save, fetch


def _compare(where: object, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise CorruptCrash(str(where), f"its {what} is not what was saved")
