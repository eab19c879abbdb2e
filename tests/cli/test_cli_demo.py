"""demo: it measures, verifies, and treats the disk with care."""

import json
import os
import pty
import subprocess
from pathlib import Path

from command_line import COMMAND, complaint, run

from socorro_fast import FSDatedRadixTreeStorage, FSLegacyRadixTreeStorage
from socorro_fast.generator import CrashGenerator

SMALL = ["--crashes", "25", "--threads", "2"]


def demo(*arguments: object, directory: Path | None = None):
    return run([str(COMMAND), "demo", *map(str, arguments)], directory=directory)


def test_demo_moves_every_crash_and_measures_each_step(tmp_path):
    done = demo(*SMALL, "--seed", 7, "--keep", tmp_path / "here", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    operations = json.loads(done.stdout)["operations"]
    assert [row["crashes"] for row in operations] == [25, 25, 25, 25, 25, 25, 5, 5]
    assert all(0 < row["p50"] <= row["p99"] and row["per_second"] > 0 for row in operations)

    crashes = list(CrashGenerator(7).crashes(25))
    with FSLegacyRadixTreeStorage(fs_root=str(tmp_path / "here/archive")) as archive:
        assert sorted(archive.list_crashes()) == sorted(crash.crash_id for crash in crashes)
        assert archive.get_raw_dumps(crashes[3].crash_id) == crashes[3].dumps
    with FSDatedRadixTreeStorage(fs_root=str(tmp_path / "here/collector")) as collector:
        assert list(collector.new_crashes()) == []


def test_demo_ends_with_commands_that_work(tmp_path):
    done = demo(*SMALL, directory=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    start = lines.index("The crashes are in demo-crashes/archive. Next:")
    commands = [line for line in lines[start:] if line.startswith("  ")]
    assert len(commands) == 3
    for command in commands:
        shell = ["/bin/sh", "-euc", command]
        shown = subprocess.run(shell, cwd=tmp_path, capture_output=True, check=True)
        assert shown.stdout


def test_second_demo_replaces_the_first(tmp_path):
    for seed in (1, 2):
        assert demo(*SMALL, "--seed", seed, directory=tmp_path).returncode == 0
    with FSLegacyRadixTreeStorage(fs_root=str(tmp_path / "demo-crashes/archive")) as archive:
        assert len(list(archive.list_crashes())) == 25


def test_directory_of_someone_else_is_left_alone(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/precious").write_text("mine")
    done = demo(*SMALL, "--keep", tmp_path)
    assert done.returncode == 2
    assert complaint(done) == f"{str(tmp_path)!r} holds files that no demo put there"
    assert (tmp_path / "archive/precious").read_text() == "mine"


def test_too_little_room_is_said_before_anything_is_saved(tmp_path):
    done = demo("--crashes", 10**10, "--keep", tmp_path / "here")
    assert done.returncode == 1
    assert "MB free: choose fewer with --crashes" in complaint(done)
    assert not (tmp_path / "here/collector").exists()


def test_terminal_gets_progress_bars(tmp_path):
    ours, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(COMMAND), "demo", *SMALL, "--keep", str(tmp_path / "here")],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(terminal)
    shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    assert process.wait() == 0
    assert b"fetch and compare" in shown
    assert b"25/25" in shown


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other side is closed
        return b""
