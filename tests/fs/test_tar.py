"""Tar archives: complete or not there, readable by tar and by ID, never written over."""

import gzip
import io
import itertools
import json
import os
import random
import subprocess
import sys
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from contract.samples import (
    BAD_DUMP_NAMES,
    BAD_IDS,
    CRASH_ID,
    DAY,
    DUMPS,
    ELSEWHERE,
    OTHER_DAY,
    PROCESSED,
    RAW,
    SAME_RADIX,
    crash_id,
)
from socorro_fast import (
    ConfigurationError,
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    OperationNotSupported,
    StorageIOError,
    TarFileSequentialReadingCrashStore,
    TarFileWritingCrashStore,
)
from socorro_fast.fs import tar_reading
from socorro_fast.fs.archive import KEPT


@pytest.fixture
def path(tmp_path):
    return tmp_path / "crashes.tar"


@pytest.fixture
def writer(path):
    with TarFileWritingCrashStore(tarball_name=path) as store:
        yield store


@pytest.fixture
def read(path, tmp_path):
    """Open the archive for reading; all are closed at the end."""
    stores = []

    def open_one():
        stores.append(TarFileSequentialReadingCrashStore(tarball_name=path, temp_path=tmp_path))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def reread(writer, read):
    """Close the writer and open the archive for reading."""

    def reopen():
        writer.close()
        return read()

    return reopen


def test_a_crash_comes_back_by_its_id(writer, reread):
    writer.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    writer.save_raw_crash({"n": 2}, {}, ELSEWHERE)
    store = reread()
    assert store.get_raw_crash(ELSEWHERE) == {"n": 2}
    assert store.get_raw_dumps(ELSEWHERE) == {}
    assert store.get_raw_crash(CRASH_ID) == RAW
    assert json.loads(store.get_raw_crash_bytes(CRASH_ID)) == RAW
    assert store.get_raw_dumps(CRASH_ID) == DUMPS
    assert store.get_raw_dumps(CRASH_ID, [None, "memory"]).keys() == {
        "upload_file_minidump",
        "memory",
    }
    assert store.get_raw_dump(CRASH_ID) == DUMPS["upload_file_minidump"]
    assert store.get_raw_dumps_as_files(CRASH_ID).as_memory_dumps_mapping() == DUMPS
    assert store.get_unredacted_processed(CRASH_ID) == PROCESSED
    assert "email" not in store.get_processed(CRASH_ID)


def test_tar_can_read_it(writer, path, tmp_path):
    writer.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    writer.save_raw_crash(RAW, None, ELSEWHERE)
    writer.close()
    subprocess.run(["tar", "-xf", path, "-C", tmp_path], check=True, capture_output=True)
    assert json.loads((tmp_path / f"{CRASH_ID}.json").read_bytes()) == RAW
    assert (tmp_path / f"{CRASH_ID}.dump").read_bytes() == DUMPS["upload_file_minidump"]
    assert (tmp_path / f"{CRASH_ID}.memory.dump").read_bytes() == DUMPS["memory"]
    packed = (tmp_path / f"{CRASH_ID}.jsonz").read_bytes()
    assert json.loads(gzip.decompress(packed)) == PROCESSED
    assert (tmp_path / f"{ELSEWHERE}.json").exists()


def test_the_archive_appears_when_it_is_closed(writer, path):
    writer.save_raw_crash(RAW, DUMPS, CRASH_ID)
    assert not path.exists()
    (partial,) = path.parent.iterdir()
    assert partial.name.startswith(".crashes.tar.")
    writer.close()
    assert list(path.parent.iterdir()) == [path]
    writer.close()
    with pytest.raises(CrashStorageError, match="closed"):
        writer.save_processed(PROCESSED)


def test_an_archive_is_never_written_over(writer, path):
    path.write_bytes(b"precious")
    with pytest.raises(StorageIOError, match="File exists"):
        TarFileWritingCrashStore(tarball_name=path)
    writer.save_raw_crash(RAW, DUMPS, CRASH_ID)
    with pytest.raises(StorageIOError, match=r"publish .*partial as.*File exists"):
        writer.close()
    assert path.read_bytes() == b"precious"
    (partial,) = path.parent.glob(".*.partial")
    with TarFileSequentialReadingCrashStore(tarball_name=partial) as store:
        assert store.get_raw_dumps(CRASH_ID) == DUMPS


def test_an_empty_archive_is_one(reread):
    store = reread()
    assert list(store.list_crashes()) == []
    assert list(store.new_crashes()) == []


