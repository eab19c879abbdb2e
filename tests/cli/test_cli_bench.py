"""bench: the part of the benchmarks that an installed package can do."""

import json

import pytest
from command_line import COMMAND, complaint, run


def bench(*arguments):
    return run([str(COMMAND), "bench", *map(str, arguments)])


def test_it_prints_a_line_for_each_task(tmp_path):
    done = bench("--task", "save-processed", "--rounds", 1, "--dir", tmp_path)
    assert done.returncode == 0
    head, line = done.stdout.decode().splitlines()
    assert {"segments", "radix", "sqlite", "files"} <= set(head.split())
    assert line.startswith("save-processed")
    assert list(tmp_path.iterdir()) == []


def test_as_json_and_as_a_plot(tmp_path):
    plot = tmp_path / "plot.svg"
    done = bench("--task", "get-raw", "--rounds", 1, "--json", "--plot", plot)
    printed = json.loads(done.stdout)
    (row,) = printed["results"]
    assert row["microseconds"]["segments"]["median"] > 0
    assert "load" in printed["machine"]
    assert plot.read_text().startswith("<svg")


def test_tasks_are_listed():
    assert "save-64K" in bench("--tasks").stdout.decode().split()


@pytest.mark.parametrize(
    "arguments", [["--task", "nonsense"], ["--rounds", "0"], ["--dir", "/dev/null/x"]]
)
def test_what_cannot_be_measured_is_refused(arguments):
    done = bench(*arguments)
    assert done.returncode in (1, 2)
    assert done.stdout == b""


def test_an_unknown_task_is_answered_with_those_there_are():
    assert "save-64K" in complaint(bench("--task", "nonsense"))
