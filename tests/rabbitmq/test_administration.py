"""Purging queues and queueing by ID, in Python and on the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rabbitmq.crashes import CRASH_ID, IDS, SECOND, drain, save
from socorro_fast import RabbitMQCrashStorage, ReprocessingRabbitMQCrashStore, StorageUnavailable

COMMAND = Path(sys.executable).parent / "socorro-fast"


@pytest.fixture
def cli(options):
    """Run a verb of `socorro-fast rabbitmq` on the queues of this test."""
    given = [word for name, value in options().items() for word in ("-o", f"{name}={value}")]

    def run(verb, *arguments, stdin=""):
        command = [COMMAND, "rabbitmq", verb, *given, *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, encoding="utf-8", check=False
        )

    return run


class TestPurge:
    # The original's deleted the queue, and what collectors sent next was lost.
    def test_empties_a_queue_and_keeps_it(self, storage, channel):
        save(storage, *IDS[:5])
        assert storage.count() == 5
        assert storage.purge() == 5
        assert storage.purge() == 0
        save(storage, CRASH_ID)
        assert drain(storage) == [CRASH_ID]

    def test_takes_one_queue_and_nothing_in_hand(self, make, options):
        storage, other = make(), make(ReprocessingRabbitMQCrashStore)
        save(storage, CRASH_ID)
        save(other, SECOND)
        walk = storage.new_crashes()
        first = next(walk)
        walk.close()
        assert make().purge(options()["standard_queue_name"]) == (first != CRASH_ID)
        storage.release_crash(first)
        assert sorted(drain(make())) in ([CRASH_ID, SECOND], [SECOND])

    def test_of_no_queue_is_an_error(self, storage):
        for call in (storage.purge, storage.count):
            with pytest.raises(StorageUnavailable, match="queue 'nowhere'") as caught:
                call("nowhere")
            assert not caught.value.retryable
        save(storage, CRASH_ID)


class TestCommandLine:
    def test_reprocesses_ids_of_arguments_and_of_standard_input(self, cli, make):
        assert cli("reprocess", *IDS[:2]).stdout.split() == IDS[:2]
        assert cli("reprocess", stdin="\n".join(IDS[2:5])).stdout.split() == IDS[2:5]
        done = cli("priority", "--json", IDS[5])
        assert json.loads(done.stdout)["crash_id"] == IDS[5]
        assert drain(make()) == [IDS[5], *IDS[:5]]

    def test_goes_on_after_a_bad_id(self, cli, make):
        done = cli("reprocess", CRASH_ID, "bad", SECOND)
        assert (done.returncode, done.stdout.split()) == (2, [CRASH_ID, SECOND])
        assert done.stderr.startswith('socorro-fast: crash ID "bad"')
        assert drain(make()) == [CRASH_ID, SECOND]

    def test_purges_when_it_is_told_twice(self, cli, make, options):
        storage = make()
        save(storage, *IDS[:3])
        name = options()["standard_queue_name"]
        done = cli("purge", name)
        assert done.stdout == f"would drop 3 messages of {name}\n"
        assert storage.count() == 3
        done = cli("purge", "--yes", "--json", name)
        assert json.loads(done.stdout) == {"queue": name, "messages": 3, "dropped": True}
        assert storage.count() == 0

    def test_says_in_one_line_what_is_wrong(self, cli):
        done = cli("reprocess", "-o", "port=1", CRASH_ID)
        assert done.returncode == 1
        assert done.stderr.endswith("connection refused\n")
        assert done.stderr.count("\n") == 1


def test_the_options_of_one_class_leave_those_of_the_others(options):
    # The original's reprocessing store changed its parent's defaults when it was imported.
    with ReprocessingRabbitMQCrashStore(**options()) as store:
        assert not store.options.filter_on_legacy_processing
    with RabbitMQCrashStorage(**options()) as storage:
        assert storage.options.filter_on_legacy_processing
        assert storage.queue == options()["standard_queue_name"]
