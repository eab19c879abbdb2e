"""Dumps from and to files: in parts, in bounded memory, whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from contract.samples import CRASH_ID, RAW
from servers.http_faults import INTERNAL_ERROR
from socorro_fast import CrashIDNotFound, StorageUnavailable

MIB = 1 << 20
PARTS = {"multipart_threshold": 5 * MIB, "part_size": 5 * MIB}


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big"
    block = bytes(range(256)) * 4096
    path.write_bytes(b"".join(block[n:] + block[:n] for n in range(12)) + b"end")
    return path


def test_a_file_goes_up_in_parts_and_comes_back(make, faults, big):
    storage = make(port=faults.port, **PARTS)
    storage.save_raw_crash(RAW, {None: big}, CRASH_ID)
    assert faults.writes().count("PUT v1/dump") == 3
    assert [method for method, _ in faults.seen].count("POST") == 2
    files = storage.get_raw_dumps_as_files(CRASH_ID)
    assert Path(files["upload_file_minidump"]).read_bytes() == big.read_bytes()


def test_one_whose_part_fails_leaves_nothing(make, faults, big, moto, bucket):
    faulty = make(port=faults.port, **PARTS)
    faults.fail(INTERNAL_ERROR, "PUT", "partNumber=2")
    with pytest.raises(StorageUnavailable, match="InternalError"):
        faulty.save_raw_crash(RAW, {None: big}, CRASH_ID)
    with pytest.raises(CrashIDNotFound):
        make().get_raw_dump(CRASH_ID)
    assert "Uploads" not in moto.client.list_multipart_uploads(Bucket=bucket)
    assert moto.keys(bucket) == []


def test_a_part_that_failed_is_sent_again(make, faults, storage, big):
    faults.fail(INTERNAL_ERROR, "PUT", "partNumber=2", times=1)
    make(port=faults.port, backoff_delays=(0,), **PARTS).save_raw_crash(RAW, {None: big}, CRASH_ID)
    assert storage.get_raw_dump(CRASH_ID) == big.read_bytes()


def test_memory_is_bounded(seaweedfs, tmp_path):
    """96 MiB go through a process that may grow by a part and what boto3 makes of it."""
    place = seaweedfs.options(seaweedfs.new_bucket()) | {"temp_path": str(tmp_path)}
    script = f"""
import resource
from socorro_fast import BotoCrashStorage

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
storage = BotoCrashStorage(**{place!r})
storage.save_raw_crash({{}}, {{None: b"warm"}}, {CRASH_ID!r})
storage.get_raw_dumps_as_files({CRASH_ID!r})
before = peak()
with open({str(tmp_path / "big")!r}, "wb") as file:
    file.truncate(96 << 20)
storage.save_raw_crash({{}}, {{None: file.name}}, {CRASH_ID!r})
files = storage.get_raw_dumps_as_files({CRASH_ID!r})
with open(files["upload_file_minidump"], "rb") as copy:
    assert copy.seek(0, 2) == 96 << 20
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) < 48
