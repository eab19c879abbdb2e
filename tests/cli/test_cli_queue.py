"""new: draining the queue; and what is left when the reader or the user ends it early."""

import os
import pty
import signal
import subprocess

import pytest
from command_line import COMMAND, RAW, run

from socorro_fast import TarFileWritingCrashStore


@pytest.fixture
def queued(cli):
    return sorted(cli.put(RAW) for _ in range(3))


def test_new_hands_out_every_crash_once(cli, queued):
    assert sorted(cli.lines("new")) == queued
    assert cli.lines("new") == []
    assert sorted(cli.lines("ls")) == queued


def test_new_as_json(cli, queued):
    assert sorted(record["crash_id"] for record in cli.records("new")) == queued


def test_without_ack_the_queue_stays(cli, queued):
    assert sorted(cli.lines("new", "--no-ack")) == queued
    assert sorted(cli.lines("new")) == queued


def test_limit_leaves_the_rest_queued(cli, queued):
    first, rest = cli.lines("new", "--limit", 1), cli.lines("new")
    assert len(first) == 1
    assert sorted(first + rest) == queued


def test_processed_crash_beside_the_raw_one_is_not_queued(cli, tmp_path):
    processed = tmp_path / "processed.json"
    processed.write_text('{"signature": "OOM"}')
    cli.put(RAW, "--processed", processed)
    assert cli.lines("new") == []


@pytest.mark.parametrize("verb", ["new", "ls"])
def test_what_was_handed_out_before_a_failure_is_printed(tmp_path, verb):
    path = tmp_path / "cut.tar"
    ids = [f"0000000{number}-0000-4000-8000-000002180601" for number in range(3)]
    with TarFileWritingCrashStore(tarball_name=path) as store:
        for each in ids:
            store.save_raw_crash(RAW, {}, each)
    os.truncate(path, path.read_bytes().index(ids[2].encode()) + 600)
    tar = ["--class", "TarFileSequentialReadingCrashStore", "-o", f"tarball_name={path}"]
    done = run([str(COMMAND), verb, *tar])
    assert done.stdout.decode().split() == ids[:2]
    assert done.returncode == 3
    assert b"cut.tar is damaged" in done.stderr


@pytest.mark.parametrize("verb", ["new", "ls"])
def test_reader_that_is_gone_loses_no_crash(cli, queued, verb):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        cli.arguments(verb), stdout=write_end, stderr=subprocess.PIPE, check=False
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")
    assert sorted(cli.lines("new")) == queued


def test_interrupt_is_130_without_a_traceback(cli, queued):
    with subprocess.Popen(
        cli.arguments("cat"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell has its background jobs ignore it, and they hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        process.stdin.write(f"{queued[0]}\n".encode())
        process.stdin.flush()
        process.stdout.readline()  # it is at work, and waits for the next ID
        process.send_signal(signal.SIGINT)
        stderr = process.stderr.read().decode()
    assert process.returncode == 130
    assert stderr == "socorro-fast: interrupted; the store is consistent\n"


def test_dump_is_kept_from_the_terminal(cli, queued):
    ours, terminal = pty.openpty()
    done = subprocess.run(
        cli.arguments("cat", queued[0], "--dump", "upload_file_minidump"),
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    os.close(ours)
    assert done.returncode == 2
    assert b"a dump is binary" in done.stderr


def test_ids_are_not_awaited_from_a_terminal(cli, queued):
    ours, terminal = pty.openpty()
    done = subprocess.run(cli.arguments("cat"), stdin=terminal, capture_output=True, check=False)
    os.close(terminal)
    os.close(ours)
    assert done.returncode == 2
    assert complaint_of_usage(done.stderr) == "give crash IDs as arguments or on standard input"


def complaint_of_usage(stderr: bytes) -> str:
    return stderr.decode().splitlines()[-1].rpartition(": ")[2]
