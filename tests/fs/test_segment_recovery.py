"""What writers that were killed, and disks that lose and flip bits, leave in segments."""

import json
import os
import struct

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, RAW, SAME_RADIX, crash_id
from fs.segment_writer import (
    but_sealed,
    flip,
    is_sealed,
    killed_after,
    opened,
    record,
    records_of,
    remounted,
    segment_header,
    the_segment,
)
from socorro_fast import CorruptCrash, CrashIDNotFound, StorageIOError

THREE = [CRASH_ID, SAME_RADIX, ELSEWHERE]
BIG = {"upload_file_minidump": os.urandom(20_000), "b": b"b"}


@pytest.fixture
def root(tmp_path):
    return tmp_path / "crashes"


def save_three(storage):
    for each in THREE:
        storage.save_raw_crash({"id": each}, BIG, each)


def check_there(storage, crash_ids):
    for each in crash_ids:
        assert storage.get_raw_crash(each) == {"id": each}
        assert storage.get_raw_dumps(each) == BIG


def check_next_save(root, absent):
    """Whatever happened, the next save works, and stays."""
    with opened(root) as storage:
        storage.save_raw_crash({"id": absent}, BIG, absent)
        check_there(storage, THREE)
    with opened(root) as storage:
        check_there(storage, THREE)


def test_what_a_killed_writer_saved_is_there_and_gets_sealed(root):
    killed_after(root, save_three)
    assert not is_sealed(the_segment(root))
    with opened(root) as storage:
        check_there(storage, THREE)
        assert is_sealed(the_segment(root))
    with opened(root) as storage:
        check_there(storage, THREE)


