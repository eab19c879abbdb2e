"""The comparison of storages: contestants that keep what they are given, and honest verdicts."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from xml.etree import ElementTree as ET

from benches.side_by_side import CONTESTANTS
from benches.targets import MUSTS, Must

from benches import verdicts
from fs.procs import memory_directory
from socorro_fast.bench import compression, latency, machine, opening, plots, report, workload
from socorro_fast.bench.contest import Contest
from socorro_fast.bench.report import Result
from socorro_fast.bench.spread import Spread
from socorro_fast.bench.stores import OURS
from socorro_fast.bench.tasks import TASKS, Task, get_raw, named, save

RAW = workload.raw_crash()
DUMPS = {"upload_file_minidump": workload.dump(5_000)}
IDS = workload.crash_ids(3)
DAY = dt.date(2018, 6, 1)
PRESENT = [each for each in CONTESTANTS if each.why_not() is None]
LEVELS = pytest.mark.parametrize("durable", [False, True])

everyone = pytest.mark.parametrize("contestant", PRESENT, ids=lambda each: each.name)


@pytest.fixture
def directory():
    with memory_directory() as memory:
        yield memory / "work"


@LEVELS
@everyone
def test_a_contestant_keeps_what_it_is_given(contestant, durable, directory):
    store = contestant.open(directory, durable)
    for each in IDS:
        store.save(each, RAW, DUMPS)
        store.save_processed(each, {"signature": each})
    assert store.get_raw(IDS[1]) == RAW
    assert store.get_dumps(IDS[1]) == DUMPS
    assert store.get_processed(IDS[1])["signature"] == IDS[1]
    store.remove(IDS[1])
    with pytest.raises(Exception):  # noqa: B017, PT011 - each has its own
        store.get_raw(IDS[1])
    assert store.get_raw(IDS[2]) == RAW
    if "drain" not in contestant.lacks:
        assert store.drain() == 2
        assert store.drain() == 0
    if "prune" not in contestant.lacks:
        store.prune(DAY)
        with pytest.raises(Exception):  # noqa: B017, PT011 - each has its own
            store.get_raw(IDS[2])
    store.close()


def test_the_original_ours_and_what_python_brings_take_part_everywhere():
    assert {"classic", "segments", "radix", "sqlite", "files"} <= {each.name for each in PRESENT}


@pytest.mark.parametrize(
    "task",
    [
        Task("plain", 4, save),
        Task("threads", 8, save, threads=2),
        Task("processes", 4, save, processes=2),
        Task("reads", 4, get_raw, before=(save,), keeps=True),
    ],
    ids=lambda task: task.name,
)
def test_a_contest_times_every_round_of_everybody(task, directory):
    directory.mkdir()
    times = Contest(directory, task, PRESENT, durable=False).measure(3)
    assert times.keys() == {each.name for each in PRESENT}
    assert all(len(rounds) == 3 and min(rounds) > 0 for rounds in times.values())
    assert list(directory.iterdir()) == []


def test_who_lacks_what_a_task_needs_does_not_take_part(directory):
    (drain,) = named(["drain-10k"])
    contest = Contest(directory, drain, PRESENT, durable=False)
    assert "files" not in contest.contestants
    assert "segments" in contest.contestants


def test_a_failing_worker_fails_the_contest(directory):
    def fail(_store, _crashes):
        raise ValueError("no")

    for task in (Task("t", 2, fail, threads=2), Task("p", 2, fail, processes=2)):
        directory.mkdir(exist_ok=True)
        with pytest.raises((ValueError, AssertionError)):
            Contest(directory, task, OURS, durable=False).measure(1)


def test_latencies_are_those_of_every_save(directory):
    directory.mkdir()
    found = latency.measure(directory, OURS[:1], 1)
    assert found.keys() == {"segments", latency.BARE}
    assert len(found["segments"].rounds[0]) == latency.SAVERS * latency.SAVES
    percentiles = found["segments"].percentiles()
    assert 0 < percentiles["p50"] <= percentiles["p99"] <= percentiles["max"]


def test_opening_reads_what_was_left(directory):
    directory.mkdir()
    closed = opening.closed(directory, 50, 2)
    assert closed.size >= 50 * 40
    killed = opening.killed(directory, 5, 2)
    assert len(killed.opened) == len(killed.bare) == len(closed.opened) == 2


def test_what_compresses_gets_smaller(directory):
    directory.mkdir()
    found = compression.measure(directory, [b"minidump" * 10_000], 2)
    assert found["segments"].size > 1 > found["segments-zstd"].size * 10
    assert len(found["segments-zstd"].saved) == 2


def result(task, place="ext4", control=None, **times):
    return Result(task, place, False, 1, {n: [taken] * 3 for n, taken in times.items()}, control)


@pytest.mark.parametrize(("classic", "verdict"), [(350, "ok"), (349, "missed")])
def test_verdicts_follow_the_upper_quartile(classic, verdict):
    (found,) = verdicts.of_results([result("save-64K", segments=100, classic=classic)])
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("control", "together", "verdict"),
    [(1.95, 50, "ok"), (1.95, 70, "missed"), (1.5, 50, "refused"), (1.5, 70, "refused")],
)
def test_nothing_is_said_of_threads_without_a_second_processor(control, together, verdict):
    rows = [
        result("save-64K", segments=100),
        result("save-64K-2-threads", segments=together, control=control),
    ]
    (found,) = verdicts.of_results(rows)
    assert found.verdict == verdict
    assert str(control) in found.line()


def test_what_must_stay_small_is_judged_by_the_lower_quartile():
    spread = Spread.over([2.9, 3.0, 9.0])
    assert verdicts.at_most("latency", "disk", spread, 3).verdict == "ok"
    assert verdicts.at_most("latency", "disk", spread, 2.9).verdict == "missed"


def test_every_must_names_a_task_that_there_is():
    tasks = {task.name for task in TASKS}
    assert all({each.task, each.over_task or each.task} <= tasks for each in MUSTS)
    assert len({Must(*each) for each in MUSTS}) == len(MUSTS)


def test_a_plot_is_xml_with_a_bar_for_each():
    rows = [result("save-64K", segments=100, classic=400), result("a <task>", segments=9)]
    root = ET.fromstring(plots.bars("ratios & more", rows))
    bars = [each for each in root.iter() if each.tag.endswith("rect")]
    assert len(bars) == 1 + 3


def test_the_control_is_that_of_two_threads():
    assert 0.3 < machine.control() < 2.5


def test_a_table_has_a_line_for_each_result():
    durable = Result("save-1M", "a/long/directory", True, 1, {"segments": [2000]})
    rows = [result("save-64K", segments=1000), durable]
    _, first, second = report.lines(rows, ["segments", "other"])
    assert first.split() == ["save-64K", "ext4", "os", "1.0", "[1.0,", "1.0]", "-"]
    assert second.split()[1:4] == ["a/long/directory", "disk", "2.0"]


def test_the_program_measures_into_files(tmp_path):
    command = [sys.executable, "-m", "benches.side_by_side", "--dir", str(tmp_path / "work")]
    options = ["--task", "get-raw", "--rounds", "1", "--who", "segments", "--who", "files"]
    files = ["--json", str(tmp_path / "rows.json"), "--plots", str(tmp_path / "plots")]
    root = Path(__file__).parents[2]
    done = subprocess.run([*command, *options, *files], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "rows.json").read_text())["results"]
    assert row["microseconds"].keys() == {"segments", "files"}
    (plot,) = (tmp_path / "plots").iterdir()
    assert plot.suffix == ".svg"