class TestReplacement:
    def test_the_last_version_counts(self, writer, reread):
        writer.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        writer.save_raw_crash({"new": 1}, {"new": b"n"}, CRASH_ID)
        writer.save_processed({"uuid": CRASH_ID})
        store = reread()
        assert store.get_raw_crash(CRASH_ID) == {"new": 1}
        assert store.get_raw_dumps(CRASH_ID) == {"new": b"n"}
        assert store.get_unredacted_processed(CRASH_ID) == {"uuid": CRASH_ID}
        assert list(store.list_crashes()) == [CRASH_ID]
        assert list(store.new_crashes()) == [CRASH_ID]

    def test_none_leaves_the_dumps(self, writer, reread):
        writer.save_raw_crash(RAW, DUMPS, CRASH_ID)
        writer.save_raw_crash({"new": 1}, None, CRASH_ID)
        assert reread().get_raw_dumps(CRASH_ID) == DUMPS


class TestRefusals:
    @pytest.mark.parametrize("bad", BAD_IDS.values(), ids=BAD_IDS)
    def test_bad_ids(self, writer, reread, bad):
        with pytest.raises(InvalidCrashID):
            writer.save_raw_crash(RAW, DUMPS, bad)
        with pytest.raises(InvalidCrashID):
            reread().get_raw_crash(bad)

    @pytest.mark.parametrize("bad", BAD_DUMP_NAMES.values(), ids=BAD_DUMP_NAMES)
    def test_bad_dump_names(self, writer, reread, bad):
        with pytest.raises(InvalidDumpName):
            writer.save_raw_crash(RAW, {"good": b"g", bad: b"b"}, CRASH_ID)
        assert list(reread().new_crashes()) == []

    def test_what_is_no_json(self, writer):
        with pytest.raises(InvalidCrash):
            writer.save_raw_crash({"a": object()}, {}, CRASH_ID)
        with pytest.raises(InvalidCrash):
            writer.save_raw_and_processed(RAW, {}, {"uuid": ELSEWHERE}, CRASH_ID)

    def test_what_they_do_not_have(self, writer, reread):
        writer.save_processed(PROCESSED)
        with pytest.raises(OperationNotSupported, match="no get_raw_crash"):
            writer.get_raw_crash(CRASH_ID)
        store = reread()
        assert "save_raw_crash" not in store.capabilities
        with pytest.raises(OperationNotSupported, match="no remove"):
            store.remove(CRASH_ID)
        for call in (store.get_raw_crash, store.get_raw_dump, store.get_raw_dumps):
            with pytest.raises(CrashIDNotFound, match=f"for crash {CRASH_ID} in .*crashes.tar"):
                call(CRASH_ID)

    def test_reading_needs_a_name(self):
        with pytest.raises(ConfigurationError, match="'tarball_name'"):
            TarFileSequentialReadingCrashStore()


class TestDumpFiles:
    def test_a_file_is_copied(self, writer, reread, tmp_path):
        upload = tmp_path / "upload"
        upload.write_bytes(os.urandom(3_000_001))
        writer.save_raw_crash(RAW, {None: upload, "b": bytearray(b"b")}, CRASH_ID)
        assert reread().get_raw_dumps(CRASH_ID) == {
            "upload_file_minidump": upload.read_bytes(),
            "b": b"b",
        }

    @pytest.mark.parametrize("kind", ["missing", "directory", "pipe"])
    def test_one_that_cannot_be_read_leaves_nothing(self, writer, reread, tmp_path, kind):
        bad = tmp_path / kind
        if kind == "directory":
            bad.mkdir()
        elif kind == "pipe":
            os.mkfifo(bad)
        writer.save_raw_crash(RAW, DUMPS, ELSEWHERE)
        with pytest.raises(StorageIOError, match=str(bad)):
            writer.save_raw_crash(RAW, {"a": b"a" * 5000, "z": bad}, CRASH_ID)
        writer.save_raw_crash(RAW, DUMPS, SAME_RADIX)
        store = reread()
        assert list(store.new_crashes()) == [ELSEWHERE, SAME_RADIX]
        assert store.get_raw_dumps(SAME_RADIX) == DUMPS


def test_a_disk_that_fills_up_fails_the_save_and_no_other(writer, reread):
    import resource
    import signal

    writer.save_raw_crash(RAW, DUMPS, CRASH_ID)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StorageIOError, match="cannot write archive"):
            writer.save_raw_crash(RAW, {"big": bytes(200_000)}, ELSEWHERE)
        writer.save_raw_crash({"n": 3}, {"small": b"s"}, SAME_RADIX)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    store = reread()
    assert list(store.new_crashes()) == [CRASH_ID, SAME_RADIX]
    assert store.get_raw_dumps(SAME_RADIX) == {"small": b"s"}


