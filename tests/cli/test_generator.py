"""Generated crashes: the same again for the same seed, and like real ones in size and shape."""

import datetime as dt
import json
import struct
import zlib
from statistics import median

import pytest

from socorro_fast.crash_id import date_of, is_valid
from socorro_fast.generator import CrashGenerator

DAY = dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def crashes():
    return list(CrashGenerator(3, day=DAY).crashes(300))


def test_same_seed_and_number_give_the_same_crash(crashes):
    again = CrashGenerator(3, day=DAY)
    assert [again.crash(number) for number in (200, 7)] == [crashes[200], crashes[7]]
    assert CrashGenerator(4, day=DAY).crash(7) != crashes[7]


def test_processed_crashes_are_the_same_again(crashes):
    first, second = (
        CrashGenerator(3, day=DAY).processed(5, crashes[5].raw_crash) for _ in range(2)
    )
    assert first == second


def test_ids_are_valid_unique_and_of_the_days_asked_for():
    crash_ids = [crash.crash_id for crash in CrashGenerator(day=DAY, days=3).crashes(60)]
    assert all(map(is_valid, crash_ids))
    assert len(set(crash_ids)) == 60
    assert {date_of(crash_id) for crash_id in crash_ids} == {
        DAY - dt.timedelta(days=back) for back in range(3)
    }


def test_sizes_are_those_of_real_crashes(crashes):
    main_dumps = [len(c.dumps["upload_file_minidump"]) for c in crashes if c.dumps]
    assert 50_000 <= min(main_dumps) < max(main_dumps) <= 2_000_000
    assert sum(100_000 <= size <= 1_000_000 for size in main_dumps) > 0.85 * len(main_dumps)
    assert {len(crash.dumps) for crash in crashes} == {0, 1, 3}
    raw = [len(json.dumps(crash.raw_crash)) for crash in crashes]
    assert 1_000 < min(raw) < median(raw) < max(raw) <= 21_000


def test_dumps_begin_and_compress_like_minidumps(crashes):
    dump = next(crash.dumps["upload_file_minidump"] for crash in crashes if crash.dumps)
    signature, _, streams, directory = struct.unpack_from("<4sIII", dump)
    assert signature == b"MDMP"
    for number in range(streams):
        _, size, start = struct.unpack_from("<III", dump, directory + 12 * number)
        assert start + size <= len(dump)
    assert 3 < len(dump) / len(zlib.compress(dump)) < 12


def test_processed_crashes_are_of_real_size_and_go_with_their_crash(crashes):
    generator = CrashGenerator(3, day=DAY)
    processed = [generator.processed(n, crash.raw_crash) for n, crash in enumerate(crashes)]
    sizes = [len(json.dumps(each)) for each in processed]
    assert 18_000 < min(sizes) < max(sizes) < 220_000
    assert [each["uuid"] for each in processed] == [crash.crash_id for crash in crashes]
