"""Segments that a copy put bytes into, took bytes out of or cut short: what is left is found."""

import datetime as dt
import itertools
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.samples import ELSEWHERE
from fs.procs import Child, Traced, calls_of, need_strace
from fs.segment_writer import (
    IDS,
    but_sealed,
    dumps_of,
    flip,
    is_sealed,
    killed_after,
    opened,
    records_of,
    save_all,
    sealed_segment,
    the_segment,
)
from socorro_fast import CorruptCrash, CrashIDNotFound


@pytest.fixture
def root(tmp_path):
    return tmp_path / "crashes"


@pytest.fixture
def segment(root):
    return sealed_segment(root)


def outcomes(storage, crash_ids=tuple(IDS)):
    """Say of each crash whether it is "whole", "damaged" or "gone"; read as another it fails."""
    found = {}
    for each in crash_ids:
        try:
            assert storage.get_raw_crash(each) == {"id": each}
            assert storage.get_raw_dumps(each) == dumps_of(each)
            found[each] = "whole"
        except CorruptCrash:
            found[each] = "damaged"
        except CrashIDNotFound:
            found[each] = "gone"
    return found


def all_but(*numbers, those="damaged"):
    return {each: those if at in numbers else "whole" for at, each in enumerate(IDS)}


def put_in(segment, *edits):
    """Put bytes into a file, each at its place in the file as it was."""
    data = segment.read_bytes()
    for at, new in sorted(edits, reverse=True):
        data = data[:at] + new + data[at:]
    segment.write_bytes(data)


def take_out(segment, begin, end):
    data = segment.read_bytes()
    segment.write_bytes(data[:begin] + data[end:])


def middle_of(segment, number):
    begin, end = records_of(segment.read_bytes())[number]
    return (begin + end) // 2


@pytest.mark.parametrize("new", [b"\n", b"12345678", bytes(4096), b"SFrc" * 100])
def test_bytes_put_into_a_record_cost_that_record(root, segment, new, caplog):
    before = segment.read_bytes()
    put_in(segment, (middle_of(segment, 3), new))
    damaged = segment.read_bytes()
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3)
        assert sorted(storage.list_crashes()) == IDS
        assert sorted(storage.new_crashes()) == IDS
    said = f"'{segment}' had bytes put in or taken out: 8 of its 8 records were put back"
    assert said in caplog.text
    assert "7 of them whole; the file as it was is kept" in caplog.text
    assert segment.with_suffix(".damaged").read_bytes() == damaged
    after = segment.read_bytes()
    begin, end = records_of(before)[3]
    assert (after[:begin], after[end:]) == (before[:begin], before[end:])
    caplog.clear()
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3)
        assert storage.prune(dt.date(2018, 6, 1))
    assert not caplog.text
    assert not segment.parent.exists()


@pytest.mark.parametrize("length", [1, 8, 64, 500])
def test_bytes_taken_out_cost_the_records_they_were_of(root, segment, length):
    at = middle_of(segment, 3)
    take_out(segment, at, at + length)
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3)


def test_records_taken_out_are_named(root, segment, caplog):
    records = records_of(segment.read_bytes())
    take_out(segment, records[2][0], records[4][1])
    with opened(root) as storage:
        assert outcomes(storage) == all_but(2, 3, 4)
    assert "5 of its 8 records were put back" in caplog.text


def test_several_places(root, segment):
    places = [(middle_of(segment, number), b"x" * number) for number in (1, 4, 6)]
    put_in(segment, *places)
    with opened(root) as storage:
        assert outcomes(storage) == all_but(1, 4, 6)


def test_between_records_nothing_is_lost(root, segment):
    before = segment.read_bytes()
    records = records_of(before)
    copy = before[slice(*records[2])]
    put_in(segment, (records[3][0], copy + b"?"), (records[5][0], copy), (len(before), b"end"))
    with opened(root) as storage:
        assert outcomes(storage) == all_but()
    assert segment.read_bytes() == before
    assert not segment.with_suffix(".damaged").exists()


