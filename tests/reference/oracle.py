"""The radix storages, slow and obvious: every operation looks at the disk anew and trusts nothing.

One process, one thread, no crash half-way: what the real ones do against those is not its subject.
"""

import datetime as dt
import gzip
import json
import os
import re
from pathlib import Path

import orjson

from socorro_fast.errors import CrashIDNotFound, InvalidCrash, InvalidCrashID, InvalidDumpName

CODECS = {
    "json": lambda value: json.dumps(value).encode(),
    "orjson": orjson.dumps,
}


class Reference:
    """One tree.

    Args:
        fs_root: Its root; made if missing.
        class_name: The storage that it is to be like.
        now: Returns the time that slots are chosen by, aware.
        codec, umask, zero_depth and the rest: As the options of the storages.
    """

    def __init__(
        self,
        *,
        fs_root,
        class_name,
        now,
        codec="orjson",
        umask=0o022,
        zero_depth=4,
        json_file_suffix=".json",
        jsonz_file_suffix=".jsonz",
        dump_file_suffix=".dump",
        dump_field="upload_file_minidump",
        name_branch_base="name",
        date_branch_base="date",
        minute_slice_interval=4,
    ):
        self.root = Path(fs_root)
        self.legacy = "Legacy" in class_name or class_name == "FSTemporaryStorage"
        self.dated = "Dated" in class_name or class_name == "FSTemporaryStorage"
        self.day_of_month = class_name == "FSTemporaryStorage"
        self.now = now
        self.encode = CODECS[codec]
        self.umask = umask
        self.zero_depth = zero_depth
        self.json_suffix = json_file_suffix
        self.jsonz_suffix = jsonz_file_suffix
        self.dump_suffix = dump_file_suffix
        self.dump_field = dump_field
        self.name = name_branch_base
        self.date = date_branch_base
        self.slice_seconds = minute_slice_interval
        self._make_directory(self.root)

    # Saving

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self._save_raw(raw_crash, dumps, crash_id)
        if self.dated and not self._is_queued(crash_id):
            self._queue(crash_id)

    def save_processed(self, processed_crash):
        crash_id = self._id_of(processed_crash)
        path = self._file(crash_id, self.jsonz_suffix)
        self._write(path, gzip.compress(self.encode(processed_crash)))

    def save_raw_and_processed(self, raw_crash, dumps, processed_crash, crash_id):
        if self._id_of(processed_crash) != crash_id:
            raise InvalidCrash("another crash")
        self._save_raw(raw_crash, dumps, crash_id)
        self.save_processed(processed_crash)

    # Getting

    def get_raw_crash(self, crash_id):
        return json.loads(self.get_raw_crash_bytes(crash_id))

    def get_raw_crash_bytes(self, crash_id):
        return self._read(crash_id, self.json_suffix, "raw crash")

    def get_raw_dump(self, crash_id, name=None):
        (dump,) = self.get_raw_dumps(crash_id, [name]).values()
        return dump

    def get_raw_dumps(self, crash_id, names=None):
        wanted = None if names is None else [self._asked_name(name) for name in names]
        self.get_raw_crash_bytes(crash_id)
        found = {name: path.read_bytes() for name, path in self._dumps(crash_id).items()}
        for name in wanted or ():
            if name not in found:
                raise CrashIDNotFound(crash_id, f"dump {name!r}", str(self.root))
        return {name: found[name] for name in (found if wanted is None else wanted)}

    def get_unredacted_processed(self, crash_id):
        return json.loads(self.get_unredacted_processed_bytes(crash_id))

    def get_unredacted_processed_bytes(self, crash_id):
        return gzip.decompress(self._read(crash_id, self.jsonz_suffix, "processed crash"))

    def list_crashes(self, date=None):
        found = [path.name.removesuffix(self.json_suffix) for path in self._raw_crashes()]
        dated = sorted((date_of(crash_id), crash_id) for crash_id in found)
        return iter([crash_id for day, crash_id in dated if date in (None, day)])

    # Removing

    def remove(self, crash_id):
        files = self._files(crash_id)
        if not files:
            raise CrashIDNotFound(crash_id, "crash", str(self.root))
        self.ack_crash(crash_id)
        for path in files:
            path.unlink(missing_ok=True)  # The back link went with the acknowledgement.
        self._prune(self._directory(crash_id))

    # The queue

    def new_crashes(self):
        return iter([crash_id for _, crash_id in sorted(self._queued())])

    def ack_crash(self, crash_id):
        if self._is_queued(crash_id):
            self._slot_of(crash_id).joinpath(crash_id).unlink()
            self._back_link(crash_id).unlink()
        return crash_id

    def release_crash(self, crash_id):
        return check_crash_id(crash_id)

    # Places

    def _day(self, crash_id):
        date = date_of(crash_id)
        return self.root / (f"{date:%d}" if self.day_of_month else f"{date:%Y%m%d}")

    def _radix(self, crash_id):
        depth = int(crash_id[29]) or self.zero_depth
        return [crash_id[2 * step : 2 * step + 2] for step in range(depth)]

    def _directory(self, crash_id):
        own = [] if self.legacy else [crash_id]
        return self._day(crash_id).joinpath(self.name, *self._radix(crash_id), *own)

    def _file(self, crash_id, end):
        return self._directory(crash_id) / (crash_id + end)

    def _dump_file(self, crash_id, name):
        middle = "" if name == self.dump_field else f".{name}"
        return self._file(crash_id, middle + self.dump_suffix)

    def _back_link(self, crash_id):
        return self._directory(crash_id) / (crash_id if self.legacy else "date_root")

    def _slot_of(self, crash_id):
        link = self._back_link(crash_id)
        return Path(os.path.normpath(link.parent / link.readlink()))

    # Steps

    def _save_raw(self, raw_crash, dumps, crash_id):
        check_crash_id(crash_id)
        checked = None if dumps is None else self._checked(dumps)
        if not isinstance(raw_crash, dict):
            raise InvalidCrash("no dict")
        for name in self._dumps(crash_id):
            if checked is not None and name not in checked:
                self._dump_file(crash_id, name).unlink()
        for name, dump in (checked or {}).items():
            self._write(self._dump_file(crash_id, name), dump)
        self._write(self._file(crash_id, self.json_suffix), self.encode(raw_crash))

    def _queue(self, crash_id):
        now = self.now().astimezone(dt.UTC)
        names = [f"{now:%H}", f"{now:%M}_{now.second // self.slice_seconds}"]
        slot = self._day(crash_id).joinpath(self.date, *names)
        self._make_directory(slot)
        back_link = self._back_link(crash_id)
        back_link.symlink_to(os.path.relpath(slot, back_link.parent))
        slot.joinpath(crash_id).symlink_to(os.path.relpath(self._directory(crash_id), slot))

    def _is_queued(self, crash_id):
        return self.dated and self._back_link(crash_id).is_symlink()

    def _queued(self):
        for link in self.root.glob(f"*/{self.date}/*/*/*"):
            hour, minute_and_slice = link.parent.parent.name, link.parent.name
            minute, part = minute_and_slice.split("_")
            day = link.parents[3].name
            yield (day, int(hour), int(minute), int(part), link.name), link.name

    def _files(self, crash_id):
        check_crash_id(crash_id)
        directory = self._directory(crash_id)
        if not directory.is_dir():
            return []
        if not self.legacy:
            return list(directory.iterdir())
        return [path for path in directory.iterdir() if path.name.startswith(crash_id)]

    def _dumps(self, crash_id):
        dumps = {}
        for path in self._files(crash_id):
            if path.name.endswith(self.dump_suffix):
                middle = path.name[len(crash_id) : -len(self.dump_suffix)]
                dumps[middle.removeprefix(".") or self.dump_field] = path
        return dumps

    def _raw_crashes(self):
        return [
            path
            for path in self.root.glob(f"*/{self.name}/**/*{self.json_suffix}")
            if path.is_file()
        ]

    def _read(self, crash_id, end, kind):
        check_crash_id(crash_id)
        path = self._file(crash_id, end)
        if not path.is_file():
            raise CrashIDNotFound(crash_id, kind, str(self.root))
        return path.read_bytes()

    def _write(self, path, content):
        self._make_directory(path.parent)
        path.write_bytes(content)
        path.chmod(0o666 & ~self.umask)

    def _make_directory(self, path):
        if not path.is_dir():
            self._make_directory(path.parent)
            path.mkdir()
            path.chmod(0o777 & ~self.umask)

    def _prune(self, directory):
        while directory != self.root and not any(directory.iterdir()):
            directory.rmdir()
            directory = directory.parent

    # Checks

    def _checked(self, dumps):
        checked = {}
        for name, dump in dumps.items():
            stored = self._saved_name(name)
            if stored in checked:
                raise InvalidDumpName("twice")
            checked[stored] = bytes(dump)
        return checked

    def _saved_name(self, name):
        stored = self._asked_name(name)
        if re.fullmatch(r"[ -~]+", stored):
            return stored
        raise InvalidDumpName(name)

    def _asked_name(self, name):
        if name in (None, ""):
            return self.dump_field
        is_long = len(os.fsencode(f"{'x' * 36}.{name}{self.dump_suffix}")) > 255
        if name.startswith(".") or "/" in name or "\0" in name or is_long:
            raise InvalidDumpName(name)
        return name

    def _id_of(self, processed_crash):
        given = {processed_crash.get("uuid"), processed_crash.get("crash_id")} - {None}
        if len(given) != 1:
            raise InvalidCrash("no ID, or two")
        return check_crash_id(given.pop())


def date_of(crash_id):
    """Return the day in a crash ID."""
    year, month, day = (int(crash_id[at : at + 2]) for at in (30, 32, 34))
    return dt.date(2000 + year, month, day)


def check_crash_id(crash_id):
    """Return a crash ID if it is one."""
    hexadecimal = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{5}[0-9]{7}"
    if not re.fullmatch(hexadecimal, crash_id, re.ASCII):
        raise InvalidCrashID(crash_id)
    try:
        date_of(crash_id)
    except ValueError:
        raise InvalidCrashID(crash_id) from None
    return crash_id
