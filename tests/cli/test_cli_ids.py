"""id new and id show."""

import json

import pytest
from command_line import COMMAND, complaint, run

OLD = "0bba929f-8721-460c-dead-a43c20071025"


def ids(*arguments: str, stdin: str = "") -> list[str]:
    done = run([str(COMMAND), "id", *arguments], stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_new_ids_have_the_date_and_depth_asked_for():
    made = ids("new", "5", "--date", "2026-11-01", "--depth", "3")
    assert len(set(made)) == 5
    assert {crash_id[-7:] for crash_id in made} == {"3261101"}


def test_show_takes_what_new_prints():
    (crash_id,) = ids("new", "--date", "2026-11-01")
    (line,) = ids("show", stdin=f"{crash_id}\n\n")
    assert line.split() == [crash_id, "2026-11-01", "depth", "2", f"{crash_id[:2]}/{crash_id[2:4]}"]


@pytest.mark.parametrize(("zero_depth", "radix"), [("4", ["0b", "ba", "92", "9f"]), ("0", [])])
def test_show_lets_depth_zero_mean_what_it_did(zero_depth, radix):
    (line,) = ids("show", "--json", "--zero-depth", zero_depth, OLD)
    expected = {"crash_id": OLD, "date": "2007-10-25", "depth": len(radix), "radix": radix}
    assert json.loads(line) == expected


def test_show_goes_on_after_what_is_no_id():
    done = run([str(COMMAND), "id", "show", "nonsense", OLD])
    assert done.returncode == 2
    assert done.stdout.decode().startswith(OLD)
    assert "nonsense" in complaint(done)


@pytest.mark.parametrize(
    "arguments", [["new", "--date", "soon"], ["new", "--depth", "5"], ["new", "0"]]
)
def test_impossible_arguments_are_2(arguments):
    assert run([str(COMMAND), "id", *arguments]).returncode == 2
