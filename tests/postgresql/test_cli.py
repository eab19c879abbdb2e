"""The verbs `socorro-fast postgresql ...`."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from socorro_fast import PostgreSQLCrashStorage
from socorro_fast.cli import app
from socorro_fast.postgresql.partitions import PARTITIONED, monday_of


@pytest.fixture
def cli(server):
    """Run a verb on the database `test_cli`; return exit code, output lines, complaint."""
    variables = {
        f"SOCORRO_FAST_{name}".upper(): str(value)
        for name, value in server.options("test_cli").items()
    }

    def run(verb, *arguments):
        done = CliRunner().invoke(app, ["postgresql", verb, *arguments], env=variables)
        return done.exit_code, done.stdout.splitlines(), done.stderr

    yield run
    run("drop", "--yes")


def test_from_an_empty_server_to_crashes_and_back(cli, server):
    status, made, _ = cli("setup", "--weeks", "1", "--read-write-role", "test_rw")
    assert (status, len(made)) == (0, len(PARTITIONED))
    assert cli("setup", "--weeks", "1")[:2] == (0, [])
    assert cli("migrate") == (0, [], "")
    with PostgreSQLCrashStorage(**server.options("test_cli")) as storage:
        storage.save_raw_crash({}, None, "aabbcccc-0000-4000-8000-000002180601")
    status, lines, _ = cli("partitions", "--weeks", "2", "--keep", "1", "--json")
    assert status == 0
    records = [json.loads(line) for line in lines]
    monday = monday_of(dt.datetime.now(dt.UTC).date())
    assert {f"{r['done']} {r['partition'][-8:]}" for r in records} == {
        f"made {monday + dt.timedelta(weeks=1):%Y%m%d}",
        "dropped 20180528",
    }
    status, _, complaint = cli("drop")
    assert (status, "say --yes" in complaint) == (2, True)
    assert cli("drop", "--yes") == (0, [], "")
    status, _, complaint = cli("migrate")
    assert status == 1
    assert "does not exist" in complaint


def test_failures_are_one_line_without_the_password(cli):
    status, _, complaint = cli(
        "migrate", "-o", "database_port=1", "-o", "database_password=hunter2"
    )
    assert status == 1
    assert complaint.startswith("socorro-fast: cannot migrate the schema in postgresql://")
    assert complaint.count("\n") == 1
    assert "hunter2" not in complaint
    assert cli("migrate", "-o", "database_nam=x")[0] == 2
