"""The objects of one crash: in which order they are written and removed, and what is read."""

from __future__ import annotations

import json
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar

from socorro_fast.dumps import check_stored_dump_name
from socorro_fast.errors import CorruptCrash, CrashIDNotFound, InvalidDumpName
from socorro_fast.s3.gone import gone, noted
from socorro_fast.s3.key_builders import DUMP_NAMES, MAIN, PROCESSED_CRASH, RAW_CRASH
from socorro_fast.s3.together import together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from socorro_fast.dumps import Dump
    from socorro_fast.s3.connection import S3Connection
    from socorro_fast.s3.keys import Keys
    from socorro_fast.s3.options import S3Options

_T = TypeVar("_T")


class CrashParts:
    """The objects of one crash in a bucket.

    The raw crash says whether there is a crash: it is written last and removed first. Of the dumps,
    those count that `dump_names` lists; it lists none before it is there, and any as long as it is.
    What the raw crash has left behind does not count, listed or not: that is noted on its object.

    Args:
        connection: To the bucket.
        keys: Of the storage.
        crash_id: Which crash.
        options: Of the storage.
    """

    def __init__(
        self, connection: S3Connection, keys: Keys, crash_id: str, options: S3Options
    ) -> None:
        self._connection = connection
        self._crash_id = crash_id
        self._options = options
        self.keys = partial(keys.of, crash_id=crash_id)
        self.dump_keys = partial(keys.of_dump, crash_id=crash_id)

    def save_raw(self, raw_crash: bytes, dumps: dict[str, Dump] | None) -> None:
        """Save a raw crash and its dumps; None leaves the dumps of a crash that is there."""
        noted_on_it = self._noted_on_raw() if dumps is None else None
        if noted_on_it is None:
            self._save_with_dumps(raw_crash, dumps or {})
        else:
            self._put_raw(raw_crash, noted_on_it)

    def _save_with_dumps(self, raw_crash: bytes, dumps: dict[str, Dump]) -> None:
        put = self._connection.put
        puts = [partial(put, self.dump_keys(name)[0], dump) for name, dump in dumps.items()]
        old: list[str] | None
        old, *_ = self._together([self.names, *puts])
        stale = set(old or ()).difference(dumps)
        noted_on_it = None if old is None else self._noted_on_raw()
        if stale and noted_on_it is None:
            # What a save left that did not come to its end: it must not show now.
            self._delete_dumps(stale)
            stale.clear()
        # These may be there, and listed, for as long as this one has not come to its end.
        left = stale.union(gone(noted_on_it)).difference(dumps)
        self._put_names(old, stale.union(dumps))
        self._put_raw(raw_crash, noted(left))
        if stale:
            self._put_names(None, dumps)
        self._delete_dumps(left)

    def _put_raw(self, raw_crash: bytes, metadata: dict[str, str]) -> None:
        self._connection.put(self.keys(RAW_CRASH)[0], raw_crash, metadata)

    def put(self, thing: str, data: bytes) -> None:
        """Write one thing of the crash."""
        self._connection.put(self.keys(thing)[0], data)

    def get(self, thing: str, kind: str) -> bytes:
        """Return one thing of the crash, which an error calls `kind`.

        Raises:
            CrashIDNotFound: It is not there.
        """
        data = self._connection.get(self.keys(thing))
        if data is None:
            raise self.not_found(kind)
        return data

    def get_dump(self, name: str) -> bytes | None:
        """Return a dump, listed or not."""
        return self._connection.get(self.dump_keys(name))

    def get_dump_into(self, name: str, file: IO[bytes]) -> None:
        """Write a dump, listed or not, into a file.

        Raises:
            CrashIDNotFound: It is not there.
        """
        if not self._connection.get_into(self.dump_keys(name), file):
            raise self.not_found(f"dump {name!r}")

    def has_raw(self) -> bool:
        """Return whether there is a raw crash."""
        return self._noted_on_raw() is not None

    def _noted_on_raw(self) -> dict[str, str] | None:
        """Return what is noted on the raw crash; None where there is none."""
        return self._connection.metadata(self.keys(RAW_CRASH))

    def names(self) -> list[str] | None:
        """Return the names of the dumps; None where there is no such list.

        Raises:
            CorruptCrash: The list is none.
        """
        data = self._connection.get(self.keys(DUMP_NAMES))
        if data is None:
            return None
        main = self._options.dump_field
        names = [name or main for name in self._parsed(data)]
        if MAIN in names and main not in names and not self._connection.has(self.dump_keys(MAIN)):
            # The original called the main dump so when it had read it, and again when it saved it.
            names[names.index(MAIN)] = main
        return names

    def _parsed(self, data: bytes) -> list[str | None]:
        try:
            names = json.loads(data)
        except ValueError as error:
            raise self.corrupt(self.keys(DUMP_NAMES)[0], str(error)) from error
        if isinstance(names, list) and all(_is_name(name) for name in names):
            return names
        raise self.corrupt(self.keys(DUMP_NAMES)[0], "it is no list of names")

    def all_dumps(self, fetch: Callable[[str], _T | None]) -> dict[str, _T]:
        """Return what `fetch` returns for each dump.

        Raises:
            CrashIDNotFound: There is no raw crash.
            CorruptCrash: A dump that is listed is not there.
        """
        while True:
            names = self._listed()
            if names is None:
                raise self.not_found("crash")
            found = self._together([partial(fetch, name) for name in names])
            lost = [name for name, dump in zip(names, found, strict=True) if dump is None]
            if not lost:
                return {n: dump for n, dump in zip(names, found, strict=True) if dump is not None}
            self._check_lost(lost, names)

    def named_dumps(self, names: Sequence[str], fetch: Callable[[str], _T | None]) -> dict[str, _T]:
        """Return what `fetch` returns for each of these dumps.

        Raises:
            CrashIDNotFound: There is no raw crash, or no such dump.
            CorruptCrash: A dump that is listed is not there.
        """
        listed, *found = self._together([self._listed, *(partial(fetch, name) for name in names)])
        dumps: dict[str, _T] = {}
        for name, dump in zip(names, found, strict=True):
            if name not in (listed or ()):
                raise self.not_found(f"dump {name!r}")
            if dump is None:
                self._check_lost([name], listed)
                raise self.not_found(f"dump {name!r}")
            dumps[name] = dump
        return dumps

    def _listed(self) -> list[str] | None:
        """Return the names of the dumps; None where there is no raw crash."""
        noted_on_it, names = self._together([self._noted_on_raw, self.names])
        if noted_on_it is None:
            return None
        left = gone(noted_on_it)
        return [name for name in names or () if name not in left]

    def _check_lost(self, lost: list[str], listed: list[str]) -> None:
        """Tell a crash that is being replaced or removed from one that is damaged."""
        if self._listed() == listed:
            why = "dump_names lists it, but it is not there"
            raise self.corrupt(self.dump_keys(lost[0])[0], why)

    def remove(self) -> None:
        """Remove the crash: what shows it first, what lists its dumps last.

        Raises:
            CrashIDNotFound: There is nothing of it.
        """
        has_processed = partial(self._connection.has, self.keys(PROCESSED_CRASH))
        calls: list[Callable[[], Any]] = [self.names, self._noted_on_raw, has_processed]
        names, noted_on_it, is_processed = self._together(calls)
        if names is None and noted_on_it is None and not is_processed:
            raise self.not_found("crash")
        left = gone(noted_on_it)
        if left.difference(names or ()):
            self._put_names(names, left.union(names or ()))
        self._delete(self.keys(RAW_CRASH))
        dumps = {self._options.dump_field, *(names or ()), *left}
        self._delete_dumps(dumps, self.keys(PROCESSED_CRASH))
        self._delete(self.keys(DUMP_NAMES))

    def remove_thing(self, thing: str) -> None:
        """Remove one thing that is a crash of its own.

        Raises:
            CrashIDNotFound: It is not there.
        """
        if not self._connection.has(self.keys(thing)):
            raise self.not_found("crash")
        self._delete(self.keys(thing))

    def not_found(self, kind: str) -> CrashIDNotFound:
        """Return the error that something is not there."""
        return CrashIDNotFound(self._crash_id, kind, self._connection.place)

    def corrupt(self, key: str, why: str) -> CorruptCrash:
        """Return the error that an object is damaged."""
        return CorruptCrash(f"{key!r} in {self._connection.place}", why)

    def _put_names(self, old: list[str] | None, names: Iterable[str]) -> None:
        new = sorted(names)
        if new != old:
            self.put(DUMP_NAMES, json.dumps(new).encode())

    def _delete_dumps(self, names: Iterable[str], others: Iterable[str] = ()) -> None:
        self._delete([*others, *(key for name in names for key in self.dump_keys(name))])

    def _delete(self, keys: list[str]) -> None:
        self._together([partial(self._connection.delete, key) for key in keys])

    def _together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        return together(calls, self._options.parallel_transfers)


def _is_name(name: object) -> bool:
    """Return whether a dump may be listed so; the main one has no name, at times."""
    try:
        return name is None or check_stored_dump_name(name) == name
    except InvalidDumpName:
        return False
