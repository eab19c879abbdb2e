"""Segments byte by byte: another reader, written from the documentation, finds the same."""

import json
import os
import stat
import struct

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, OTHER_DAY, PROCESSED, RAW, SAME_RADIX
from fs.segment_reader import crc32c, read_root, read_segment, siphash
from fs.segment_writer import COPY_AT
from socorro_fast import ConfigurationError, FSRadixTreeStorage, FSSegmentStorage

MAIN = "upload_file_minidump"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "crashes"


def opened(root, **options):
    return FSSegmentStorage(fs_root=root, durability="os", **options)


def fill(storage):
    storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    storage.save_raw_and_processed(RAW, {}, PROCESSED, CRASH_ID)
    storage.save_raw_crash({"n": 1}, {None: b"m" * 5000, "b": b"b"}, SAME_RADIX)
    storage.save_raw_crash({"n": 2}, None, SAME_RADIX)
    storage.save_processed({"uuid": ELSEWHERE, "n": 3})
    storage.save_raw_crash({"n": 4}, DUMPS, OTHER_DAY)
    storage.remove(OTHER_DAY)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_reader_from_the_documentation_reads_it(root, sealed):
    storage = opened(root)
    fill(storage)
    if sealed:
        storage.close()
    crashes = read_root(root)
    assert crashes.keys() == {CRASH_ID, SAME_RADIX, ELSEWHERE}
    assert json.loads(crashes[CRASH_ID].raw) == RAW
    assert json.loads(crashes[CRASH_ID].processed) == PROCESSED
    assert crashes[CRASH_ID].dumps == {}
    assert json.loads(crashes[SAME_RADIX].raw) == {"n": 2}
    assert crashes[SAME_RADIX].dumps == {"": b"m" * 5000, "b": b"b"}
    assert crashes[ELSEWHERE].raw is None


def test_the_checks_are_those_of_their_standards():
    assert crc32c(b"123456789") == 0xE3069283
    assert siphash(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


def test_the_footer_is_as_described(root):
    with opened(root) as storage:
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        storage.save_raw_crash(RAW, {}, SAME_RADIX)
    (segment,) = root.glob("20180601/*.seg")
    data = segment.read_bytes()
    footer, check, word = struct.unpack("<QQ8s", data[-24:])
    assert word == b"SFSEALED"
    assert struct.unpack_from("<I", data, 44) == (footer // 8,)
    head = struct.unpack_from("<4sIQQQQQIIQ", data, footer)
    assert head[:4] == (b"SFft", 0, 2, footer)
    assert head[9] == siphash(data[16:32], data[footer : footer + 56]) == check ^ (1 << 64) - 1
    entries = data[footer + 64 : -24]
    assert head[7] == crc32c(entries)
    records = list(read_segment(data))
    for record, entry in zip(records, struct.iter_unpack("<16sQIIBBHI", entries), strict=True):
        key, sequence, offset, length, kind, flags, parts, _ = entry
        assert key.hex() == record.crash_id.replace("-", "")
        assert (sequence, kind, flags) == (record.sequence, record.kind, record.flags)
        assert parts == 1 + len(record.dumps)
        assert data[offset * 8 :][:4] == b"SFrc"
        assert offset * 8 + length * 8 <= footer
    assert (head[4], head[5]) == (records[0].sequence, records[1].sequence)


def test_a_root_of_a_later_version_is_refused_and_named(root):
    opened(root).close()
    (root / "FORMAT").write_text("socorro-fast segments 2\n")
    with pytest.raises(ConfigurationError, match="FORMAT names version 2 of the segment format"):
        opened(root)


def test_a_segment_of_a_later_version_is_refused_and_named(root):
    with opened(root) as storage:
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    (segment,) = root.glob("20180601/*.seg")
    data = bytearray(segment.read_bytes())
    data[8] = data[COPY_AT + 8] = 9
    segment.write_bytes(data)
    with opened(root) as storage, pytest.raises(ConfigurationError, match="of version 9") as caught:
        storage.get_raw_crash(CRASH_ID)
    assert str(segment) in str(caught.value)


def test_a_root_with_another_format_file_is_refused(root):
    root.mkdir()
    (root / "FORMAT").write_text("something else\n")
    with pytest.raises(ConfigurationError, match="does not say that segments are here"):
        opened(root)


def test_a_radix_tree_is_refused(root):
    with FSRadixTreeStorage(fs_root=root) as tree:
        tree.save_raw_crash(RAW, DUMPS, CRASH_ID)
    with pytest.raises(ConfigurationError, match="holds a radix tree, not segments"):
        opened(root)


def test_foreign_files_are_left_alone_and_reported(root, caplog):
    with opened(root) as storage:
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    day = root / "20180601"
    foreign = [root / "notes", day / "x.txt", day / f"{7:016x}.seg"]
    for path in foreign:
        path.write_bytes(b"not yours")
    (root / "elsewhere").mkdir()
    os.mkfifo(day / f"{8:016x}.seg")
    (day / f"{9:016x}.seg").symlink_to(foreign[2])
    others = [day / f"{8:016x}.seg", day / f"{9:016x}.seg", root / "elsewhere"]
    with opened(root) as storage:
        assert list(storage.list_crashes()) == [CRASH_ID]
        storage.remove(CRASH_ID)
    assert all(path.read_bytes() == b"not yours" for path in foreign)
    assert all(f"'{path}'" in caplog.text for path in [*foreign, *others])
    assert all(os.path.lexists(path) for path in others)


@pytest.mark.parametrize("level", [-5, 1, 19])
def test_what_compression_makes_smaller_is_stored_so(root, level):
    with opened(root, compression=f"zstd:{level}") as storage:
        storage.save_raw_and_processed(RAW, {None: bytes(100_000), "b": b"b"}, PROCESSED, CRASH_ID)
        (segment,) = root.glob("20180601/*.seg")
        assert segment.stat().st_size < 10_000
    with opened(root) as storage:
        assert storage.get_raw_crash(CRASH_ID) == RAW
        assert storage.get_raw_dumps(CRASH_ID) == {MAIN: bytes(100_000), "b": b"b"}
        assert storage.get_unredacted_processed(CRASH_ID) == PROCESSED


@pytest.mark.parametrize("compression", ["zstd", "zstd:20", "zstd:x", "gzip:1", "zstd:-8", ""])
def test_a_compression_that_is_none_is_refused(root, compression):
    with pytest.raises(ConfigurationError, match=r'"zstd:LEVEL"'):
        opened(root, compression=compression)


@pytest.mark.parametrize("process_umask", [0, 0o077])
def test_modes_are_those_of_the_options_whatever_the_umask(root, umask, process_umask):
    umask(process_umask)
    with opened(root, umask=0o027, compression="zstd:1") as storage:
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
        walk = storage.new_crashes()
        assert next(walk) == CRASH_ID
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}
        storage.ack_crash(CRASH_ID)
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o750}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o640}
    assert len(modes) > 6


def test_what_dead_writers_were_about_to_make_is_cleared_away(root):
    with opened(root) as storage:
        storage.save_raw_crash(RAW, DUMPS, CRASH_ID)
    (root / "spare").mkdir()
    left = [root / "20180601" / f"{1:016x}.new", root / "spare" / f"{2:016x}.spare"]
    for path in left:
        path.write_bytes(b"")
    with opened(root) as storage:
        assert storage.get_raw_crash(CRASH_ID) == RAW
    assert not any(path.exists() for path in left)
