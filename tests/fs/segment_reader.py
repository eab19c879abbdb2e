"""A reader of segments, written from docs/on-disk-segments.md and nothing else.

It reads every record of every segment, footers or not, and tells what counts.
"""

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

MASK = (1 << 64) - 1
RAW, PROCESSED, KEEPS_DUMPS, QUEUED = 1, 2, 4, 8
CRASH, TOMBSTONE = 1, 2
_CRC_TABLE = []
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = _value >> 1 ^ (0x82F63B78 if _value & 1 else 0)
    _CRC_TABLE.append(_value)


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def siphash(key, message):
    """SipHash-2-4."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D]
    v += [k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def turn(value, by):
        return (value << by | value >> 64 - by) & MASK

    def mix(times):
        for _ in range(times):
            for a, b, by, half in ((0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32)):
                v[a] = v[a] + v[b] & MASK
                v[b] = turn(v[b], by) ^ v[a]
                v[a] = turn(v[a], half) if half else v[a]

    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        mix(2)
        v[0] ^= word
    v[2] ^= 0xFF
    mix(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


@dataclass
class Record:
    kind: int
    flags: int
    crash_id: str
    sequence: int
    raw: bytes | None = None
    processed: bytes | None = None
    dumps: dict = field(default_factory=dict)


def read_segment(data):
    """Yield the committed records of a segment that are not void."""
    assert data[:8] == b"SOCORSEG"
    version, at = struct.unpack_from("<II", data, 8)
    assert version == 1
    checked = data[:44] + bytes(4) + data[48:60]
    assert crc32c(checked) == struct.unpack_from("<I", data, 60)[0]
    salt = data[16:32]
    while data[at : at + 4] == b"SFrc":
        head = struct.unpack_from("<4sBBH16sQQQIIQ", data, at)
        _, kind, flags, parts, key, sequence, _, length, table, table_crc, check = head
        assert check == siphash(salt, data[at : at + 56] + struct.pack("<Q", at))
        table_at, at = at + 64, at + 64 + table
        end = at + -(-length // 8) * 8
        if struct.unpack_from("<Q", data, end)[0] != check ^ MASK:
            return
        digits = key.hex()
        cuts = (0, 8, 12, 16, 20, 32)
        crash_id = "-".join(digits[a:b] for a, b in pairwise(cuts))
        record = Record(kind, flags, crash_id, sequence)
        assert crc32c(data[table_at : table_at + table]) == table_crc
        for _ in range(parts):
            entry = struct.unpack_from("<BBHIQQ", data, table_at)
            what, encoding, name_length, crc, stored, expanded = entry
            name = data[table_at + 24 : table_at + 24 + name_length].decode()
            table_at += 24 + -(-name_length // 8) * 8
            part, at = data[at : at + stored], at + stored
            assert encoding == 0
            assert crc32c(part) == crc
            assert stored == expanded
            if what == 2:
                record.dumps[name] = part
            else:
                setattr(record, "raw" if what == 1 else "processed", part)
        if kind in (CRASH, TOMBSTONE):
            yield record
        at = end + 8


@dataclass
class Crash:
    raw: bytes | None = None
    processed: bytes | None = None
    dumps: dict = field(default_factory=dict)


def read_root(root):
    """Return what counts of every crash below a root, by ID."""
    assert (root / "FORMAT").read_text() == "socorro-fast segments 1\n"
    records = []
    for path in sorted(Path(root).glob("*/*.seg")):
        records += read_segment(path.read_bytes())
    crashes = {}
    for record in sorted(records, key=lambda record: record.sequence):
        if record.kind == TOMBSTONE:
            crashes.pop(record.crash_id, None)
            continue
        crash = crashes.setdefault(record.crash_id, Crash())
        if record.flags & RAW:
            crash.raw = record.raw
            crash.dumps = crash.dumps if record.flags & KEEPS_DUMPS else record.dumps
        if record.flags & PROCESSED:
            crash.processed = record.processed
    return crashes