@pytest.mark.parametrize("part", [0.0005, 0.01, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("rest", ["cut off", "zeros"])
def test_a_torn_last_record_is_dropped(root, part, rest):
    killed_after(root, save_three)
    segment = the_segment(root)
    data = segment.read_bytes()
    begin, end = records_of(data)[-1]
    torn = data[: begin + max(1, int((end - begin) * part))]
    segment.write_bytes(torn + (bytes(1 << 20) if rest == "zeros" else b""))
    with opened(root) as storage:
        assert sorted(storage.list_crashes()) == sorted(THREE[:2])
        check_there(storage, THREE[:2])
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(ELSEWHERE)
    check_next_save(root, ELSEWHERE)


def test_a_record_that_lacks_nothing_but_its_mark_counts(root):
    killed_after(root, save_three)
    segment = the_segment(root)
    data = bytearray(segment.read_bytes())
    _, end = records_of(data)[-1]
    data[end - 8 : end] = bytes(8)
    segment.write_bytes(data)
    with opened(root) as storage:
        check_there(storage, THREE)
    mended = segment.read_bytes()
    assert but_sealed(mended)[: end - 8] == but_sealed(data)[: end - 8]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_flipped_byte_loses_its_record_only(root, sealed, which):
    killed_after(root, save_three)
    if sealed:
        opened(root).get_raw_crash(CRASH_ID)
    segment = the_segment(root)
    begin, end = records_of(segment.read_bytes())[which]
    flip(segment, begin + 400)  # in the dump
    damaged, *others = THREE[which], *THREE[:which], *THREE[which + 1 :]
    with opened(root) as storage:
        check_there(storage, others)
        assert storage.get_raw_crash(damaged) == {"id": damaged}
        for read in (storage.get_raw_dump, storage.get_raw_dumps):
            with pytest.raises(CorruptCrash, match=f"record at {begin} fails its checksum") as info:
                read(damaged)
            assert info.value.path == str(segment)
        assert end > begin + 400
    check_next_save(root, damaged)


@pytest.mark.parametrize("at", [64, 100, 56 + 8, 190])
def test_a_flipped_byte_of_what_precedes_the_data_is_damage_too(root, at):
    with opened(root) as storage:
        save_three(storage)
    segment = the_segment(root)
    begin, _ = records_of(segment.read_bytes())[1]
    flip(segment, begin + at)
    with opened(root) as storage:
        check_there(storage, [CRASH_ID, ELSEWHERE])
        with pytest.raises(CorruptCrash):
            storage.get_raw_dumps(SAME_RADIX)


@pytest.mark.parametrize("at", [0, 5, 10, 25, 35, 41, 49, 53, 60])
@pytest.mark.parametrize("wrong", [1, 2])
@pytest.mark.parametrize("sealed", [True, False])
def test_a_damaged_header_costs_no_neighbour(root, at, wrong, sealed, caplog):
    """With one wrong byte, what it was can be found again where no footer lists the record."""
    killed_after(root, save_three)
    if sealed:
        opened(root).get_raw_crash(CRASH_ID)
    segment = the_segment(root)
    begin, end = records_of(segment.read_bytes())[1]
    for number in range(wrong):
        flip(segment, begin + at + number)
    with opened(root) as storage:
        check_there(storage, [CRASH_ID, ELSEWHERE])
        if not sealed and wrong == 1:
            check_there(storage, [SAME_RADIX])
        else:
            with pytest.raises(CorruptCrash if sealed else CrashIDNotFound):
                storage.get_raw_crash(SAME_RADIX)
            list(storage.list_crashes())
            assert sealed or f"{end - begin} bytes of '{segment}' are damaged" in caplog.text
    check_next_save(root, SAME_RADIX)


@pytest.mark.parametrize("at", [-1, -10, -20, -40, 0])
def test_a_damaged_footer_is_as_good_as_none(root, at):
    with opened(root) as storage:
        save_three(storage)
    segment = the_segment(root)
    end = records_of(segment.read_bytes())[-1][1]
    flip(segment, at or end + 70)
    with opened(root) as storage:
        check_there(storage, THREE)
    assert is_sealed(segment)


def forged_dump(root):
    """Return a dump full of records: copies of this segment's own, and with another salt."""
    data = the_segment(root).read_bytes()
    begin, end = records_of(data)[0]
    fake = b"".join(
        record(at, bytes(16), crash_id(at), 1 << 62, b'{"forged": 1}') for at in range(0, 4096, 8)
    )
    return data[begin:end] + data[begin:end] + fake


def test_forged_records_in_a_dump_plant_nothing(root):
    killed_after(root, lambda storage: storage.save_raw_crash(RAW, DUMPS, CRASH_ID))
    segment = the_segment(root)
    dump = forged_dump(root)
    data = segment.read_bytes()
    salt, end = data[16:32], records_of(data)[-1][1]
    # The dump's record, and one more, appended as the killed writer would have.
    first = record(end, salt, SAME_RADIX, 10, dump)
    second = record(end + len(first), salt, ELSEWHERE, 11, b'{"n": 2}')
    segment.write_bytes(data[:end] + first + second)
    for at in (30, 31):  # of the header in front of the dump: the dump is searched for records
        flip(segment, end + at)
    with opened(root) as storage:
        assert sorted(storage.list_crashes()) == [ELSEWHERE, CRASH_ID]
        assert storage.get_raw_crash(CRASH_ID) == RAW
        assert storage.get_raw_crash(ELSEWHERE) == {"n": 2}


class TestRemounted:
    """The file system was mounted anew: power may have been lost, with any of the last blocks."""

    @pytest.mark.parametrize("which", [1, 2])
    def test_a_record_nobody_was_promised_is_dropped_if_it_is_not_whole(self, root, which):
        killed_after(root, save_three)
        segment = the_segment(root)
        begin, _ = records_of(segment.read_bytes())[which]
        flip(segment, begin + 1000)
        remounted(segment)
        left = [*THREE[:which], *THREE[which + 1 :]]
        with opened(root) as storage:
            assert sorted(storage.list_crashes()) == sorted(left)
            check_there(storage, left)
        check_next_save(root, THREE[which])

    def test_one_that_was_on_the_disk_is_damage(self, root):
        killed_after(root, save_three, durability="disk")
        segment = the_segment(root)
        begin, _ = records_of(segment.read_bytes())[1]
        flip(segment, begin + 1000)
        remounted(segment)
        with opened(root) as storage:
            check_there(storage, [CRASH_ID, ELSEWHERE])
            with pytest.raises(CorruptCrash):
                storage.get_raw_dumps(SAME_RADIX)

    def test_records_behind_a_block_that_never_came_are_found(self, root):
        killed_after(root, save_three)
        segment = the_segment(root)
        data = bytearray(segment.read_bytes())
        begin, end = records_of(data)[1]
        data[begin:end] = bytes(end - begin)
        segment.write_bytes(data)
        remounted(segment)
        with opened(root) as storage:
            check_there(storage, [CRASH_ID, ELSEWHERE])


def test_the_newest_save_wins_though_the_clock_was_set_back(root):
    opened(root).save_raw_crash(RAW, DUMPS, ELSEWHERE)
    salt, tomorrow = bytes(range(16)), 1 << 62
    header = segment_header(5, 20180601, salt)
    segment = root / "20180601" / f"{5:016x}.seg"
    segment.write_bytes(header + record(64, salt, CRASH_ID, tomorrow, b'{"version": "old"}'))
    with opened(root) as storage:
        assert storage.get_raw_crash(CRASH_ID) == {"version": "old"}
        storage.save_raw_crash({"version": "new"}, None, CRASH_ID)
        assert storage.get_raw_crash(CRASH_ID) == {"version": "new"}
        assert opened(root).get_raw_crash(CRASH_ID) == {"version": "new"}
        storage.remove(CRASH_ID)
    with opened(root) as storage, pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(CRASH_ID)


def test_a_record_whose_lengths_lie_takes_no_memory(root):
    opened(root).save_raw_crash(RAW, DUMPS, ELSEWHERE)
    salt, raw = bytes(range(16)), b'{"a": 1}'
    data = bytearray(record(64, salt, CRASH_ID, 1, raw))
    whole = segment_header(5, 20180601, salt) + data
    longer = record(64 + len(data), salt, SAME_RADIX, 2, raw * 1000)[:-2000]
    (root / "20180601" / f"{5:016x}.seg").write_bytes(whole + longer)
    with opened(root) as storage:
        assert json.loads(storage.get_raw_crash_bytes(CRASH_ID)) == {"a": 1}
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(SAME_RADIX)


def test_a_read_only_root_can_be_read(root, tmpfs):
    place = tmpfs("size=8m")
    killed_after(place, save_three)
    tmpfs.remount(place, "ro")
    with opened(place) as storage:
        check_there(storage, THREE)
        with pytest.raises(StorageIOError):
            storage.save_raw_crash(RAW, DUMPS, crash_id(1))
    assert struct.unpack("<I", the_segment(place).read_bytes()[8:12]) == (1,)
    assert root != place
