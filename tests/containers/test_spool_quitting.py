"""A mover that is told to quit, at any moment, has nothing left in its hands."""

import pytest

from contract.samples import DUMPS, RAW
from contract.samples import crash_id as numbered
from socorro_fast import FSSpoolStorage, InMemoryCrashStorage

IDS = [numbered(number) for number in range(6)]


class Patience:
    """A check that has had enough when it was asked so many times."""

    def __init__(self, times):
        self.left = times

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            raise InterruptedError


@pytest.mark.parametrize("layout", ["segments", "radix"])
@pytest.mark.parametrize("times", range(6))
def test_others_move_what_it_did_not(tmp_path, layout, times):
    behind, patience = InMemoryCrashStorage(), Patience(1 << 20)

    def opened(**options):
        options = {"durability": "os", "background": False, "layout": layout} | options
        return FSSpoolStorage(storage=behind, fs_root=tmp_path / "spool", **options)

    with opened(quit_check_callback=patience) as spool, opened() as other:
        for each in IDS:
            spool.save_raw_crash(RAW, DUMPS, each)
        patience.left = times
        with pytest.raises(InterruptedError):
            spool.drain()
        other.drain()
        assert sorted(behind.list_crashes()) == IDS
