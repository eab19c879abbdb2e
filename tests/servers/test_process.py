"""What tests start does not outlive them."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from servers import rabbitmq

STARTS_ONE = """
import pathlib, sys
from servers.process import Server
server = Server(["sleep", "1000"], int, pathlib.Path(sys.argv[1]), will=["touch", sys.argv[2]])
server.start()
print(server.process.pid, server.guard._process.pid, flush=True)
sys.stdin.read()
"""


def ends(pidfd):
    return bool(select.select([pidfd], [], [], 20)[0])


def test_a_server_dies_with_the_process_that_started_it(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, tmp_path / "log", tmp_path / "will"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    ) as starter:
        pidfds = [os.pidfd_open(int(each)) for each in starter.stdout.readline().split()]
        starter.kill()
        try:
            assert all(map(ends, pidfds))
        finally:
            for each in pidfds:
                os.close(each)
    assert (tmp_path / "will").exists()


@pytest.mark.rabbitmq
def test_a_broker_that_crashes_leaves_its_dump_with_its_other_files():
    broker = rabbitmq.own()
    dump = broker.ctl("eval", 'io:format("~s", [os:getenv("ERL_CRASH_DUMP")]).')
    assert dump.startswith(str(broker.cwd / "erl_crash.dump"))