def test_a_header_that_was_split_costs_its_record(root, segment, caplog):
    begin, _ = records_of(segment.read_bytes())[5]
    put_in(segment, (begin + 20, b"\r"))
    with opened(root) as storage:
        assert outcomes(storage) == all_but(5)
    assert "7 of its 8 records were put back" in caplog.text


def test_bytes_put_into_the_footer_cost_nothing(root, segment):
    before = segment.read_bytes()
    put_in(segment, (len(before) - 30, b"x"))
    with opened(root) as storage:
        assert outcomes(storage) == all_but()
    assert segment.read_bytes() == before


@pytest.mark.parametrize("damage", ["a byte more", "a byte less"])
def test_without_a_footer_nothing_is_thrown_away(root, segment, damage, caplog):
    at = middle_of(segment, 3)
    if damage == "a byte more":
        put_in(segment, (at, b"x"))
    else:
        take_out(segment, at, at + 1)
    flip(segment, segment.stat().st_size - 60)
    before = segment.read_bytes()
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3) | dict.fromkeys(IDS[4:], "gone")
    after = segment.read_bytes()
    # What says where the footer is has changed, else only what is behind.
    assert but_sealed(after)[: len(before)] == but_sealed(before)
    assert f"bytes of '{segment}' are damaged" in caplog.text
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3) | dict.fromkeys(IDS[4:], "gone")
    assert segment.read_bytes() == after


def test_a_segment_cut_short_says_so(root, segment, caplog):
    data = segment.read_bytes()
    footer = records_of(data)[-1][1]
    cut = middle_of(segment, 5)
    segment.write_bytes(data[:cut])
    with opened(root) as storage:
        assert outcomes(storage) == all_but(5) | dict.fromkeys(IDS[6:], "gone")
    # What the last record would have had is missing too, but it is known.
    lost = footer - records_of(data)[5][1]
    assert f"'{segment}' was cut short: {lost} of its {footer} bytes" in caplog.text
    assert is_sealed(segment)
    with opened(root) as storage:
        assert outcomes(storage) == all_but(5) | dict.fromkeys(IDS[6:], "gone")
        storage.save_raw_crash({"id": IDS[7]}, dumps_of(IDS[7]), IDS[7])
        assert outcomes(storage, [IDS[7]]) == {IDS[7]: "whole"}


def test_cut_between_two_records_it_says_so_too(root, segment, caplog):
    data = segment.read_bytes()
    segment.write_bytes(data[: records_of(data)[5][0]])
    with opened(root) as storage:
        assert outcomes(storage) == all_but(5, 6, 7, those="gone")
    assert f"'{segment}' was cut short" in caplog.text


def test_zeros_instead_of_the_end_hide_no_record_behind_them(root, segment):
    """Two damages: the footer is gone, and a record in the middle is zeros."""
    data = bytearray(segment.read_bytes())
    begin, end = records_of(data)[3]
    data[begin:end] = bytes(end - begin)
    segment.write_bytes(data)
    flip(segment, len(data) - 60)
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3, those="gone")


def test_a_dead_writers_segment_is_not_cut_where_it_cannot_be_read(root, caplog):
    killed_after(root, save_all)
    segment = the_segment(root)
    at = middle_of(segment, 3)
    put_in(segment, (at, b"x"))
    before = segment.read_bytes()
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3) | dict.fromkeys(IDS[4:], "gone")
    after, kept = segment.read_bytes(), before.rstrip(b"\0")
    assert but_sealed(after)[: len(kept)] == but_sealed(kept)
    assert f"bytes of '{segment}' are damaged" in caplog.text


@pytest.mark.parametrize("length", range(1, 130))
def test_a_record_that_was_being_written_goes_without_a_word(root, length, caplog):
    """A killed writer's write ends at any page: some of a header may be there."""
    killed_after(root, save_all)
    segment = the_segment(root)
    data = segment.read_bytes()
    begin, _ = records_of(data)[-1]
    segment.write_bytes(data[: begin + length] + bytes(1 << 16))
    with opened(root) as storage:
        assert outcomes(storage) == all_but(7, those="gone")
    assert not caplog.text
    assert segment.stat().st_size < len(data)


