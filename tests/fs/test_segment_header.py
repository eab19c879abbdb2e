"""Damaged headers of segments, without which all crashes in them would be lost."""

import os

import pytest

from contract.samples import ELSEWHERE
from fs.segment_writer import (
    COPY_AT,
    IDS,
    dumps_of,
    flip,
    is_sealed,
    killed_after,
    opened,
    save_all,
    sealed_segment,
    the_segment,
)
from socorro_fast import CrashIDNotFound

SEALED = range(44, 48)
"""These four bytes of a header may be anything: no checksum covers them."""


@pytest.fixture
def root(tmp_path):
    return tmp_path / "crashes"


@pytest.fixture
def segment(root):
    return sealed_segment(root)


def check_all(storage, crash_ids=IDS):
    for each in crash_ids:
        assert storage.get_raw_crash(each) == {"id": each}
        assert storage.get_raw_dumps(each) == dumps_of(each)


@pytest.mark.parametrize("at", [at for at in range(64) if at not in SEALED])
@pytest.mark.parametrize("value", [0x01, 0xFF])
def test_a_flipped_byte_costs_nothing(root, segment, at, value, caplog):
    before = segment.read_bytes()
    damaged = bytearray(before)
    damaged[at] ^= value
    segment.write_bytes(damaged)
    with opened(root) as storage:
        check_all(storage)
        assert sorted(storage.new_crashes()) == IDS
    why = f"the header of '{segment}' was damaged, and is mended from its copy"
    assert [record.getMessage().startswith(why) for record in caplog.records] == [True]
    assert segment.read_bytes() == before


@pytest.mark.parametrize("length", [64, 512, COPY_AT])
@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"S"])
def test_a_lost_block_costs_nothing(root, segment, length, byte):
    before = segment.read_bytes()
    segment.write_bytes(byte * length + before[length:])
    with opened(root) as storage:
        check_all(storage)
        assert sorted(storage.new_crashes()) == IDS
    assert segment.read_bytes()[:64] == before[:64]


def test_nobody_minds_a_damaged_copy(root, segment, caplog):
    flip(segment, COPY_AT + 20)
    before = segment.read_bytes()
    with opened(root) as storage:
        check_all(storage)
    assert not caplog.text
    assert segment.read_bytes() == before


@pytest.mark.parametrize("at", [0, 8, 20, 44, 63])
def test_what_a_killed_writer_saved_is_found_and_sealed(root, at):
    killed_after(root, save_all)
    segment = the_segment(root)
    before = segment.read_bytes()
    flip(segment, at)
    with opened(root) as storage:
        check_all(storage)
    after = segment.read_bytes()
    assert is_sealed(segment)
    assert after[:44] == before[:44]
    assert after[44:48] == after[COPY_AT + 44 : COPY_AT + 48] != bytes(4)


def test_a_living_writer_goes_on(root):
    with opened(root) as writer:
        save_all(writer)
        flip(the_segment(root), 20)
        with opened(root) as reader:
            check_all(reader)
            writer.save_raw_crash({"id": ELSEWHERE}, dumps_of(ELSEWHERE), ELSEWHERE)
            check_all(reader, [*IDS, ELSEWHERE])
        check_all(writer)
    with opened(root) as storage:
        check_all(storage, [*IDS, ELSEWHERE])


def test_a_header_that_cannot_be_mended_is_read_all_the_same(tmpfs, caplog):
    place = tmpfs("size=8m")
    with opened(place) as storage:
        save_all(storage)
    flip(the_segment(place), 20)
    tmpfs.remount(place, "ro")
    with opened(place) as storage:
        check_all(storage)
    assert "is damaged; its copy is used, as it cannot be mended" in caplog.text


@pytest.mark.parametrize("at", [0, 10, 44, 63, 64, 1000, COPY_AT])
@pytest.mark.parametrize("new", [b"x", b"SOCORSEG", os.urandom(5000)])
def test_bytes_put_in_before_the_records_cost_nothing(root, segment, at, new):
    before = segment.read_bytes()
    segment.write_bytes(before[:at] + new + before[at:])
    for _ in range(2):
        with opened(root) as storage:
            check_all(storage)
            assert sorted(storage.list_crashes()) == IDS
    assert segment.read_bytes() == before


@pytest.mark.parametrize("begin", [0, 30, 63, 64, 1000])
def test_bytes_left_out_before_the_records_cost_nothing(root, segment, begin):
    before = segment.read_bytes()
    segment.write_bytes(before[:begin] + before[begin + 3 :])
    with opened(root) as storage:
        check_all(storage)
    assert segment.read_bytes() == before


def test_without_any_header_a_segment_is_left_alone_and_reported(root, segment, caplog):
    flip(segment, 20)
    flip(segment, COPY_AT + 20)
    before = segment.read_bytes()
    with opened(root) as storage, pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(IDS[0])
    assert f"'{segment}' is no segment and was left alone" in caplog.text
    assert segment.read_bytes() == before


def test_the_header_of_another_segment_is_none(root, segment):
    with opened(root) as storage:
        storage.save_raw_crash({"id": ELSEWHERE}, dumps_of(ELSEWHERE), ELSEWHERE)
    (other,) = set(root.glob("20180601/*.seg")) - {segment}
    data = segment.read_bytes()
    segment.write_bytes(other.read_bytes()[: COPY_AT + 64] + data[COPY_AT + 64 :])
    with opened(root) as storage:
        check_all(storage, [ELSEWHERE])
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(IDS[0])
