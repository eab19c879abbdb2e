"""What lies where: whole trees, written out."""

import pytest

from fs.trees import (
    CLASSES,
    DATED,
    DEPTH_0,
    DEPTH_2,
    DUMPS,
    PROCESSED,
    RAW,
    Clock,
    look,
)
from fs.weaknesses import classic
from socorro_fast import ConfigurationError, fs

NAMES = [cls.__name__ for cls in CLASSES]
OPTIONS = {"codec": "json"}  # the bytes that the original writes

LEAF = """
20180601/name/aa/bb/ID/ID.browser.dump
20180601/name/aa/bb/ID/ID.dump
20180601/name/aa/bb/ID/ID.json
20180601/name/aa/bb/ID/ID.jsonz
"""
LEGACY = """
20180601/name/aa/bb/ID.browser.dump
20180601/name/aa/bb/ID.dump
20180601/name/aa/bb/ID.json
20180601/name/aa/bb/ID.jsonz
"""
DATED_LEAF = """
20180601/date/12/34_5/ID -> ../../../name/aa/bb/ID
20180601/name/aa/bb/ID/date_root -> ../../../../date/12/34_5
"""
DATED_LEGACY = """
20180601/date/12/34_5/ID -> ../../../name/aa/bb
20180601/name/aa/bb/ID -> ../../../date/12/34_5
"""
DEPTH_2_TREES = {
    "FSRadixTreeStorage": LEAF,
    "FSLegacyRadixTreeStorage": LEGACY,
    "FSDatedRadixTreeStorage": LEAF + DATED_LEAF,
    "FSLegacyDatedRadixTreeStorage": LEGACY + DATED_LEGACY,
    "FSTemporaryStorage": (LEGACY + DATED_LEGACY).replace("20180601", "01"),
}
DEPTH_0_TREES = {
    ("FSRadixTreeStorage", 4): "20071025/name/0b/ba/92/9f/ID/ID.json",
    ("FSRadixTreeStorage", 0): "20071025/name/ID/ID.json",
    ("FSLegacyRadixTreeStorage", 4): "20071025/name/0b/ba/92/9f/ID.json",
    ("FSLegacyRadixTreeStorage", 0): "20071025/name/ID.json",
    ("FSDatedRadixTreeStorage", 4): """
20071025/date/12/34_5/ID -> ../../../name/0b/ba/92/9f/ID
20071025/name/0b/ba/92/9f/ID/ID.json
20071025/name/0b/ba/92/9f/ID/date_root -> ../../../../../../date/12/34_5
""",
    ("FSDatedRadixTreeStorage", 0): """
20071025/date/12/34_5/ID -> ../../../name/ID
20071025/name/ID/ID.json
20071025/name/ID/date_root -> ../../date/12/34_5
""",
    ("FSLegacyDatedRadixTreeStorage", 4): """
20071025/date/12/34_5/ID -> ../../../name/0b/ba/92/9f
20071025/name/0b/ba/92/9f/ID -> ../../../../../date/12/34_5
20071025/name/0b/ba/92/9f/ID.json
""",
    ("FSLegacyDatedRadixTreeStorage", 0): """
20071025/date/12/34_5/ID -> ../../../name
20071025/name/ID -> ../date/12/34_5
20071025/name/ID.json
""",
    ("FSTemporaryStorage", 4): """
25/date/12/34_5/ID -> ../../../name/0b/ba/92/9f
25/name/0b/ba/92/9f/ID -> ../../../../../date/12/34_5
25/name/0b/ba/92/9f/ID.json
""",
    ("FSTemporaryStorage", 0): """
25/date/12/34_5/ID -> ../../../name
25/name/ID -> ../date/12/34_5
25/name/ID.json
""",
}
# Beyond 4 the pieces go through the dashes, as the original's do.
PIECES = ["0b", "ba", "92", "9f", "-8", "72", "1-", "46", "0c"]


def make(cls, root, **options):
    if cls in DATED:
        options.setdefault("now", Clock())
    return cls(fs_root=root, **OPTIONS | options)


def listing(root, crash_id):
    """Files and links as lines; a directory that holds neither would be a line too."""
    found = look(root, modes=False)
    parents = {path.rpartition("/")[0] for path in found}
    lines = [
        f"{path} -> {entry[1]}" if entry[0] == "link" else path
        for path, entry in found.items()
        if path not in parents and path != "."
    ]
    return sorted(line.replace(crash_id, "ID") for line in lines)


def lines(text):
    return sorted(filter(None, text.split("\n")))


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_of_a_crash(cls, tmp_path):
    with make(cls, tmp_path) as storage:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        storage.save_processed(PROCESSED)
    assert listing(tmp_path, DEPTH_2) == lines(DEPTH_2_TREES[cls.__name__])


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("zero_depth", [0, 4])
def test_the_tree_of_a_crash_of_depth_0(cls, zero_depth, tmp_path):
    make(cls, tmp_path, zero_depth=zero_depth).save_raw_crash(RAW, None, DEPTH_0)
    assert listing(tmp_path, DEPTH_0) == lines(DEPTH_0_TREES[cls.__name__, zero_depth])


