"""Any byte of anything that a segment storage writes may flip."""

import shutil

import pytest

from contract.samples import RAW
from fs.procs import memory_directory
from fs.segment_writer import COPY_AT, killed_after, opened
from socorro_fast import ConfigurationError, CorruptCrash

IDS = [f"{number:08x}-0000-4000-8000-000002180601" for number in range(4)]
ACKNOWLEDGED = IDS[:2]


def dumps_of(crash_id):
    return {"upload_file_minidump": crash_id.encode()}


def fill(storage):
    for each in IDS:
        storage.save_raw_crash(RAW, dumps_of(each), each)
    storage.save_processed({"uuid": IDS[0]})
    crashes = storage.new_crashes()
    for _ in ACKNOWLEDGED:
        storage.ack_crash(next(crashes))
    crashes.close()


def is_damaged(read, expected):
    """Whether reading reports damage; anything but what was saved is a failure."""
    try:
        assert read() == expected
    except CorruptCrash:
        return True
    return False


def check(storage):
    """At most one crash may be damaged, and only one that is in the queue twice be handed out."""
    damaged = 0
    for each in IDS:
        raw = is_damaged(lambda each=each: storage.get_raw_crash(each), RAW)
        dumps = is_damaged(lambda each=each: storage.get_raw_dumps(each), dumps_of(each))
        damaged += raw or dumps
    damaged += is_damaged(lambda: storage.get_processed(IDS[0]), {"uuid": IDS[0]})
    assert damaged <= 1
    queued = sorted(storage.new_crashes())
    assert set(queued) >= set(IDS) - set(ACKNOWLEDGED)
    assert len(queued) <= len(IDS) - len(ACKNOWLEDGED) + 1


def flipped(path):
    """Yield a file's bytes, with each of its bytes flipped in turn but for most of what is zero."""
    data = path.read_bytes()
    for at in range(len(data)):
        if path.suffix != ".seg" or not 100 < at < COPY_AT - 100:
            yield data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


@pytest.mark.parametrize("end", ["sealed", "killed"])
@pytest.mark.parametrize("suffix", [".seg", "queue", "changes", "FORMAT"])
def test_a_flipped_byte_costs_one_crash_and_says_so(end, suffix):
    with memory_directory() as memory:
        whole, root = memory / "whole", memory / "crashes"
        if end == "killed":
            killed_after(whole, fill)
        else:
            with opened(whole) as storage:
                fill(storage)
        (path,) = (path for path in whole.rglob("*") if path.name.endswith(suffix))
        for data in flipped(path):
            shutil.copytree(whole, root)
            (root / path.relative_to(whole)).write_bytes(data)
            if suffix == "FORMAT":
                with pytest.raises(ConfigurationError, match="FORMAT"):
                    opened(root)
            else:
                with opened(root) as storage:
                    check(storage)
            shutil.rmtree(root)
