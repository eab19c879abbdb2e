"""The stores of 2009, written slowly: a tree for accepted, deferred and processed crashes each."""

import gzip
import json
import os
from pathlib import Path


class Store2009:
    """One root, as the collectors and processors of 2009 left it.

    Args:
        root: The directory.
        collector: What the directories of the queue are called; None for slots without one.
    """

    def __init__(self, root, collector="webhead01"):
        self.root = Path(root)
        self.collector = collector

    def name_dir(self, crash_id):
        depth = int(crash_id[-7]) or 4
        pairs = [crash_id[2 * step : 2 * step + 2] for step in range(depth)]
        return self.root / f"20{crash_id[-6:]}" / "name" / Path(*pairs)

    def slot(self, crash_id, hour, minute, number=0):
        date = self.root / f"20{crash_id[-6:]}" / "date" / f"{hour:02}"
        if self.collector is None:
            return date / f"{minute:02}"
        return date / f"{minute:02}" / f"{self.collector}_{number}"

    def save_raw(self, raw_crash, dumps, crash_id, hour=0, minute=0):
        """Write what a collector did: the date link, the files, the link back."""
        home, slot = self.name_dir(crash_id), self.slot(crash_id, hour, minute)
        self.make(home)
        self.make(slot)
        (slot / crash_id).symlink_to(os.path.relpath(home, slot))
        self.write(home / f"{crash_id}.json", json.dumps(raw_crash).encode())
        for name, dump in dumps.items():
            middle = "" if name in (None, "upload_file_minidump") else f".{name}"
            self.write(home / f"{crash_id}{middle}.dump", dump)
        (home / crash_id).symlink_to(os.path.relpath(slot, home))

    def save_processed(self, processed_crash, number=0):
        """Write what a processor did: a date link without a link back, and the file."""
        crash_id = processed_crash["uuid"]
        home = self.name_dir(crash_id)
        slot = self.root / f"20{crash_id[-6:]}" / "date" / "00" / f"00_{number}"
        self.make(home)
        self.make(slot)
        (slot / crash_id).symlink_to(os.path.relpath(home, slot))
        packed = gzip.compress(json.dumps(processed_crash).encode(), 9)
        self.write(home / f"{crash_id}.jsonz", packed)

    def read_raw(self, crash_id):
        return json.loads((self.name_dir(crash_id) / f"{crash_id}.json").read_bytes())

    def read_processed(self, crash_id):
        path = self.name_dir(crash_id) / f"{crash_id}.jsonz"
        return json.loads(gzip.decompress(path.read_bytes()))

    def drain(self):
        """Take everything off the queue, as the monitor did: by walking every date branch."""
        found = []
        for link in sorted(self.root.glob("*/date/**/*")):
            back = self.name_dir(link.name) / link.name if link.is_symlink() else None
            if back is not None and back.is_symlink():
                found.append(link.name)
                back.unlink()
                link.unlink()
        return found

    def make(self, directory):
        directory.mkdir(parents=True, exist_ok=True, mode=0o770)

    def write(self, path, content):
        path.write_bytes(content)
        path.chmod(0o660)
