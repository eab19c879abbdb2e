"""The original's storages without a queue; see `benches.classic`."""

# ruff: noqa: PTH103, PTH108, PTH110, PTH118, PTH123, PTH208 - it makes the os module's calls

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import json
import logging
import os
import shutil
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger(__name__)


class CrashIDNotFound(Exception):  # noqa: N818 - the original's name
    """What the original raises; bare, without the ID."""


class DotDict(dict[str, Any]):
    """What the original makes of every JSON object it reads."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@contextlib.contextmanager
def using_umask(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    yield
    os.umask(before)  # 7: not reached after an exception


def date_and_depth(crash_id: str, zero_depth: int = 4) -> tuple[dt.datetime | None, int | None]:
    """Return day and depth; (None, None) if either cannot be read."""
    try:
        year, month, day = (int(crash_id[-6:][at : at + 2]) for at in (0, 2, 4))
        date = dt.datetime(2000 + year, month, day, tzinfo=dt.UTC)
        return date, int(crash_id[-7]) or zero_depth
    except (ValueError, IndexError):
        return None, None


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class FSRadixTreeStorage:
    """`<date>/name/<radix>/<crash_id>/<files>`; options it does not know are ignored."""

    zero_depth: ClassVar[int] = 4

    def __init__(
        self,
        *,
        fs_root: str = "./crashes",
        umask: int = 0o022,
        json_file_suffix: str = ".json",
        jsonz_file_suffix: str = ".jsonz",
        dump_file_suffix: str = ".dump",
        dump_field: str = "upload_file_minidump",
        name_branch_base: str = "name",
        date_branch_base: str = "date",
        minute_slice_interval: int = 4,
        now: Callable[[], dt.datetime] = utc_now,
        **_ignored: object,
    ) -> None:
        self.fs_root = os.fspath(fs_root).rstrip("/")
        self.umask = umask
        self.json_file_suffix = json_file_suffix
        self.jsonz_file_suffix = jsonz_file_suffix
        self.dump_file_suffix = dump_file_suffix
        self.dump_field = dump_field
        self.name_branch_base = name_branch_base
        self.date_branch_base = date_branch_base
        self.minute_slice_interval = minute_slice_interval
        self.now = now
        try:
            with using_umask(umask):
                os.makedirs(self.fs_root)
        except OSError:  # 7: the usual case, and the umask stays changed
            logger.info("%s exists", self.fs_root)

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, bytes] | None, crash_id: str
    ) -> None:
        files = {crash_id + self.json_file_suffix: json.dumps(raw_crash).encode()}
        for name, dump in (dumps or {}).items():
            files[self._dump_file_name(crash_id, name)] = dump  # 5: two names, one file
        self._save_files(crash_id, files)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        crash_id = processed_crash["uuid"]
        text = json.dumps(dict(processed_crash), default=dt.datetime.isoformat)
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as out:
            out.write(text.encode())
        self._save_files(crash_id, {crash_id + self.jsonz_file_suffix: buffer.getvalue()})

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, bytes] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        self.save_raw_crash(raw_crash, dumps, crash_id)  # 17: queues it again
        self.save_processed(processed_crash)

    def get_raw_crash(self, crash_id: str) -> DotDict:
        parent = self._existing_parent(crash_id)
        # 21: a missing file in an existing directory is an OSError
        with open(os.sep.join([parent, crash_id + self.json_file_suffix]), "rb") as file:
            raw_crash: DotDict = json.loads(file.read(), object_hook=DotDict)
            return raw_crash

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        parent = self._existing_parent(crash_id)
        with open(os.sep.join([parent, self._dump_file_name(crash_id, name)]), "rb") as file:
            return file.read()

    def get_raw_dumps_as_files(self, crash_id: str) -> dict[str, str]:
        parent = self._existing_parent(crash_id)
        return {
            self._dump_name(crash_id, name): os.sep.join([parent, name])
            for name in os.listdir(parent)
            if name.startswith(crash_id) and name.endswith(self.dump_file_suffix)
        }

    def get_raw_dumps(self, crash_id: str) -> dict[str, bytes]:
        dumps = {}
        for name, path in self.get_raw_dumps_as_files(crash_id).items():
            with open(path, "rb") as file:
                dumps[name] = file.read()
        return dumps

    def get_unredacted_processed(self, crash_id: str) -> DotDict:
        path = os.sep.join([self._parent(crash_id), crash_id + self.jsonz_file_suffix])
        if not os.path.exists(path):
            raise CrashIDNotFound
        with gzip.open(path, "rb") as file:
            processed_crash: DotDict = json.loads(file.read(), object_hook=DotDict)
            return processed_crash

    get_processed = get_unredacted_processed

    def remove(self, crash_id: str) -> None:
        shutil.rmtree(self._existing_parent(crash_id))

    def new_crashes(self) -> Iterator[str]:
        return iter(())

    def ack_crash(self, crash_id: str) -> str:
        return crash_id

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    def _save_files(self, crash_id: str, files: Mapping[str, bytes]) -> None:
        parent = self._parent(crash_id)
        with using_umask(self.umask):
            with contextlib.suppress(OSError):  # 9: whatever it was
                os.makedirs(parent)
            for name, data in files.items():  # 6: in place, the JSON first
                with open(os.sep.join([parent, name]), "wb") as file:
                    file.write(data)

    def _base(self, crash_id: str) -> list[str]:
        date, _ = date_and_depth(crash_id, self.zero_depth)
        return [self.fs_root, self._date_name(date or self.now())]

    def _date_name(self, date: dt.datetime) -> str:
        return f"{date.year:04}{date.month:02}{date.day:02}"

    def _radix(self, crash_id: str) -> list[str]:
        _, depth = date_and_depth(crash_id, self.zero_depth)
        return [crash_id[i * 2 : (i + 1) * 2] for i in range(depth)]  # type: ignore[arg-type] # 2

    def _parent(self, crash_id: str) -> str:
        # 3: nothing has looked at the crash ID, nor at dump names (4)
        steps = [*self._base(crash_id), self.name_branch_base, *self._radix(crash_id)]
        return os.sep.join([*steps, *self._own_directory(crash_id)])

    def _own_directory(self, crash_id: str) -> list[str]:
        return [crash_id]

    def _existing_parent(self, crash_id: str) -> str:
        parent = self._parent(crash_id)
        if not os.path.exists(parent):
            raise CrashIDNotFound
        return parent

    def _dump_file_name(self, crash_id: str, name: str | None) -> str:
        if not name or name == self.dump_field:
            return crash_id + self.dump_file_suffix
        return f"{crash_id}.{name}{self.dump_file_suffix}"

    def _dump_name(self, crash_id: str, file_name: str) -> str:
        end = len(file_name) - len(self.dump_file_suffix)
        return file_name[len(crash_id) + 1 : end] or self.dump_field


class FSLegacyRadixTreeStorage(FSRadixTreeStorage):
    """`<date>/name/<radix>/<files>`: crashes share directories."""

    def remove(self, crash_id: str) -> None:
        parent = self._existing_parent(crash_id)
        # 22: neither the processed crash nor the back link, and '.json' whatever the option says
        paths = [os.sep.join([parent, crash_id + ".json"])]
        paths += self.get_raw_dumps_as_files(crash_id).values()
        for path in paths:
            try:
                os.unlink(path)
            except OSError:
                logger.exception("could not delete %s", path)

    def _own_directory(self, _crash_id: str) -> list[str]:
        return []


class FSPermanentStorage(FSLegacyRadixTreeStorage):
    """Today's Socorro: the legacy layout, and depth 0 means 0 (2)."""

    zero_depth: ClassVar[int] = 0

    def remove(self, crash_id: str) -> None:
        shutil.rmtree(self._existing_parent(crash_id))  # 1: the neighbours too