def test_threads_may_share_a_writer(writer, reread):
    ids = [[crash_id(thread << 8 | number) for number in range(50)] for thread in range(8)]

    def save(own):
        for each in own:
            writer.save_raw_crash({"id": each}, {None: each.encode() * 50}, each)

    threads = [threading.Thread(target=save, args=(own,)) for own in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = reread()
    for each in itertools.chain.from_iterable(ids):
        assert store.get_raw_crash(each) == {"id": each}
        assert store.get_raw_dump(each) == each.encode() * 50


def test_a_child_of_a_fork_neither_writes_nor_publishes(writer, path, reread):
    writer.save_raw_crash(RAW, DUMPS, CRASH_ID)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with pytest.raises(CrashStorageError, match="parent"):
                writer.save_raw_crash(RAW, DUMPS, ELSEWHERE)
            writer.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not path.exists()
    assert list(reread().new_crashes()) == [CRASH_ID]


class TestOrder:
    @pytest.fixture
    def store(self, writer, reread):
        for each in (OTHER_DAY, ELSEWHERE, CRASH_ID):
            writer.save_raw_crash(RAW, {}, each)
        writer.save_processed({"uuid": SAME_RADIX})
        return reread()

    def test_the_queue_has_that_of_the_archive(self, store):
        walk = store.new_crashes()
        assert next(walk) == OTHER_DAY
        store.release_crash(OTHER_DAY)
        assert list(walk) == [ELSEWHERE, CRASH_ID, SAME_RADIX]
        assert [store.ack_crash(each) for each in store.new_crashes()] == [OTHER_DAY]

    def test_a_listing_goes_by_date(self, store):
        assert list(store.list_crashes()) == [ELSEWHERE, CRASH_ID, OTHER_DAY]
        assert list(store.list_crashes(DAY)) == [ELSEWHERE, CRASH_ID]


def until_damage(walk):
    """Return what an iterator yields before it raises that the archive is damaged."""
    found = []
    with pytest.raises(CorruptCrash, match=r"crashes.tar.* is damaged"):
        found.extend(iter(lambda: next(walk), None))
    return found


class TestCutArchives:
    """What a writer that was killed leaves: no end, and perhaps half a crash."""

    @pytest.fixture
    def cut(self, writer, path, read):
        """Save three crashes, and open what is left of the archive after so many bytes."""
        for each in (OTHER_DAY, CRASH_ID, ELSEWHERE):
            writer.save_raw_crash(RAW, DUMPS, each)
        writer.close()

        def cut_after(text):
            data = path.read_bytes()
            path.write_bytes(data[: data.index(text) + tarfile.BLOCKSIZE])
            return read()

        return cut_after

    @pytest.mark.parametrize("part", ["json", "memory.dump"])
    def test_all_before_are_handed_out_and_then_it_is_damaged(self, cut, part):
        store = cut(f"{ELSEWHERE}.{part}".encode())
        assert until_damage(store.list_crashes()) == [CRASH_ID, OTHER_DAY]
        assert until_damage(store.new_crashes()) == [OTHER_DAY, CRASH_ID]
        assert store.get_raw_crash(CRASH_ID) == RAW
        assert store.get_raw_dumps(OTHER_DAY) == DUMPS
        with pytest.raises(CrashIDNotFound):
            store.get_processed(CRASH_ID)

    def test_nothing_that_may_be_lost_is_called_missing(self, cut):
        store = cut(f"{ELSEWHERE}.memory.dump".encode())
        assert store.get_raw_crash(ELSEWHERE) == RAW
        for call in (store.get_raw_dumps, store.get_raw_dumps_as_files, store.get_processed):
            with pytest.raises(CorruptCrash, match=f"of crash {ELSEWHERE}, there may have been"):
                call(ELSEWHERE)
        with pytest.raises(CorruptCrash):
            store.get_raw_dump(ELSEWHERE, "memory")
        with pytest.raises(CorruptCrash):
            store.get_raw_crash(SAME_RADIX)

    def test_an_old_version_does_not_stand_for_one_that_was_cut(self, writer, path, read):
        writer.save_raw_crash({"n": 1}, DUMPS, ELSEWHERE)
        writer.save_raw_crash({"n": 1}, DUMPS, CRASH_ID)
        writer.save_raw_crash({"n": 2, "long": "x" * 5000}, DUMPS, CRASH_ID)
        writer.close()
        os.truncate(path, path.read_bytes().index(b'{"n":2') + 1000)
        store = read()
        assert until_damage(store.list_crashes()) == [ELSEWHERE]
        with pytest.raises(CorruptCrash):
            store.get_raw_crash(CRASH_ID)

    @pytest.mark.parametrize("extra", [0, 100, 512 + 10])
    def test_one_of_the_originals_gives_up_every_processed_crash(self, path, read, extra):
        members = [(f"{each}.jsonz", gzip.compress(b"{}")) for each in (OTHER_DAY, CRASH_ID)]
        TestForeignArchives.write(path, [*members, (f"{ELSEWHERE}.jsonz", bytes(1000))])
        os.truncate(path, 4 * tarfile.BLOCKSIZE + extra)
        store = read()
        assert until_damage(store.new_crashes()) == [OTHER_DAY, CRASH_ID]
        assert store.get_processed(CRASH_ID) == {}

    def test_a_writer_that_was_killed_leaves_all_that_it_saved(self, tmp_path, path):
        code = (
            "import os, sys, socorro_fast as s\n"
            "from contract.samples import crash_id\n"
            "store = s.TarFileWritingCrashStore(tarball_name=sys.argv[1])\n"
            "for n in range(20):\n"
            "    store.save_raw_crash({'n': n}, {None: bytes(70_000)}, crash_id(n))\n"
            "os.kill(os.getpid(), 9)"
        )
        tests = Path(__file__).parents[1]
        subprocess.run([sys.executable, "-c", code, path], check=False, cwd=tests)
        assert not path.exists()
        (left,) = tmp_path.glob(".crashes.tar.*.partial")
        with TarFileSequentialReadingCrashStore(tarball_name=left) as store:
            # The last one is there, but nothing says that it is whole.
            assert len(until_damage(store.new_crashes())) == 19
            assert store.get_raw_dump(crash_id(19)) == bytes(70_000)


class TestForeignArchives:
    @staticmethod
    def write(path, members, mode="w"):
        with tarfile.open(path, mode) as archive:
            for name, content in members:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    def test_the_originals_are_read(self, path, read):
        self.write(
            path,
            [
                (f"aa/bb/{CRASH_ID}.jsonz", gzip.compress(b'{"a": 1}')),
                ("README", b"hello"),
                ("x" * 36 + ".json", b"{}"),
            ],
        )
        store = read()
        assert store.get_unredacted_processed(CRASH_ID) == {"a": 1}
        assert list(store.new_crashes()) == [CRASH_ID]

    @pytest.mark.parametrize(
        ("name", "content"),
        [("jsonz", b"no gzip"), ("jsonz", gzip.compress(b"[1]")), ("jsonz", gzip.compress(b"{"))],
    )
    def test_damage_is_named(self, path, read, name, content):
        self.write(path, [(f"{CRASH_ID}.{name}", content)])
        with pytest.raises(CorruptCrash, match=rf"crashes.tar/{CRASH_ID}.jsonz is damaged: "):
            read().get_unredacted_processed(CRASH_ID)

    @pytest.mark.parametrize("content", [b"", b"x" * 5000, gzip.compress(b"x" * 5000)])
    def test_what_is_no_archive_is_damaged(self, path, content):
        path.write_bytes(content)
        with pytest.raises(CorruptCrash, match=r"crashes.tar is damaged"):
            TarFileSequentialReadingCrashStore(tarball_name=path)

    @pytest.mark.parametrize("size", [512 + 100, 600_000])
    def test_an_archive_that_ends_early_is_damaged(self, path, size):
        self.write(path, [(f"{CRASH_ID}.dump", bytes(1_000_000))])
        os.truncate(path, size)
        with pytest.raises(CorruptCrash):
            TarFileSequentialReadingCrashStore(tarball_name=path)

    def test_no_cut_passes_for_the_end(self, path):
        self.write(path, [(f"{CRASH_ID}.json", b"{}"), (f"{ELSEWHERE}.json", b"{}")])
        whole, end = path.read_bytes(), 4 * tarfile.BLOCKSIZE
        for size in (*range(1, end, 97), 2 * tarfile.BLOCKSIZE, end, end + 100):
            path.write_bytes(whole[:size])
            with (
                pytest.raises(CorruptCrash),
                TarFileSequentialReadingCrashStore(tarball_name=path) as store,
            ):
                list(store.list_crashes())
        assert str(path) not in map(os.path.realpath, Path("/proc/self/fd").iterdir())
        path.write_bytes(whole[: end + tarfile.BLOCKSIZE])
        with TarFileSequentialReadingCrashStore(tarball_name=path) as store:
            assert len(list(store.list_crashes())) == 2

    def test_a_damaged_header_does_not_pass_for_the_end(self, path, read):
        self.write(path, [(f"{CRASH_ID}.json", b"{}"), (f"{ELSEWHERE}.json", b"{}")])
        damaged = bytearray(path.read_bytes())
        damaged[2 * tarfile.BLOCKSIZE] ^= 1
        path.write_bytes(damaged)
        why = f"no header at 1024; of crash {CRASH_ID}, there may have been more"
        with pytest.raises(CorruptCrash, match=why):
            next(read().new_crashes())

    def test_one_cut_after_it_was_opened_is_damaged(self, path, read):
        self.write(path, [(f"{CRASH_ID}.dump", bytes(1_000_000))])
        store = read()
        os.truncate(path, 5_000)
        with pytest.raises(CorruptCrash, match=r"ends [0-9]+ bytes early"):
            store.get_raw_dump(CRASH_ID)

    def test_a_missing_archive_cannot_be_opened(self, path):
        with pytest.raises(StorageIOError, match="cannot open archive"):
            TarFileSequentialReadingCrashStore(tarball_name=path)

    def test_links_are_not_followed(self, path, read):
        with tarfile.open(path, "w") as archive:
            info = tarfile.TarInfo(f"{CRASH_ID}.json")
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
        assert list(read().new_crashes()) == []

    def test_sparse_files_are_no_part_of_a_crash(self, path, read, caplog, tmp_path):
        with (tmp_path / f"{CRASH_ID}.dump").open("wb") as file:
            file.truncate(1 << 20)
            file.seek(1 << 19)
            file.write(b"end")
        command = ["tar", "--sparse", "-cf", path, "-C", tmp_path, f"{CRASH_ID}.dump"]
        subprocess.run(command, check=True, capture_output=True)
        assert list(read().new_crashes()) == []
        assert "is no part of a crash" in caplog.text

    @pytest.mark.parametrize("name", ["..", "a\0b", "\udcff"])
    def test_dumps_with_impossible_names_hide_no_others(self, path, read, name):
        self.write(path, [(f"{CRASH_ID}.{name}.dump", b"x"), (f"{CRASH_ID}.a.dump", b"a")])
        self.add(path, f"{CRASH_ID}.json", b"{}")
        assert set(read().get_raw_dumps(CRASH_ID).values()) <= {b"a", b"x"}

    @staticmethod
    def add(path, name, content):
        with tarfile.open(path, "a") as archive:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.pax_headers = {KEPT: "kept"}
            archive.addfile(info, io.BytesIO(content))

    @pytest.mark.parametrize(
        "size", [b"\xff" * 12, b"\x80" + b"\xff" * 11, b"\x80" + bytes(3) + b"\xff" * 8, b"zzzz"]
    )
    def test_a_size_that_cannot_be_is_damage(self, path, size):
        self.write(path, [(f"{CRASH_ID}.json", b"{}"), (f"{ELSEWHERE}.json", b"{}")])
        data = bytearray(path.read_bytes())
        for start in (0, 1024):
            data[start + 124 : start + 136] = size.ljust(12, b"\0")
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
        path.write_bytes(data)
        with pytest.raises(CorruptCrash, match=r"crashes.tar is damaged"):
            TarFileSequentialReadingCrashStore(tarball_name=path)

    def test_a_bomb_is_damage(self, path, read, monkeypatch):
        monkeypatch.setattr(tar_reading, "_PROCESSED_MAX", 1000)
        self.write(path, [(f"{CRASH_ID}.jsonz", gzip.compress(b" " * 1_000_000 + b"{}"))])
        with pytest.raises(CorruptCrash, match="expands to more than 1000 bytes"):
            read().get_unredacted_processed(CRASH_ID)

    def test_headers_of_chance_raise_nothing_else(self, writer, path, read):
        writer.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        writer.save_raw_crash(RAW, None, ELSEWHERE)
        writer.close()
        whole = path.read_bytes()
        chance = random.Random(5)
        for _ in range(600):
            data = bytearray(whole)
            start = chance.randrange(len(data) // 512) * 512
            for place in [*chance.sample(range(512), 3), chance.randrange(124, 136)]:
                data[start + place] = chance.choice([0, 0x80, 0xFF, chance.randrange(256)])
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
            path.write_bytes(data)
            with suppress(CrashStorageError):
                store = read()
                for crash_id in store.new_crashes():
                    for get in (store.get_raw_crash, store.get_raw_dumps, store.get_processed):
                        with suppress(CrashStorageError):
                            get(crash_id)