@pytest.mark.parametrize("depth", range(1, 10))
def test_the_depth_of_the_radix(depth, tmp_path):
    crash_id = DEPTH_0[:29] + str(depth) + DEPTH_0[30:]
    radix = "/".join(PIECES[:depth])
    with make(fs.FSDatedRadixTreeStorage, tmp_path / "leaf") as storage:
        storage.save_raw_crash(RAW, None, crash_id)
    with make(fs.FSLegacyDatedRadixTreeStorage, tmp_path / "legacy") as storage:
        storage.save_raw_crash(RAW, None, crash_id)
    up = "../" * depth
    assert listing(tmp_path / "leaf", crash_id) == sorted(
        [
            f"20071025/date/12/34_5/ID -> ../../../name/{radix}/ID",
            f"20071025/name/{radix}/ID/ID.json",
            f"20071025/name/{radix}/ID/date_root -> {up}../../date/12/34_5",
        ]
    )
    assert listing(tmp_path / "legacy", crash_id) == sorted(
        [
            f"20071025/date/12/34_5/ID -> ../../../name/{radix}",
            f"20071025/name/{radix}/ID -> {up}../date/12/34_5",
            f"20071025/name/{radix}/ID.json",
        ]
    )


def test_every_name_is_an_option(tmp_path):
    options = {
        "json_file_suffix": ".raw",
        "jsonz_file_suffix": ".processed.gz",
        "dump_file_suffix": ".minidump",
        "dump_field": "main",
        "name_branch_base": "crashes",
        "date_branch_base": "queue",
        "minute_slice_interval": 10,
        "now": Clock("03:07:59"),
    }
    with make(fs.FSDatedRadixTreeStorage, tmp_path, **options) as storage:
        storage.save_raw_crash(RAW, {"main": b"1", "upload_file_minidump": b"2"}, DEPTH_2)
        storage.save_processed(PROCESSED)
        assert storage.get_raw_dumps(DEPTH_2) == {"main": b"1", "upload_file_minidump": b"2"}
    assert listing(tmp_path, DEPTH_2) == [
        "20180601/crashes/aa/bb/ID/ID.minidump",
        "20180601/crashes/aa/bb/ID/ID.processed.gz",
        "20180601/crashes/aa/bb/ID/ID.raw",
        "20180601/crashes/aa/bb/ID/ID.upload_file_minidump.minidump",
        "20180601/crashes/aa/bb/ID/date_root -> ../../../../queue/03/07_5",
        "20180601/queue/03/07_5/ID -> ../../../crashes/aa/bb/ID",
    ]


@pytest.mark.parametrize(
    ("interval", "moment", "slot"),
    [
        (1, "00:00:00", "00/00_0"),
        (1, "09:08:59", "09/08_59"),
        (4, "23:59:59", "23/59_14"),
        (7, "12:34:56", "12/34_8"),
        (60, "12:34:56", "12/34_0"),
    ],
)
def test_the_slot_of_a_moment(interval, moment, slot, tmp_path):
    options = {"minute_slice_interval": interval, "now": Clock(moment)}
    make(fs.FSDatedRadixTreeStorage, tmp_path, **options).save_raw_crash(RAW, None, DEPTH_2)
    assert (tmp_path / "20180601/date" / slot / DEPTH_2).is_symlink()


BAD_NAMES = [
    {"name_branch_base": ""},
    {"name_branch_base": ".."},
    {"name_branch_base": "a/b"},
    {"name_branch_base": "a\0b"},
    {"date_branch_base": "."},
    {"date_branch_base": "name"},
    {"json_file_suffix": ""},
    {"json_file_suffix": "json"},
    {"json_file_suffix": "./json"},
    {"json_file_suffix": ".dump"},
    {"dump_file_suffix": ".x.json"},
    {"jsonz_file_suffix": ".\0"},
    {"minute_slice_interval": 0},
    {"minute_slice_interval": 61},
    {"dump_field": "a/b"},
    {"zero_depth": 10},
]


@pytest.mark.parametrize("options", BAD_NAMES, ids=repr)
def test_names_that_would_leave_the_tree_or_collide_are_refused(options, tmp_path):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        fs.FSDatedRadixTreeStorage(fs_root=tmp_path / "crashes", **options)
    assert not (tmp_path / "crashes").exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zero_depth", [0, 4])
@pytest.mark.parametrize("crash_id", [DEPTH_2, DEPTH_0])
def test_names_links_modes_and_bytes_are_the_originals(name, crash_id, zero_depth, tmp_path):
    class Original(getattr(classic, name)):
        pass

    Original.zero_depth = zero_depth
    trees = []
    for cls in (Original, getattr(fs, name)):
        root = tmp_path / cls.__name__
        with make(cls, root, zero_depth=zero_depth, **now_of(name)) as storage:
            storage.save_raw_crash(RAW, DUMPS, crash_id)
        trees.append(look(root))
    assert trees[0] == trees[1]


def now_of(name):
    return {"now": Clock()} if getattr(fs, name) in DATED else {}
