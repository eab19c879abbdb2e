"""The drop-ins for today's Socorro, which sign what of the contract their API can say.

Each test speaks the API of this package; a storage that speaks Socorro's stands between.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from socorro_fast import FallbackCrashStorage, FileDumpsMapping, InMemoryCrashStorage, fs
from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import check_dump_names
from socorro_fast.compat import socorro
from socorro_fast.dumps import MemoryDumpsMapping


class ThroughSocorro(CrashStorageBase):
    """A storage that hands every operation to one with Socorro's API."""

    def __init__(self, make: Callable[..., Any], tmp_path: Path, **options: Any) -> None:
        super().__init__(**options)
        (tmp_path / "files").mkdir(exist_ok=True)
        self.tmpdir = tmp_path / "files"
        self.it = make(tmp_path, dump_field=self.options.dump_field)

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self.it.save_raw_crash(raw_crash, dumps, crash_id)

    def save_processed(self, processed_crash):
        self.it.save_processed_crash(None, processed_crash)

    def get_raw_crash(self, crash_id):
        return self.it.get_raw_crash(crash_id)

    def get_raw_dump(self, crash_id, name=None):
        return self.it.get_raw_dump(crash_id, name)

    def get_raw_dumps(self, crash_id, names=None):
        if names is None:
            return self.it.get_dumps(crash_id)
        found = {
            name or self.options.dump_field: self.get_raw_dump(crash_id, name)
            for name in check_dump_names(names)
        }
        return MemoryDumpsMapping(found)

    def get_raw_dumps_as_files(self, crash_id):
        files = self.it.get_dumps_as_files(crash_id, self.tmpdir)
        assert type(files) is FileDumpsMapping
        return files

    def get_unredacted_processed(self, crash_id):
        return self.it.get_processed_crash(crash_id)

    def remove(self, crash_id):
        self.it.delete_crash(crash_id)

    # What follows is not in Socorro's API: this is how the tests see what is stored.

    def save_raw_and_processed(self, raw_crash, dumps, processed_crash, crash_id):
        self.it.storage.save_raw_and_processed(raw_crash, dumps, processed_crash, crash_id)

    def remove_many(self, crash_ids):
        return self.it.storage.remove_many(crash_ids)

    def list_crashes(self, date=None):
        return self.it.storage.list_crashes(date)

    def close(self):
        super().close()
        self.it.close()


def _permanent(tmp_path: Path, **options: Any) -> Any:
    return socorro.FSPermanentStorage(tmp_path / "crashes", **options)


def _adapter(tmp_path: Path, **options: Any) -> Any:
    table = {"class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "crashes"), **options}
    return socorro.CrashStorageAdapter(table)


def _nested_adapter(_tmp_path: Path, **options: Any) -> Any:
    primary, fallback = InMemoryCrashStorage(**options), InMemoryCrashStorage(**options)
    return socorro.CrashStorageAdapter(FallbackCrashStorage(primary=primary, fallback=fallback))


def _through(make: Callable[..., Any]) -> Callable[..., CrashStorageBase]:
    return lambda tmp_path, **options: ThroughSocorro(make, tmp_path, **options)


def socorro_tree(tmp_path: Path, **options: Any) -> fs.FSRadixTreeStorage:
    return socorro.SocorroRadixTreeStorage(fs_root=tmp_path / "crashes", **options)


OFFERED_THROUGH_SOCORRO = frozenset(
    {
        "save_raw_crash", "save_processed", "save_raw_and_processed", "save_many", "get_raw_crash",
        "get_raw_dump", "get_raw_dumps", "get_raw_dumps_as_files", "get_unredacted_processed",
        "get_processed", "get_many", "remove", "remove_many", "list_crashes",
    }
)  # fmt: skip

# Name -> factory, whether a second one sees the first one's crashes.
DROP_INS: dict[str, tuple[Callable[..., CrashStorageBase], bool]] = {
    "socorro-permanent": (_through(_permanent), True),
    "socorro-adapter": (_through(_adapter), True),
    "socorro-adapter-nested": (_through(_nested_adapter), False),
}
