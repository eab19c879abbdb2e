"""The second process of the demo: takes crashes from the queue into the permanent store."""

import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from socorro_fast import FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage
from socorro_fast.base import CrashStorageBase
from socorro_fast.cli.demo.timings import Timings
from socorro_fast.dumps import FileDumpsMapping
from socorro_fast.errors import CrashStorageError, StorageUnavailable


@dataclass(frozen=True, slots=True)
class Moved:
    """What the mover reports at its end.

    Attributes:
        crash_ids: The crashes it was handed, in order.
        timings: How long its operations took.
    """

    crash_ids: list[str]
    timings: tuple[Timings, ...]


def move_in_second_process(collector: Path, archive: Path) -> Iterator[Moved | None]:
    """Yield None for each crash moved, then the report.

    Raises:
        CrashStorageError: What stopped the mover.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_main, args=(collector, archive, theirs))
    # Ctrl-C reaches both processes: the second ends when it finds the pipe closed.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, handler)
    theirs.close()
    try:
        yield from _messages(ours)
    finally:
        ours.close()
        process.join()


def _messages(connection: Connection) -> Iterator[Moved | None]:
    while True:
        try:
            message = connection.recv()
        except EOFError:
            raise StorageUnavailable("the mover died", retryable=False) from None
        if isinstance(message, CrashStorageError):
            raise message
        yield message
        if message is not None:
            return


def _main(collector: Path, archive: Path, connection: Connection) -> None:
    try:
        with (
            FSDatedRadixTreeStorage(fs_root=str(collector)) as source,
            FSLegacyRadixTreeStorage(fs_root=str(archive)) as destination,
        ):
            connection.send(_move_all(source, destination, connection))
    except CrashStorageError as error:
        connection.send(error)
    except BrokenPipeError:
        pass  # the demo was interrupted, and says so itself


def _move_all(
    source: CrashStorageBase, destination: CrashStorageBase, connection: Connection
) -> Moved:
    queue = Timings("take from the queue, ack")
    save = Timings("copy to permanent store")
    remove = Timings("remove from dated tree")
    crash_ids = []
    new_crashes = source.new_crashes()
    while (crash_id := queue.time(partial(next, new_crashes, None))) is not None:
        save.size += save.time(partial(_copy, source, destination, crash_id))
        queue.seconds[-1] += _seconds(partial(source.ack_crash, crash_id))
        remove.time(partial(source.remove, crash_id))
        crash_ids.append(crash_id)
        connection.send(None)
    queue.seconds.pop()  # the look that found nothing more
    return Moved(crash_ids, (queue, save, remove))


def _seconds(call: partial[str]) -> float:
    timings = Timings("")
    timings.time(call)
    return timings.elapsed


def _copy(source: CrashStorageBase, destination: CrashStorageBase, crash_id: str) -> int:
    dumps = source.get_raw_dumps_as_files(crash_id)
    destination.save_raw_crash(source.get_raw_crash(crash_id), dumps, crash_id)
    return _size(dumps)


def _size(dumps: FileDumpsMapping) -> int:
    return sum(Path(path).stat().st_size for path in dumps.values())