def test_where_nothing_can_be_written_damage_is_named(tmpfs, caplog):
    place = tmpfs("size=8m")
    with opened(place) as storage:
        save_all(storage)
    segment = the_segment(place)
    put_in(segment, (middle_of(segment, 3), b"x"))
    tmpfs.remount(place, "ro")
    with opened(place) as storage:
        # The records behind are where nobody looks, but they are known.
        assert outcomes(storage) == all_but(*range(3, 8))
    assert f"'{segment}' had bytes put in or taken out, and cannot be repaired" in caplog.text


def test_an_open_storage_reads_on_when_another_has_mended_it(root, segment):
    with opened(root) as storage:
        assert outcomes(storage) == all_but()
        put_in(segment, (middle_of(segment, 3), b"x"))
        with opened(root) as other:
            assert outcomes(other) == all_but(3)
        assert outcomes(storage) == all_but(3)


def test_many_that_find_it_at_once_agree(root, segment):
    put_in(segment, (middle_of(segment, 3), b"x"))

    def read():
        with opened(root) as storage:
            return outcomes(storage)

    children = [Child(read) for _ in range(6)]
    with ThreadPoolExecutor() as threads:
        results = [each.result() for each in [threads.submit(read) for _ in range(4)]]
    results += [each.result() for each in children]
    assert results == [all_but(3)] * 10
    assert list(root.glob("20180601/*.new")) == []


def test_what_was_acknowledged_and_removed_stays_so(root, segment):
    with opened(root) as storage:
        for each in itertools.islice(storage.new_crashes(), 4):
            storage.ack_crash(each)
        left = sorted(storage.new_crashes())
        storage.remove(IDS[6])
    put_in(segment, (middle_of(segment, 3), b"x"))
    with opened(root) as storage:
        assert outcomes(storage) == all_but(3) | {IDS[6]: "gone"}
        assert sorted(storage.new_crashes()) == [each for each in left if each != IDS[6]]


def test_other_segments_are_not_touched(root, segment):
    with opened(root) as storage:
        storage.save_raw_crash({"id": ELSEWHERE}, {}, ELSEWHERE)
    (other,) = set(root.glob("20180601/*.seg")) - {segment}
    before = other.read_bytes()
    put_in(segment, (middle_of(segment, 0), b"x"))
    with opened(root) as storage:
        assert outcomes(storage) == all_but(0)
        assert storage.get_raw_crash(ELSEWHERE) == {"id": ELSEWHERE}
    assert other.read_bytes() == before


def test_a_header_that_lies_about_a_living_writer_stops_nobody(root):
    """Four bytes of the header have no checksum."""
    with opened(root) as writer:
        save_all(writer)
        segment = the_segment(root)
        flip(segment, 45)
        with opened(root) as storage:
            assert outcomes(storage) == all_but()
            writer.save_raw_crash({"id": ELSEWHERE}, {}, ELSEWHERE)
            assert storage.get_raw_crash(ELSEWHERE) == {"id": ELSEWHERE}
        assert outcomes(writer) == all_but()
    with opened(root) as storage:
        assert outcomes(storage) == all_but()
        assert storage.get_raw_crash(ELSEWHERE) == {"id": ELSEWHERE}


def test_killed_at_any_call_of_mending(root):
    need_strace()

    def prepared(place):
        with opened(place) as storage:
            save_all(storage)
        put_in(the_segment(place), (middle_of(the_segment(place), 3), b"x"))
        storage = opened(place)
        return lambda: storage.get_raw_crash(IDS[0])

    calls = calls_of(lambda: prepared(root / "whole"))
    assert "renameat" in [each.name for each in calls]
    for number, call in enumerate(calls):
        place = root / str(number)
        inject = f"--inject={call.name}:signal=KILL:when={call.nth}"
        traced = Traced(lambda place=place: prepared(place), inject)
        assert traced.child.exit_code() == -signal.SIGKILL, call
        with opened(place) as storage:
            assert outcomes(storage) == all_but(3), call
            assert sorted(storage.new_crashes()) == IDS
            assert storage.prune(dt.date(2018, 6, 1))
