"""What the benchmarks save: the sizes of PERFORMANCE, the same bytes in every run."""

from __future__ import annotations

import json
from random import Random
from typing import Any

DAY = "180601"
"""In the past, so that the original's reader skips no slot as the current one."""

RADIXES = 16
DUMP_64K = 64 * 1024
DUMP_1M = 1024 * 1024
RAW_BYTES = 2_000
PROCESSED_BYTES = 50_000


def crash_ids(count: int, start: int = 0) -> list[str]:
    """Return IDs of depth 2 that share a few radix directories, as those of a busy hour do."""
    return [
        f"{number % RADIXES:02x}{number % RADIXES:02x}{number & 0xFFFF:04x}-{number >> 16:04x}"
        f"-4000-8000-000002{DAY}"
        for number in range(start, start + count)
    ]


def raw_crash() -> dict[str, Any]:
    """Return annotations of about 2 KB of JSON."""
    rng = Random(2)
    crash: dict[str, Any] = {
        "ProductName": "Firefox",
        "Version": "60.0.1",
        "BuildID": "20180516032328",
        "ReleaseChannel": "release",
        "submitted_timestamp": "2018-06-01T12:34:56.789012+00:00",
        "legacy_processing": 0,
        "dump_checksums": {"upload_file_minidump": f"{rng.getrandbits(128):032x}"},
    }
    number = 0
    while len(json.dumps(crash)) < RAW_BYTES:
        crash[f"Annotation{number}"] = f"{rng.getrandbits(96):024x} of {number}"
        number += 1
    return crash


def dump(size: int) -> bytes:
    """Return `size` bytes as incompressible as they come."""
    return Random(size).randbytes(size)


def processed_crash(crash_id: str) -> dict[str, Any]:
    """Return a processed crash of about 50 KB of JSON, most of it frames of threads."""
    rng = Random(3)
    threads: list[dict[str, Any]] = []
    crash: dict[str, Any] = {
        "uuid": crash_id,
        "signature": "mozilla::dom::Promise::MaybeResolve | js::RunScript",
        "json_dump": {"system_info": {"os": "Windows NT", "cpu_count": 8}, "threads": threads},
    }
    size = len(json.dumps(crash))
    while size < PROCESSED_BYTES:
        frames = [_frame(rng, number) for number in range(rng.randrange(2, 12))]
        threads.append({"thread_name": f"worker {len(threads)}", "frames": frames})
        size += len(json.dumps(threads[-1])) + 2
    return crash


_MODULES = ("xul.dll", "ntdll.dll", "mozglue.dll", "kernel32.dll", "user32.dll")


def _frame(rng: Random, number: int) -> dict[str, Any]:
    # The random digits are there to make it compress like a real one, to about 16 %.
    return {
        "frame": number,
        "module": rng.choice(_MODULES),
        "function": f"mozilla::Call{rng.randrange(4_000)}::Run",
        "file": f"hg:hg.mozilla.org:dom/file{rng.randrange(3_000)}.cpp:{rng.getrandbits(12):03x}",
        "line": rng.randrange(1, 4_000),
        "offset": f"0x{rng.getrandbits(64):016x}",
    }
