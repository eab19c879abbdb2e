"""Where the demo's stores lie, and whether there is room for them."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from socorro_fast.cli.failures import complain
from socorro_fast.errors import ConfigurationError, StorageIOError, StorageUnavailable
from socorro_fast.generator.crash import MEAN_CRASH_BYTES

_MARK = "made-by-socorro-fast-demo"
_MEGABYTE = 1_000_000
# Room for file system blocks, processed crashes and sizes that stray from the mean.
_MARGIN = 1.3


@dataclass(frozen=True, slots=True)
class Place:
    """The directories of one demo.

    Attributes:
        directory: What holds the two stores.
    """

    directory: Path

    @property
    def collector(self) -> Path:
        """The root of the dated tree that the savers fill."""
        return self.directory / "collector"

    @property
    def archive(self) -> Path:
        """The root of the permanent store."""
        return self.directory / "archive"


def prepare(asked: Path | None, default: Path, crashes: int, seed: int) -> Place:
    """Return an empty place with room for `crashes`; what an earlier demo left there goes.

    Args:
        asked: The directory the user named, if any.
        default: The directory otherwise; where it cannot be made, a temporary one.
        crashes: How many crashes it must hold.
        seed: What to note in the directory.

    Raises:
        ConfigurationError: The directory holds something that is not a demo's.
        StorageIOError: The directory cannot be made.
        StorageUnavailable: There is not enough free space.
    """
    place = Place(asked or _writable(default))
    try:
        _clear(place)
        place.directory.mkdir(parents=True, exist_ok=True)
        (place.directory / _MARK).write_text(f"crashes {crashes}, seed {seed}\n")
        free = shutil.disk_usage(place.directory).free
    except OSError as error:
        why = error.strerror or str(error)
        where = str(place.directory)
        raise StorageIOError(error.errno or 0, why, where, "prepare directory") from error
    _check_room(place, free, crashes)
    return place


def _writable(default: Path) -> Path:
    if os.access(default if default.exists() else default.absolute().parent, os.W_OK):
        return default
    directory = Path(tempfile.mkdtemp(prefix="socorro-fast-demo-"))
    complain(f"cannot write to {str(default.absolute())!r}: using {str(directory)!r} instead")
    return directory


def _clear(place: Place) -> None:
    if not place.directory.exists() or not any(place.directory.iterdir()):
        return
    if not (place.directory / _MARK).exists():
        raise ConfigurationError(f"{str(place.directory)!r} holds files that no demo put there")
    complain(f"replacing the crashes of the demo before in {str(place.directory)!r}")
    for store in (place.collector, place.archive):
        if store.exists():
            shutil.rmtree(store)


def _check_room(place: Place, free: int, crashes: int) -> None:
    needed = int(crashes * MEAN_CRASH_BYTES * _MARGIN)
    if free < needed:
        raise StorageUnavailable(
            f"{crashes} crashes need {needed // _MEGABYTE} MB in {str(place.directory)!r}, "
            f"which has {free // _MEGABYTE} MB free: choose fewer with --crashes",
            retryable=False,
        )
