"""Weaknesses 18 to 20 and 25: what a pass over the original's queue stumbles over."""

import contextlib
import itertools

import pytest

from contract.samples import days_ago
from fs.trees import DATED, DEPTH_2, DUMPS, NEIGHBOUR, RAW, Clock, crash_id, drain
from fs.weaknesses import mended

FAMILIES = [cls.__name__ for cls in DATED]
LATER = "13:00:00"
MANY = 1100  # more than are fetched ahead


@mended(by=NotADirectoryError)
@pytest.mark.parametrize("stray", ["20180601/date/stray", "20180601/date/12/stray"])
def test_18_a_stray_file_does_not_end_a_pass(storages, tmp_path, stray):
    clock = Clock()
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    (tmp_path / stray).write_bytes(b"stray")
    clock.set(LATER)
    assert drain(storage) == [DEPTH_2]
    assert (tmp_path / stray).read_bytes() == b"stray"


@mended(by=FileNotFoundError)
def test_18_a_missing_root_has_no_new_crashes(storages, tmp_path):
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path / "crashes", now=Clock())
    (tmp_path / "crashes").rmdir()
    assert drain(storage) == []


# As saved: neither in order nor in reverse, which is how some file systems list.
MOMENTS = ["12:34:08", "12:34:44", "09:00:00", "12:34:36", "23:59:59", "00:00:00", "12:05:00"]
DAYS_AGO = [3, 5, 2, 4]


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_19_new_crashes_come_in_order(storages, tmp_path, family):
    clock = Clock()
    storage = getattr(storages, family)(fs_root=tmp_path, now=clock)
    saved = []
    for date, moment, number in itertools.product(map(days_ago, DAYS_AGO), MOMENTS, [5, 3, 4]):
        crash = crash_id(number * 1000 + len(saved), date=date)
        clock.set(moment)
        storage.save_raw_crash(RAW, None, crash)
        saved.append((date, clock.now, crash))
    clock.now = clock.now.replace(year=2026, month=12, day=31, hour=23, minute=59, second=58)
    assert drain(storage) == [crash for _, _, crash in sorted(saved)]


@mended()
def test_19_dumps_come_in_order(storages, tmp_path):
    storage = storages.FSRadixTreeStorage(fs_root=tmp_path)
    names = [f"dump_{number:02}" for number in (5, 9, 1, 8, 0, 3, 7, 2, 6, 4)]
    storage.save_raw_crash(RAW, dict.fromkeys(names, b"MDMP"), DEPTH_2)
    assert list(storage.get_raw_dumps(DEPTH_2)) == sorted(names)
    assert list(storage.get_raw_dumps_as_files(DEPTH_2)) == sorted(names)


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_20_two_consumers_never_have_the_same_crash(storages, tmp_path, family):
    clock = Clock()
    one, other = (getattr(storages, family)(fs_root=tmp_path, now=clock) for _ in range(2))
    for crash in (DEPTH_2, NEIGHBOUR):
        one.save_raw_crash(RAW, DUMPS, crash)
    clock.set(LATER)
    first = one.new_crashes()
    taken = next(first)
    assert taken not in drain(other)


@mended()
def test_25_a_long_pass_meets_what_was_queued_since_it_began(storages, tmp_path):
    clock = Clock("11:00:00")
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    old = [crash_id(number, "180531") for number in range(MANY)]
    waiting, new = crash_id(2), crash_id(3)
    for crash in [*old, waiting]:
        storage.save_raw_crash({}, None, crash)
    clock.set("12:00:00")
    crashes = storage.new_crashes()
    taken = [storage.ack_crash(next(crashes))]
    clock.set("12:30:00")
    storage.save_raw_crash({}, None, new)
    clock.set(LATER)
    taken += [storage.ack_crash(crash) for crash in crashes]
    assert sorted(taken) == sorted([*old, waiting, new])


class Quit(Exception):  # noqa: N818 - it is no error
    pass


@mended()
def test_25_a_pass_calls_the_quit_check(storages, tmp_path):
    crashes = [crash_id(number) for number in range(5)]
    checks = itertools.count()

    def quit_check():
        if armed and next(checks) == len(crashes) // 2:
            raise Quit

    armed, clock = False, Clock()
    storage = storages.FSDatedRadixTreeStorage(
        fs_root=tmp_path, now=clock, quit_check_callback=quit_check
    )
    for crash in crashes:
        storage.save_raw_crash(RAW, None, crash)
    armed, taken = True, []
    clock.set(LATER)
    with contextlib.suppress(Quit):
        taken.extend(storage.new_crashes())
    assert len(taken) < len(crashes)
