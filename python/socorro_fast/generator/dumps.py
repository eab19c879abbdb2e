"""Dumps: bytes that start like a minidump and compress like one."""

import struct
from random import Random

from socorro_fast.dumps import MAIN_DUMP, MemoryDumpsMapping

SMALLEST = 50_000
LARGEST = 2_000_000

_PAGE = 4096
_POOL_PAGES = 1024
_MEDIAN, _SPREAD = 280_000, 0.7
_HEADER = struct.Struct("<4sIIIIIQ")
_DIRECTORY_ENTRY = struct.Struct("<III")
_STREAM_TYPES = (3, 4, 5, 6, 7, 15)  # threads, modules, memory, exception, system, misc


class DumpMaker:
    """Makes dumps by pasting runs of one pool of memory-like pages: as fast as copying.

    Args:
        seed: Decides the pool.
    """

    def __init__(self, seed: int) -> None:
        rng = Random(f"dumps {seed}")
        words = _words(rng)
        self._pool = memoryview(b"".join(_page(rng, words) for _ in range(_POOL_PAGES)))

    def make(self, rng: Random) -> MemoryDumpsMapping:
        """Return the dumps of one crash: mostly one, now and then three, rarely none."""
        chance = rng.random()
        if chance < 0.03:
            return MemoryDumpsMapping()
        dumps = MemoryDumpsMapping({MAIN_DUMP: self.dump(rng, _size(rng))})
        if chance > 0.9:
            dumps[f"{MAIN_DUMP}_browser"] = self.dump(rng, _size(rng))
            dumps["memory_report"] = rng.randbytes(rng.randrange(5_000, 40_000))
        return dumps

    def dump(self, rng: Random, size: int) -> bytes:
        """Return `size` bytes (at least 104) of a dump."""
        head = _head(rng, size)
        parts: list[bytes | memoryview] = [head]
        missing = size - len(head)
        while missing > 0:
            start = rng.randrange(_POOL_PAGES - 1) * _PAGE
            part = self._pool[start : start + min(missing, rng.randrange(1, 64) * _PAGE)]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def _size(rng: Random) -> int:
    size = int(_MEDIAN * rng.lognormvariate(0, _SPREAD))
    return min(max(size, SMALLEST), LARGEST)


def _head(rng: Random, size: int) -> bytes:
    entries = len(_STREAM_TYPES)
    start = _HEADER.size + entries * _DIRECTORY_ENTRY.size
    length = (size - start) // entries
    stamp = 1_700_000_000 + rng.randrange(10**7)
    directory = (
        _DIRECTORY_ENTRY.pack(kind, length, start + number * length)
        for number, kind in enumerate(_STREAM_TYPES)
    )
    return _HEADER.pack(b"MDMP", 0xA793, entries, _HEADER.size, 0, stamp, 0) + b"".join(directory)


def _words(rng: Random) -> list[bytes]:
    """Return what stacks hold: zeros, pointers into a few modules and the heap, small numbers."""
    bases = [0x7FF0_0000_0000 + rng.getrandbits(28) * 16 for _ in range(12)]
    pointers = [rng.choice(bases) + rng.randrange(1 << 20) for _ in range(1200)]
    numbers = [rng.randrange(1 << 16) for _ in range(300)]
    return [word.to_bytes(8, "little") for word in [*pointers, *numbers, *([0] * 1500)]]


def _page(rng: Random, words: list[bytes]) -> bytes:
    chance = rng.random()
    if chance < 0.2:
        return bytes(_PAGE)
    if chance < 0.85:
        return b"".join(rng.choices(words, k=_PAGE // 8))
    if chance < 0.97:
        name = f"C:\\Program Files\\module{rng.randrange(999)}.dll\0".encode("utf-16-le")
        return (name * _PAGE)[:_PAGE]
    return rng.randbytes(_PAGE)
