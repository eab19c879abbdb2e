"""Processed crashes: signature, modules and stacks, 20-200 KB of JSON."""

from random import Random
from typing import Any

from socorro_fast.generator import vocabulary


class ProcessedMaker:
    """Makes processed crashes out of one pool of threads and modules.

    Args:
        seed: Decides the pool.
    """

    def __init__(self, seed: int) -> None:
        rng = Random(f"processed {seed}")
        self._threads = [_thread(rng) for _ in range(64)]
        self._modules = [_module(rng, number) for number in range(160)]

    def make(self, rng: Random, raw_crash: dict[str, Any]) -> dict[str, Any]:
        """Return what a processor could make of `raw_crash`; its parts are shared: only read."""
        threads = rng.sample(self._threads, rng.randint(4, 30))
        crashing = rng.randrange(len(threads))
        functions = [frame["function"] for frame in threads[crashing]["frames"][:3]]
        return {
            **_summary(rng, raw_crash),
            "crashing_thread": crashing,
            "json_dump": {
                "crash_info": {"address": _address(rng), "crashing_thread": crashing},
                "modules": rng.sample(self._modules, rng.randint(15, 90)),
                "sensitive": {"exploitability": rng.choice(("none", "low", "high"))},
                "status": "OK",
                "thread_count": len(threads),
                "threads": threads,
            },
            "proto_signature": " | ".join(functions),
            "signature": " | ".join(functions[:2]),
        }


def _summary(rng: Random, raw_crash: dict[str, Any]) -> dict[str, Any]:
    system, version = rng.choice(vocabulary.SYSTEMS)
    return {
        "build": raw_crash["BuildID"],
        "cpu_arch": "amd64",
        "cpu_count": rng.choice((2, 4, 8, 16)),
        "date_processed": raw_crash["submitted_timestamp"],
        "email": raw_crash.get("Email"),
        "os_name": system,
        "os_version": version,
        "process_type": raw_crash["ProcessType"],
        "product": raw_crash["ProductName"],
        "reason": rng.choice(vocabulary.REASONS),
        "release_channel": raw_crash["ReleaseChannel"],
        "success": True,
        "uptime": float(raw_crash["UptimeTS"]),
        "url": raw_crash["URL"],
        "uuid": raw_crash["uuid"],
        "version": raw_crash["Version"],
    }


def _address(rng: Random) -> str:
    return f"0x{rng.getrandbits(47):016x}"


def _thread(rng: Random) -> dict[str, Any]:
    frames = [_frame(rng, number) for number in range(rng.randint(3, 34))]
    return {
        "frame_count": len(frames),
        "frames": frames,
        "last_error_value": None,
        "thread_name": rng.choice(vocabulary.THREAD_NAMES),
    }


def _frame(rng: Random, number: int) -> dict[str, Any]:
    space, verb = rng.choice(vocabulary.NAMESPACES), rng.choice(vocabulary.VERBS)
    noun = rng.choice(vocabulary.NOUNS)
    return {
        "file": f"hg:hg.example:{space.replace('::', '/')}/{noun}.cpp:{rng.getrandbits(48):012x}",
        "frame": number,
        "function": f"{space}::{noun}::{verb}({noun}*, unsigned int)",
        "function_offset": f"0x{rng.randrange(4096):04x}",
        "line": rng.randrange(1, 9000),
        "module": f"{rng.choice(vocabulary.MODULES)}.dll",
        "module_offset": f"0x{rng.getrandbits(26):08x}",
        "offset": _address(rng),
        "trust": "context" if number == 0 else rng.choice(("cfi", "cfi", "scan")),
    }


def _module(rng: Random, number: int) -> dict[str, Any]:
    name = f"{rng.choice(vocabulary.MODULES)}{number}"
    base = rng.getrandbits(47)
    return {
        "base_addr": f"0x{base:016x}",
        "code_id": f"{rng.getrandbits(40):x}",
        "debug_file": f"{name}.pdb",
        "debug_id": f"{rng.getrandbits(128):032X}1",
        "end_addr": f"0x{base + rng.getrandbits(24):016x}",
        "filename": f"{name}.dll",
        "loaded_symbols": rng.random() < 0.6,
        "version": f"10.0.{rng.randrange(30000)}.{rng.randrange(999)}",
    }
