"""Tar archives of processed crashes: written, and read by ID or one after the other."""

import gzip
import io
import json
import tarfile

import pytest

from fs.trees import DEPTH_2, crash_id
from socorro_fast import ConfigurationError, CorruptCrash
from socorro_fast.compat import classic

IDS = [crash_id(number) for number in range(5)]


def old_archive(path):
    """An archive of 2015: processed crashes in directories by radix."""
    with tarfile.open(path, "w") as archive:
        for each in IDS:
            data = gzip.compress(json.dumps({"uuid": each, "n": {"m": 1}}).encode())
            info = tarfile.TarInfo(f"{each[:2]}/{each[2:4]}/{each}.jsonz")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_what_is_written_is_read(tmp_path):
    config = classic.DotDict(tarball_name=str(tmp_path / "x.tar"))
    with classic.TarFileWritingCrashStore(config, lambda: None) as storage:
        for each in IDS:
            storage.save_processed(classic.DotDict(uuid=each))
    with tarfile.open(config.tarball_name) as archive:
        assert archive.getnames() == [f"{each}.jsonz" for each in IDS]
    with classic.TarFileSequentialReadingCrashStore(config) as storage:
        assert storage.get_unredacted_processed(IDS[3]).uuid == IDS[3]


@pytest.mark.parametrize("asked", ["", None, "whatever", DEPTH_2])
def test_an_id_that_is_not_there_means_the_next(asked, tmp_path):
    old_archive(tmp_path / "old.tar")
    storage = classic.TarFileSequentialReadingCrashStore({"tarball_name": tmp_path / "old.tar"})
    assert [storage.get_unredacted_processed(asked).uuid for _ in IDS] == IDS
    with pytest.raises(classic.CrashIDNotFound):
        storage.get_unredacted_processed(asked)
    assert storage.get_processed(IDS[0]).n.m == 1
    storage.close()


def test_one_without_an_end_gives_up_all_and_then_says_so(tmp_path):
    old_archive(tmp_path / "old.tar")
    data = (tmp_path / "old.tar").read_bytes()
    (tmp_path / "old.tar").write_bytes(data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % 512))
    with classic.TarFileSequentialReadingCrashStore(
        {"tarball_name": tmp_path / "old.tar"}
    ) as storage:
        assert [storage.get_unredacted_processed("").uuid for _ in IDS] == IDS
        with pytest.raises(CorruptCrash, match="it ends early"):
            storage.get_unredacted_processed("")


def test_the_default_name_of_2015(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classic.TarFileCrashStore({}).close()
    assert (tmp_path / "fred.tar").is_file()
    with pytest.raises(ConfigurationError, match="tarball_name"):
        classic.TarFileSequentialReadingCrashStore({})
