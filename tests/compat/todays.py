"""The file system storages of today's Socorro and Antenna, slow and obvious, in our own words.

Facts only: where what lies, in which order, and the standard library's JSON. They decide what the
drop-ins must write and be able to read. No defence, no care.
"""

import datetime as dt
import gzip
import json
from pathlib import Path


class NotFoundError(Exception):
    """What is asked for is not there."""


class SocorroToday:
    """`<root>/<YYYYMMDD>/name/<radix>/<id>.json`, `.dump`, `.<name>.dump`, `.jsonz`."""

    def __init__(self, root):
        self.root = Path(root)

    def place(self, crash_id):
        radix = [crash_id[2 * level : 2 * level + 2] for level in range(int(crash_id[-7]))]
        return self.root.joinpath(f"20{crash_id[-6:]}", "name", *radix)

    def save(self, raw_crash, dumps, crash_id):
        place = self.place(crash_id)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{crash_id}.json").write_bytes(json.dumps(raw_crash).encode())
        for name, dump in dumps.items():
            main = name in ("", "upload_file_minidump")
            (place / f"{crash_id}{'' if main else f'.{name}'}.dump").write_bytes(dump)

    def save_processed(self, processed_crash):
        place = self.place(processed_crash["uuid"])
        place.mkdir(parents=True, exist_ok=True)
        text = json.dumps(processed_crash, default=self.date_text)
        (place / f"{processed_crash['uuid']}.jsonz").write_bytes(gzip.compress(text.encode()))

    def date_text(self, value):
        assert isinstance(value, dt.datetime)
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")

    def load(self, crash_id):
        place = self.place(crash_id)
        if not place.exists():
            raise NotFoundError(crash_id)
        dumps = {
            path.name[37 : -len(".dump")] or "upload_file_minidump": path.read_bytes()
            for path in place.iterdir()
            if path.name.startswith(crash_id) and path.name.endswith(".dump")
        }
        return json.loads((place / f"{crash_id}.json").read_bytes()), dumps

    def load_processed(self, crash_id):
        path = self.place(crash_id) / f"{crash_id}.jsonz"
        if not path.exists():
            raise NotFoundError(crash_id)
        return json.loads(gzip.decompress(path.read_bytes()))


class AntennaToday:
    """`<root>/<YYYYMMDD>/dump_names/<id>.json`, `/<name>/<id>`, `/raw_crash/<id>.json`."""

    def __init__(self, root):
        self.root = Path(root)

    def save(self, raw_crash, dumps, crash_id):
        day = self.root / f"20{crash_id[-6:]}"
        self.write(day / "dump_names" / f"{crash_id}.json", sorted(dumps))
        for name, dump in dumps.items():
            self.write_bytes(day / name / crash_id, dump)
        self.write(day / "raw_crash" / f"{crash_id}.json", raw_crash)

    def write(self, path, value):
        self.write_bytes(path, json.dumps(value, sort_keys=True).encode())

    def write_bytes(self, path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def load(self, crash_id):
        day = self.root / f"20{crash_id[-6:]}"
        raw_crash = day / "raw_crash" / f"{crash_id}.json"
        if not raw_crash.exists():
            raise NotFoundError(crash_id)
        names = json.loads((day / "dump_names" / f"{crash_id}.json").read_bytes())
        dumps = {name: (day / name / crash_id).read_bytes() for name in names}
        return json.loads(raw_crash.read_bytes()), dumps
