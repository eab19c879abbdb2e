"""Dumps on their way in and out: by name, as bytes or as files."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from socorro_fast.checks import check_crash_id
from socorro_fast.errors import (
    CrashStorageError,
    InvalidCrash,
    InvalidDumpName,
    StorageIOError,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN_DUMP = "upload_file_minidump"
"""The usual name of the main dump, which None and '' stand for as well."""

_CRASH_ID_LENGTH = 36
_MAX_FILE_NAME = 255

Dump = bytes | memoryview | str
"""One dump as storages get it from `normalise_dumps`: bytes, a flat buffer, or a path."""


class MemoryDumpsMapping(dict[str, bytes]):
    """Dumps held in memory: name -> bytes."""

    def as_memory_dumps_mapping(self) -> Self:
        """Return this mapping itself."""
        return self

    def as_file_dumps_mapping(
        self, crash_id: str, temp_path: str | os.PathLike[str], dump_file_suffix: str
    ) -> FileDumpsMapping:
        """Write each dump to `<temp_path>/<crash_id>.<name>.TEMPORARY<dump_file_suffix>`.

        A file appears complete or not at all, readable by its owner only, and replaces an older
        one of that name. The files are the caller's to remove.

        Raises:
            InvalidCrashID, InvalidDumpName: Not for a file name; nothing was written.
            StorageIOError: A file cannot be written.
        """
        files = {}
        for name, dump in self.items():
            part = check_stored_dump_name(name or MAIN_DUMP)
            if part in files:
                raise InvalidDumpName(f"dump {shown(part)} is given twice")
            files[part] = temporary_path(temp_path, crash_id, part, dump_file_suffix), dump
        for path, dump in files.values():
            with staged_file(path) as file:
                file.write(dump)
        return FileDumpsMapping((name, str(path)) for name, (path, _) in files.items())


class FileDumpsMapping(dict[str, str]):
    """Dumps that lie in files: name -> path."""

    def as_file_dumps_mapping(self, *_args: object, **_kwargs: object) -> Self:
        """Return this mapping itself, whatever the arguments."""
        return self

    def as_memory_dumps_mapping(self) -> MemoryDumpsMapping:
        """Read every file.

        Raises:
            StorageIOError: A file cannot be read.
        """
        return MemoryDumpsMapping((name, read_dump_file(path)) for name, path in self.items())


def check_dump_name(name: object, dump_file_suffix: str = ".dump") -> str:
    """Return `name` if a dump can be saved under it.

    Such a name is one or more printable ASCII characters without '/', does not begin with '.', and
    leaves the file `<crash_id>.<name><dump_file_suffix>` within 255 bytes.

    Raises:
        InvalidDumpName: `name` is not like that.
    """
    if not isinstance(name, str):
        raise InvalidDumpName(f"dump name {shown(name)} is not text")
    if not name or not name.isascii() or not name.isprintable() or "/" in name or name[0] == ".":
        why = "must be printable ASCII without '/' and must not begin with '.'"
        raise InvalidDumpName(f"dump name {shown(name)} {why}")
    room = _MAX_FILE_NAME - _CRASH_ID_LENGTH - len(".") - len(os.fsencode(dump_file_suffix))
    if len(name) > room:
        raise InvalidDumpName(f"dump name {shown(name)} has {len(name)} bytes, {room} are allowed")
    return name


def check_stored_dump_name(name: object) -> str:
    """Return `name` if a dump may have been stored under it, by whatever wrote the store.

    Raises:
        InvalidDumpName: `name` cannot be part of a file name at all.
    """
    if not isinstance(name, str):
        raise InvalidDumpName(f"dump name {shown(name)} is not text")
    if name in (".", "..") or "/" in name or "\0" in name:
        raise InvalidDumpName(f"dump name {shown(name)} cannot be part of a file name")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidDumpName(f"dump name {shown(name)} is not UTF-8 text") from None
    return name


def normalise_dumps(
    dumps: object, dump_field: str = MAIN_DUMP, dump_file_suffix: str = ".dump"
) -> list[tuple[str, Dump]] | None:
    """Return `dumps` as storages take them: checked names, and bytes, a flat buffer or a path each.

    Args:
        dumps: None, or a mapping name -> bytes-like | path.
        dump_field: The name of the main dump; the names None and '' mean it too.
        dump_file_suffix: What the names of dump files end with; it counts for their length.

    Returns:
        None for None, else pairs in the mapping's order. `bytes` come back as they are, another
        buffer as a `memoryview` of bytes, a path as `str`.

    Raises:
        InvalidDumpName: A name cannot be used, or two names mean the same dump.
        InvalidCrash: `dumps` is no mapping, or a value neither bytes-like nor a path.
    """
    if dumps is None:
        return None
    if not isinstance(dumps, Mapping):
        raise InvalidCrash(f"dumps must be None or a mapping, not {type(dumps).__name__}")
    found: dict[str, Dump] = {}
    for key, value in dumps.items():
        name = dump_field if key is None or key == "" else check_dump_name(key, dump_file_suffix)
        if name in found:
            raise InvalidDumpName(f"dump {shown(name)} is given twice, once as {shown(key)}")
        found[name] = _dump(name, value)
    return list(found.items())


def dump_bytes(dump: Dump) -> bytes:
    """Return the bytes of one dump that came from `normalise_dumps`.

    Raises:
        StorageIOError: It is a file, which cannot be read.
    """
    return read_dump_file(dump) if isinstance(dump, str) else bytes(dump)


def read_dump_file(path: str) -> bytes:
    """Return what the file at `path` holds.

    Raises:
        StorageIOError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise StorageIOError.during("read dump file", str(path), error) from error


