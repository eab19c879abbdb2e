"""Weaknesses 10 to 17: crashes that the original loses from its queue, or hands out twice."""

import os
import shutil
from pathlib import Path

import pytest

from fs.trees import DATED, DEPTH_2, DUMPS, NEIGHBOUR, PROCESSED, RAW, Clock, drain, paths
from fs.weaknesses import OURS, mended

FAMILIES = [cls.__name__ for cls in DATED]
SLOT = "20180601/date/12/34_5"
LATER = "13:00:00"


@mended()
def test_10_slots_are_ordered_as_numbers(storages, tmp_path):
    clock = Clock("12:34:36")
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert paths(tmp_path / "20180601/date") == ["12", "12/34_9", f"12/34_9/{DEPTH_2}"]
    clock.set("12:34:40")
    assert drain(storage) == [DEPTH_2]


@mended()
def test_11_a_slot_that_is_being_written_stays(storages, tmp_path):
    clock = Clock()
    clock.now = clock.now.replace(year=2026)  # the crash is of an older day
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert drain(storage) == [DEPTH_2]
    assert (tmp_path / SLOT).is_dir()


@mended()
def test_12_a_slot_that_vanishes_under_a_save_is_made_again(storages, tmp_path):
    clock = Clock()
    storage = with_slot_removed_before_linking(storages, fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    shutil.rmtree(tmp_path / "20180601/date/12", ignore_errors=True)
    storage.save_raw_crash(RAW, DUMPS, NEIGHBOUR)
    clock.set(LATER)
    assert drain(storage) == [NEIGHBOUR]


def with_slot_removed_before_linking(storages, **options):
    # Ours keeps the slot's directory open: removed between two saves, it is removed in the second.
    # The original has it made anew each time, and is caught between making and linking.
    if storages is OURS:
        return storages.FSDatedRadixTreeStorage(**options)

    class Raced(storages.FSDatedRadixTreeStorage):
        def _link_date_to_name(self, crash_id, slot_path):
            Path(slot_path).rmdir()
            super()._link_date_to_name(crash_id, slot_path)

    return Raced(**options)


@mended()
@pytest.mark.parametrize("family", FAMILIES[1:])
def test_13_a_crash_removed_before_it_was_visited_can_be_queued_again(storages, tmp_path, family):
    clock = Clock()
    storage = getattr(storages, family)(fs_root=tmp_path, now=clock)
    for _ in range(2):
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        storage.remove(DEPTH_2)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    clock.set(LATER)
    assert drain(storage) == [DEPTH_2]


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_14_a_save_after_one_that_died_between_its_links_queues_the_crash(
    storages, tmp_path, family
):
    clock = Clock()
    storage = getattr(storages, family)(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    (slot_link,) = tmp_path.glob(f"*/date/12/34_5/{DEPTH_2}")
    slot_link.unlink()
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    clock.set(LATER)
    assert drain(storage) == [DEPTH_2]


@mended()
def test_15_a_link_to_a_crash_that_is_gone_goes(storages, tmp_path):
    clock = Clock()
    storage = storages.FSDatedRadixTreeStorage(fs_root=tmp_path, now=clock)
    for crash_id in (DEPTH_2, NEIGHBOUR):
        storage.save_raw_crash(RAW, DUMPS, crash_id)
    shutil.rmtree(tmp_path / "20180601/name/aa/bb" / DEPTH_2)
    clock.set("14:00:00")
    assert NEIGHBOUR in drain(storage)
    assert drain(storage) == []
    assert [path for path in paths(tmp_path) if "/date/" in path] == []


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_16_what_a_consumer_had_when_it_died_is_handed_out_again(storages, tmp_path, family):
    clock = Clock()
    options = {"fs_root": tmp_path, "now": clock}
    storage = getattr(storages, family)(**options)
    for crash_id in (DEPTH_2, NEIGHBOUR):
        storage.save_raw_crash(RAW, DUMPS, crash_id)
    clock.set(LATER)
    if (consumer := os.fork()) == 0:
        crashes = getattr(storages, family)(**options).new_crashes()
        os._exit(len([next(crashes), next(crashes)]))
    assert os.waitstatus_to_exitcode(os.waitpid(consumer, 0)[1]) == 2
    assert sorted(drain(storage)) == [DEPTH_2, NEIGHBOUR]


@mended()
@pytest.mark.parametrize("family", FAMILIES)
def test_17_saving_raw_and_processed_does_not_make_a_crash_new_again(storages, tmp_path, family):
    clock = Clock()
    storage = getattr(storages, family)(fs_root=tmp_path, now=clock)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    clock.set(LATER)
    assert drain(storage) == [DEPTH_2]
    storage.save_raw_and_processed(RAW, None, PROCESSED, DEPTH_2)
    clock.set("14:00:00")
    assert drain(storage) == []
    assert storage.get_raw_dumps(DEPTH_2) == DUMPS
