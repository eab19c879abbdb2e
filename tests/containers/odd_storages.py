"""Storages that misbehave on purpose: real classes of the API, as users might write them."""

from socorro_fast import InMemoryCrashStorage, StorageUnavailable
from socorro_fast.base import CrashStorageBase

ID = "aabbcccc-0000-4000-8000-000002180601"
OTHER = "aabbdddd-0000-4000-8000-000002180601"
OLD = "0bba929f-8721-460c-dead-a43c20071025"
RAW = {"ProductName": "Firefox", "nested": {"list": [1, 2]}}
DUMPS = {"upload_file_minidump": b"main", "memory": b"m"}
PROCESSED = {"uuid": ID, "signature": "s", "json_dump": {"sensitive": 1, "threads": []}}


def away(*_args, **_kwargs):
    raise StorageUnavailable("no route to it")


class Switched(InMemoryCrashStorage):
    """Memory that can be away: every operation then raises `error`."""

    error = None

    def __getattribute__(self, name):
        error = object.__getattribute__(self, "error")
        if error is not None and name.startswith(("save_", "get_", "remove", "list_", "new_cr")):
            return lambda *_args: _raise(error)
        return object.__getattribute__(self, name)


class Recorder(CrashStorageBase):
    """Keeps what it was handed, the objects themselves."""

    def __init__(self, name="", log=None):
        super().__init__()
        self.name = name
        self.log = [] if log is None else log

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        self.log.append((self.name, raw_crash, dumps, crash_id))

    def save_processed(self, processed_crash):
        self.log.append((self.name, processed_crash))


class Vandal(Recorder):
    """Changes everything it is handed that can be changed."""

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        super().save_raw_crash(raw_crash, dumps, crash_id)
        raw_crash["nested"]["list"].append("vandal")
        raw_crash["vandal"] = 1
        for name, dump in dumps.items():
            if isinstance(dump, bytearray):
                dump[:] = b"vandal"
            elif isinstance(dump, memoryview) and not dump.readonly:
                dump[:1] = b"V"
            dumps[name] = b"vandal"

    def save_processed(self, processed_crash):
        super().save_processed(processed_crash)
        processed_crash["json_dump"].clear()


class Broken(CrashStorageBase):
    """Raises `error` from every save and from close."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        raise self.error

    def save_processed(self, processed_crash):
        raise self.error

    def close(self):
        super().close()
        raise self.error


def _raise(error):
    raise error
