"""What the tests of faults share: savers in threads, and what must be true after them."""

import threading
from concurrent.futures import ThreadPoolExecutor

from contract.samples import crash_id
from socorro_fast import StorageUnavailable

PATIENT = {"backoff_delays": (0.1,) * 100}
"""Options of a storage that outlasts a restart of the server."""
IMPATIENT = {"transaction_executor_class": "TransactionExecutor"}
"""Options of a storage that tries once."""


def crash(number):
    each = crash_id(number)
    text = f"{number} " * (number % 500)
    return {"n": number, "text": text}, {"uuid": each, "signature": str(number), "t": text}, each


class Savers:
    """Threads that save crashes, each with its report, and note what became of them."""

    def __init__(self, storage, count, threads=8):
        self.storage = storage
        self.numbers = range(count)
        self.saved = []
        self.failed = {}
        self.progress = threading.Semaphore(0)
        self._pool = ThreadPoolExecutor(threads)

    def __enter__(self):
        self._done = [self._pool.submit(self._save, number) for number in self.numbers]
        return self

    def __exit__(self, kind, *_exc_info):
        self._pool.shutdown(cancel_futures=kind is not None)
        for each in self._done if kind is None else ():
            each.result()

    def wait_for(self, count):
        """Wait until so many more saves have returned or raised."""
        for _ in range(count):
            assert self.progress.acquire(timeout=60)

    def _save(self, number):
        raw, processed, each = crash(number)
        try:
            self.storage.save_raw_and_processed(raw, None, processed, each)
            self.saved.append(number)
        except StorageUnavailable as error:
            self.failed[number] = error
        self.progress.release()


def check(savers, storage, sql):
    """Every crash that was saved is there, once and equal; the others are there whole or not."""
    listed = list(storage.list_crashes())
    expected = {each: (raw, processed) for raw, processed, each in map(crash, savers.numbers)}
    assert {crash(number)[2] for number in savers.saved} <= set(listed) <= set(expected)
    assert len(listed) == len(set(listed))
    for each, found in zip(listed, storage.get_many(listed), strict=True):
        assert found == expected[each][0]
    for table, column in {"processed_crashes": "processed_crash ->> 'signature'",
                          "reports": "signature"}.items():  # fmt: skip
        rows = sql(f"SELECT uuid::text, {column} FROM {table} ORDER BY crash_date, uuid")
        assert rows == [(each, expected[each][1]["signature"]) for each in listed]