def check_dump_file(path: str) -> None:
    """Refuse a path that no dump can be read from.

    Raises:
        StorageIOError: It cannot be read, or is no regular file.
    """
    open_dump_file(path).close()


def open_dump_file(path: str) -> IO[bytes]:
    """Open a file for reading; never wait for the other end of a FIFO.

    Raises:
        StorageIOError: It cannot be opened, or is no regular file.
    """
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - the caller closes
    except OSError as error:
        raise StorageIOError.during("read dump file", path, error) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise StorageIOError(errno.EINVAL, "it is no regular file", path, "read dump file")
    return file


def temporary_path(
    temp_path: str | os.PathLike[str], crash_id: str, name: str, dump_file_suffix: str
) -> Path:
    """Return `<temp_path>/<crash_id>.<name>.TEMPORARY<dump_file_suffix>`.

    Raises:
        InvalidCrashID: Not for a file name.
    """
    return Path(temp_path, f"{check_crash_id(crash_id)}.{name}.TEMPORARY{dump_file_suffix}")


@contextmanager
def staged_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it appears at `path`, complete, at the end of the block.

    It is readable by its owner only, and replaces an older one. If the block raises, it is gone.

    Raises:
        StorageIOError: It cannot be written.
    """
    # Renamed from a random name: a link planted at a name that can be guessed is never followed.
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as staged:
            try:
                yield staged
                staged.flush()
                Path(staged.name).replace(path)
            except BaseException:
                Path(staged.name).unlink(missing_ok=True)
                raise
    except CrashStorageError:
        raise
    except OSError as error:
        raise StorageIOError.during("write dump file", str(path), error) from error


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _dump(name: str, value: Any) -> Dump:
    if type(value) is bytes:
        return value
    reader: Callable[[Any], Dump] = _path if isinstance(value, str | os.PathLike) else _flat
    try:
        return reader(value)
    except (TypeError, ValueError, BufferError) as error:
        what = f"dump {shown(name)} must be bytes-like or a path, not {shown(value)}"
        raise InvalidCrash(f"{what}: {error}") from error


def _path(value: str | os.PathLike[str] | os.PathLike[bytes]) -> str:
    if b"\0" in os.fsencode(value):
        raise ValueError("a path has no null character")
    return os.fsdecode(value)


def _flat(value: Any) -> bytes | memoryview:
    view = memoryview(value)
    try:
        return view.cast("B")
    except TypeError:  # not contiguous, or of a format that cast() does not know
        return view.tobytes()
