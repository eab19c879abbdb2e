"""The service crash_data and the file system helpers under their old names."""

import pytest

from fs.trees import DEPTH_0, DEPTH_2, DUMPS, PROCESSED, RAW, paths
from socorro_fast import ConfigurationError, ResourceNotFound, ResourceUnavailable, StorageIOError
from socorro_fast.compat import classic


class Jobs:
    def __init__(self):
        self.created = []

    def create(self, uuid):
        self.created.append(uuid)


@pytest.mark.parametrize(
    "config",
    [
        lambda root: {"filesystem": {"fs_root": root}},
        lambda root: {
            "filesystem": classic.DotDict(
                filesystem_class="socorro.external.fs.crashstorage.FSPermanentStorage", fs_root=root
            )
        },
        lambda root: {"database": {"crashstorage_class": "FSPermanentStorage", "fs_root": root}},
        lambda root: {"crashstorage_class": "FSLegacyDatedRadixTreeStorage", "fs_root": root},
        lambda root: {"fs_root": root},
    ],
)
def test_crash_data(config, tmp_path):
    with classic.FSPermanentStorage({"fs_root": tmp_path}) as storage:
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED | {"url": "u"}, DEPTH_2)
        storage.save_raw_crash(RAW, {}, DEPTH_0)
    jobs = Jobs()
    with classic.CrashData(config(str(tmp_path)), all_services={"Priorityjobs": jobs}) as service:
        assert service.get(uuid=DEPTH_2, datatype="meta").ProductName == "Firefox"
        found = service.get(uuid=DEPTH_2, datatype="raw", name="browser")
        assert found == (DUMPS["browser"], "application/octet-stream")
        assert service.get(uuid=DEPTH_2, datatype="processed") == PROCESSED
        assert service.get(uuid=DEPTH_2, datatype="unredacted").url == "u"
        with pytest.raises(ResourceUnavailable):
            service.get(uuid=DEPTH_0, datatype="processed")
        with pytest.raises(ResourceNotFound):
            service.get(uuid="99990000-0000-4000-8000-000002180601", datatype="processed")
    assert jobs.created == [DEPTH_0]
    with pytest.raises(Exception, match="is closed"):
        service.storage.get_raw_crash(DEPTH_2)


@pytest.fixture
def tree(tmp_path):
    for name in ("a/b/c/file", "a/x", "z/file"):
        classic.makedirs((tmp_path / name).parent)
        (tmp_path / name).touch()
    return tmp_path


def test_making_directories(tree):
    classic.makedirs(tree / "a/b", 0o755)
    with pytest.raises(StorageIOError, match="cannot make directory"):
        classic.makedirs(tree / "a/x/y")


def test_cleaning_empty_directories(tree):
    (tree / "a/b/c/file").unlink()
    classic.cleanEmptySubdirectories(tree, tree / "a/b/c")
    assert paths(tree) == ["a", "a/x", "z", "z/file"]
    (tree / "a/x").unlink()
    classic.cleanEmptySubdirectories(tree, tree / "a/gone/too")
    assert paths(tree) == ["z", "z/file"]
    for leaf in (tree, tree.parent, tree.with_name(tree.name + "x") / "y"):
        with pytest.raises(ConfigurationError, match="is not below"):
            classic.cleanEmptySubdirectories(tree, leaf)


def test_visiting_a_path(tree):
    seen = []
    classic.visitPath(tree, tree / "a/b/c", seen.append)
    assert seen == [str(tree / step) for step in ("a", "a/b", "a/b/c")]
    with pytest.raises(StorageIOError):
        classic.visitPath(tree, tree / "a/none", seen.append)


def test_finding_files(tree):
    def names(*more):
        found = classic.findFileGenerator(tree, lambda it: it[1] == "file", *more)
        return [path.removeprefix(f"{tree}/") for _, _, path in found]

    assert names() == ["a/b/c/file", "z/file"]
    assert names(lambda it: it[1] != "b") == ["z/file"]
    assert names(None, 2) == ["z/file"]
    assert names(None, 0) == []
