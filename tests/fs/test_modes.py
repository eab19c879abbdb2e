"""Permission bits: what the options say, whatever the process's umask is."""

import os

import pytest

from fs.trees import CLASSES, DATED, DEPTH_2, DUMPS, NEIGHBOUR, PROCESSED, RAW, Clock, mode_of
from socorro_fast import ConfigurationError, fs

UMASKS = [0, 0o022, 0o027, 0o077, 0o777]
SETGID = 0o2000


def make(cls, root, **options):
    return cls(fs_root=root, **options, **({"now": Clock()} if cls in DATED else {}))


def save_everything(storage):
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)  # first
    storage.save_raw_crash(RAW, DUMPS | {"new": b"n"}, DEPTH_2)  # replacement
    storage.save_processed(PROCESSED)
    storage.save_processed(PROCESSED)
    storage.save_raw_crash(RAW, DUMPS, NEIGHBOUR)


def modes(root):
    """The modes that files, and those that directories have."""
    found = [path for path in [root, *root.rglob("*")] if not path.is_symlink()]
    return (
        {oct(mode_of(path)) for path in found if path.is_file()},
        {oct(mode_of(path)) for path in found if path.is_dir()},
    )


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("process_umask", UMASKS, ids=oct)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("0o644", "0o755")),
        ({"umask": 0}, ("0o666", "0o777")),
        ({"umask": "027"}, ("0o640", "0o750")),
        ({"umask": 0o077}, ("0o600", "0o700")),
        ({"file_mode": 0o664, "dir_mode": 0o700}, ("0o664", "0o700")),
        ({"file_mode": "0400", "umask": 0o077}, ("0o400", "0o700")),
    ],
    ids=repr,
)
def test_modes_are_the_options(  # noqa: PLR0917 - fixtures
    cls, process_umask, options, expected, tmp_path, umask
):
    umask(process_umask)
    with make(cls, tmp_path / "crashes", **options) as storage:
        save_everything(storage)
    assert modes(tmp_path / "crashes") == tuple({mode} for mode in expected)
    assert umask(process_umask) == process_umask


@pytest.mark.parametrize("cls", CLASSES)
def test_the_process_may_change_its_umask_between_saves(cls, tmp_path, umask):
    umask(0o077)
    storage = make(cls, tmp_path / "crashes")
    for process_umask in UMASKS:
        umask(process_umask)
        save_everything(storage)
        storage.remove(NEIGHBOUR)
    assert modes(tmp_path / "crashes") == ({"0o644"}, {"0o755"})


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("process_umask", [0, 0o077], ids=oct)
def test_the_group_of_a_setgid_root_is_inherited(cls, process_umask, tmp_path, umask):
    root = tmp_path / "crashes"
    root.mkdir()
    if os.geteuid() == 0:
        os.chown(root, -1, 12345)
    root.chmod(0o2755)
    umask(process_umask)
    save_everything(make(cls, root))
    files, directories = modes(root)
    assert (files, directories) == ({"0o644"}, {oct(0o755 | SETGID)})
    assert {path.lstat().st_gid for path in root.rglob("*")} == {root.stat().st_gid}


@pytest.mark.parametrize("cls", CLASSES)
def test_directories_that_are_there_keep_their_modes(cls, tmp_path):
    root = tmp_path / "crashes"
    day = root / ("01" if cls is fs.FSTemporaryStorage else "20180601")
    (day / "name" / "aa").mkdir(parents=True)
    for path in (root, day, day / "name"):
        path.chmod(0o711)
    save_everything(make(cls, root))
    assert [mode_of(path) for path in (root, day, day / "name")] == [0o711] * 3
    assert mode_of(day / "name" / "aa" / "bb") == 0o755


@pytest.mark.parametrize("cls", CLASSES)
def test_a_replacement_has_the_new_mode(cls, tmp_path):
    make(cls, tmp_path, umask=0o022).save_raw_crash(RAW, DUMPS, DEPTH_2)
    make(cls, tmp_path, umask=0o077).save_raw_crash(RAW, {"browser": b"b"}, DEPTH_2)
    files = [path for path in tmp_path.rglob(f"{DEPTH_2}.*") if path.is_file()]
    assert {path.name: oct(mode_of(path)) for path in files} == {
        f"{DEPTH_2}.json": "0o600",
        f"{DEPTH_2}.browser.dump": "0o600",
    }


@pytest.mark.parametrize("mode", ["9", "0o", "rw", 0o10000, -1, 1.5, True])
@pytest.mark.parametrize("option", ["umask", "file_mode", "dir_mode"])
def test_what_is_no_mode_is_refused(option, mode, tmp_path):
    with pytest.raises(ConfigurationError, match=option):
        fs.FSRadixTreeStorage(fs_root=tmp_path, **{option: mode})
