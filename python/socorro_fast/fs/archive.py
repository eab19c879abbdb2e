"""Tar archives as files: appended to and published whole, scanned and read by extent."""

from __future__ import annotations

import os
import secrets
import stat
import tarfile
import time
from dataclasses import dataclass
from errno import EEXIST, EINVAL
from io import FileIO
from typing import TYPE_CHECKING, NamedTuple

from socorro_fast.errors import CorruptCrash, CrashStorageError, StorageIOError
from socorro_fast.fork_safe import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from socorro_fast.dumps import Dump

KEPT = "socorro_fast.dumps"
"""The pax header of a raw crash that was saved without a word about dumps."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member to append: its name, and what it holds, or the path of a file that holds it."""

    name: str
    content: Dump
    keeps_dumps: bool = False


class Extent(NamedTuple):
    """Where the content of a member is."""

    offset: int
    size: int


class ArchiveWriter:
    """A new archive beside its later place, where `publish` puts it.

    Args:
        path: The later place.

    Raises:
        StorageIOError: Something is there already, or the directory cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        self._size = 0
        self._lock = ForkSafeLock()
        self._owner = os.getpid()
        if os.path.lexists(path):
            raise StorageIOError(EEXIST, os.strerror(EEXIST), str(path), "create archive")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            self._fd = os.open(self._staged, flags, 0o666)
        except OSError as error:
            raise StorageIOError.during("create archive", str(self._staged), error) from error

    def append(self, members: list[NewMember]) -> None:
        """Append all of `members`, or none. Any thread may call.

        Raises:
            StorageIOError: The archive cannot be written, or a file not be read.
            CrashStorageError: The archive belongs to the parent of this process.
        """
        if os.getpid() != self._owner:
            raise CrashStorageError(f"{self._path} is being written by the parent process")
        with self._lock:
            # What a failed append wrote lies behind the end, where the next one writes over it.
            end = self._size
            for member in members:
                end = self._write_member(member, end)
            self._size = end

    def _write_member(self, member: NewMember, at: int) -> int:
        if isinstance(member.content, str):
            return self._write_file(member, member.content, at)
        at = self._write(_header(member, len(member.content)), at)
        return _padded(self._write(member.content, at))

    def _write_file(self, member: NewMember, path: str, at: int) -> int:
        try:
            with _opened(path) as source:
                size = os.fstat(source.fileno()).st_size
                at = self._write(_header(member, size), at)
                end = at + size
                while at < end and (chunk := source.read(min(_CHUNK, end - at))):
                    at = self._write(chunk, at)
        except StorageIOError:
            raise
        except OSError as error:
            raise StorageIOError.during("read dump file", path, error) from error
        if at < end:
            raise CorruptCrash(path, f"it became {end - at} bytes shorter while it was read")
        return _padded(end)

    def _write(self, data: bytes | memoryview, at: int) -> int:
        left = memoryview(data)
        try:
            while left:
                written = os.pwrite(self._fd, left, at)
                at += written
                left = left[written:]
        except OSError as error:
            raise StorageIOError.during("write archive", str(self._staged), error) from error
        return at

    def publish(self) -> None:
        """End the archive, sync it, and give it its name; in a child of a fork, let go of it.

        Raises:
            StorageIOError: That is impossible, or the name is taken; the file stays where it is.
        """
        try:
            if os.getpid() == self._owner:
                self._publish()
        except OSError as error:
            action = f"publish {self._staged} as"
            raise StorageIOError.during(action, str(self._path), error) from error
        finally:
            os.close(self._fd)

    def _publish(self) -> None:
        records = -(-(self._size + 2 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE)
        os.ftruncate(self._fd, self._size)
        os.ftruncate(self._fd, records * tarfile.RECORDSIZE)
        os.fsync(self._fd)
        # Unlike a rename, a link never replaces what somebody put there meanwhile.
        os.link(self._staged, self._path)
        self._staged.unlink()
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class ArchiveReader:
    """An archive to read. Any thread may read, and a child of a fork.

    Raises:
        StorageIOError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._size = os.fstat(self._fd).st_size
        except OSError as error:
            raise StorageIOError.during("open archive", str(path), error) from error

    def scan(self) -> Iterator[tarfile.TarInfo]:
        """Yield the members in their order; one that is cut, see `is_cut`, is the last.

        Raises:
            CorruptCrash: It is no archive, compressed, or it ends early: after what was whole.
            StorageIOError: It cannot be read.
        """
        try:
            with (
                os.fdopen(os.dup(self._fd), "rb") as file,
                tarfile.open(fileobj=file, mode="r:") as archive,
            ):
                while (member := archive.next()) is not None:
                    archive.members.clear()  # type: ignore[attr-defined] # it would grow with the archive
                    yield member
                    self._check_member(member)
                self._check_end(archive.offset)
        except (tarfile.TarError, ValueError, OverflowError) as error:
            # tarfile lets out what the numbers in a made-up header do to Python.
            raise CorruptCrash(str(self._path), str(error)) from error
        except OSError as error:
            raise StorageIOError.during("read archive", str(self._path), error) from error

    def is_cut(self, member: tarfile.TarInfo) -> bool:
        """Return whether a member has a size that its archive does not hold."""
        return member.size < 0 or (member.isreg() and member.offset_data + member.size > self._size)

    def _check_member(self, member: tarfile.TarInfo) -> None:
        # A size that is not so would send tarfile backwards, for ever.
        if self.is_cut(member) and not member.issparse():
            raise tarfile.ReadError(f"the size of {member.name!r} cannot be {member.size}")

    def _check_end(self, at: int) -> None:
        # tarfile takes half a header, a damaged one, and none at all for the end, too.
        block = os.pread(self._fd, tarfile.BLOCKSIZE, at)
        if len(block) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError(f"it ends early, at {at}: there is no end of the archive")
        if any(block):
            raise tarfile.ReadError(f"there is no header at {at}")

    def read(self, extent: Extent) -> bytes:
        """Return what is at `extent`.

        Raises:
            CorruptCrash: The archive ends before it.
            StorageIOError: It cannot be read.
        """
        parts, left = [], extent.size
        try:
            while left and (part := os.pread(self._fd, left, extent.offset + extent.size - left)):
                parts.append(part)
                left -= len(part)
        except OSError as error:
            raise StorageIOError.during("read archive", str(self._path), error) from error
        if left:
            raise CorruptCrash(str(self._path), f"it ends {left} bytes early")
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _opened(path: str) -> FileIO:
    # Not blocking: opening a pipe would wait for a writer, perhaps for ever.
    file = FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise StorageIOError(EINVAL, "not a regular file", path, "read dump file")
    return file


def _header(member: NewMember, size: int) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size = size
    info.mtime = int(time.time())
    if member.keeps_dumps:
        info.pax_headers = {KEPT: "kept"}
    return info.tobuf(tarfile.PAX_FORMAT)


def _padded(end: int) -> int:
    return -(-end // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
