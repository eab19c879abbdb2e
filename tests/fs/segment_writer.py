"""Segments as tests want them: written, damaged, and left behind by writers that were killed."""

import os
import signal
import struct

from fs.procs import Child
from fs.segment_reader import crc32c, siphash
from socorro_fast import FSSegmentStorage

MASK = (1 << 64) - 1
COPY_AT = 4096
"""Where a segment has its header again."""
IDS = [f"{number:08x}-0000-4000-8000-000002180601" for number in range(8)]
"""Crashes of one day."""


def dumps_of(crash_id):
    """Return dumps that no other crash has, and that look like headers here and there."""
    return {"upload_file_minidump": crash_id.encode() * 300, "b": b"SFrc" * 8 + b"SFft" * 8}


def save_all(storage):
    """Save all of `IDS`."""
    for each in IDS:
        storage.save_raw_crash({"id": each}, dumps_of(each), each)


def sealed_segment(root):
    """Save all of `IDS`, and return the path of their segment."""
    with opened(root) as storage:
        save_all(storage)
    return the_segment(root)


def opened(root, **options):
    """Open a storage that does not wait for the disk."""
    return FSSegmentStorage(fs_root=root, **{"durability": "os", **options})


def killed_after(root, work, **options):
    """Do `work(storage)` in a child that is killed after it; nothing is sealed."""

    def run():
        work(opened(root, **options))
        os.kill(os.getpid(), signal.SIGKILL)

    assert Child(run).exit_code() == -signal.SIGKILL


def the_segment(root, day="20180601"):
    """Return the path of the only segment of a day."""
    (segment,) = root.glob(f"{day}/*.seg")
    return segment


def is_sealed(path):
    """Say whether a segment ends as a sealed one does."""
    return path.read_bytes().endswith(b"SFSEALED")


def but_sealed(data):
    """Return a segment without what its header and the copy say of whether it is sealed."""
    rest = bytearray(data)
    for at in (0, COPY_AT):
        rest[at + 44 : at + 48] = bytes(4)
    return rest


def records_of(data):
    """Return the offsets at which the records of a segment begin and end."""
    found, at = [], struct.unpack_from("<I", data, 12)[0]
    while data[at : at + 4] == b"SFrc":
        length, table = struct.unpack_from("<QI", data, at + 40)
        end = at + 64 + table + -(-length // 8) * 8 + 8
        found.append((at, end))
        at = end
    return found


def segment_header(number, day, salt, mount=0):
    """Return the header of a segment."""
    data = struct.pack("<8sII16sQIIQI", b"SOCORSEG", 1, 64, salt, number, day, 0, 1, mount)
    return data + struct.pack("<I", crc32c(data))


def record(at, salt, crash_id, sequence, raw):
    """Return a record with a raw crash, as it is at that offset of a segment with that salt."""
    table = struct.pack("<BBHIQQ", 1, 0, 0, crc32c(raw), len(raw), len(raw))
    key = bytes.fromhex(crash_id.replace("-", ""))
    fields = (b"SFrc", 1, 1 | 8, 1, key, sequence, 0, len(raw), len(table), crc32c(table))
    head = struct.pack("<4sBBH16sQQQII", *fields)
    check = siphash(salt, head + struct.pack("<Q", at))
    padding = bytes(-len(raw) % 8)
    ends = struct.pack("<Q", check), struct.pack("<Q", check ^ MASK)
    return head + ends[0] + table + raw + padding + ends[1]


def flip(path, at):
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def remounted(path):
    """Make a segment look as if its file system had been mounted anew since."""
    data = bytearray(path.read_bytes())
    data[56] ^= 1
    data[60:64] = struct.pack("<I", crc32c(bytes(data[:60])))
    path.write_bytes(data)
