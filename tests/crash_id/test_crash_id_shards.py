"""Placement on shards: permanent, even, and moving few crashes."""

from collections import Counter
from pathlib import Path

import pytest
from crash_id_oracle import CRASH_IDS
from hypothesis import given
from hypothesis import strategies as st

from socorro_fast.crash_id import shard_of
from socorro_fast.errors import InvalidCrashID

PAGE = Path(__file__).resolve().parents[2] / "docs/crash-ids.md"
ID = "aabbcccc-0000-4000-8000-000002180601"


def rows() -> list[list[str]]:
    """Return the cells of the page's table of vectors, its heading first."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    table = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in table if len(row) == 10]


def jump(key: int, shards: int) -> int:
    shard, step = 0, 0
    while step < shards:
        shard = step
        key = (key * 2862933555777941757 + 1) % 2**64
        step = int((shard + 1) * (2**31 / ((key >> 33) + 1)))
    return shard


def test_placement_is_the_published_one():
    heading, *vectors = rows()
    assert len(vectors) == 8
    for crash_id, digest, *placed in vectors:
        for shards, shard in zip(map(int, heading[2:]), map(int, placed), strict=True):
            assert shard_of(crash_id, shards) == shard
            assert jump(int(digest, 16), shards) == shard


@given(CRASH_IDS, st.integers(1, 2**31 - 2))
def test_one_more_shard_moves_a_crash_to_itself_or_not_at_all(crash_id, shards):
    before, after = shard_of(crash_id, shards), shard_of(crash_id, shards + 1)
    assert 0 <= before < shards
    assert after in (before, shards)


def test_crashes_that_differ_in_one_digit_are_spread_evenly():
    counts = Counter(shard_of(f"{n:08x}{ID[8:]}", 16) for n in range(100_000))
    expected, deviation = 100_000 / 16, (100_000 / 16 * 15 / 16) ** 0.5
    assert all(abs(counts[shard] - expected) <= 4 * deviation for shard in range(16))


@pytest.mark.parametrize("shards", [0, -1, 2**31, 2**70, "2", 2.0, None])
def test_number_of_shards_out_of_range_is_named(shards):
    told = "shards is .*; it must be an int from 1 to 2147483647"
    with pytest.raises(InvalidCrashID, match=told):
        shard_of(ID, shards)
