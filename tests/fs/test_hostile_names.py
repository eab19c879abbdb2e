"""Crash IDs and dump names that would be paths, or no names at all: refused, the disk untouched."""

import pytest

from contract.samples import BAD_DUMP_NAMES, BAD_IDS, LONGEST_DUMP_NAME
from fs.trees import CLASSES, DATED, DEPTH_2, DUMPS, PROCESSED, RAW, look
from socorro_fast import InvalidCrashID, InvalidDumpName

MORE_BAD_IDS = BAD_IDS | {
    "parent": "../" * 8 + "etc/passwd",
    "absolute": "/etc/passwd",
    "300 characters": DEPTH_2 * 9,
    "full-width digit": DEPTH_2[:-1] + "\N{FULLWIDTH DIGIT ONE}",
    "non-breaking hyphen": DEPTH_2.replace("-", "\N{NON-BREAKING HYPHEN}", 1),
    "leading blank": " " + DEPTH_2,
    "braces": "{" + DEPTH_2 + "}",
    "bool": True,
}
BAD_STORED_NAMES = {
    "slash": "a/b",
    "up": "../../../../../../etc/passwd",
    "null": "a\0b",
    "lone surrogate": "\ud800",
    "number": 5,
    "bytes": b"browser",
}
SAVES = {
    "raw": lambda storage, crash_id: storage.save_raw_crash(RAW, DUMPS, crash_id),
    "processed": lambda storage, crash_id: storage.save_processed({"uuid": crash_id}),
    "both": lambda storage, crash_id: storage.save_raw_and_processed(
        RAW, DUMPS, PROCESSED | {"uuid": crash_id}, crash_id
    ),
}
OTHERS = [
    "get_raw_crash",
    "get_raw_crash_bytes",
    "get_raw_dump",
    "get_raw_dumps",
    "get_raw_dumps_as_files",
    "get_unredacted_processed",
    "get_unredacted_processed_bytes",
    "get_processed",
    "remove",
]
QUEUE = ["ack_crash", "release_crash"]
MANY = {
    "save_many": lambda crash_id: (RAW, DUMPS, crash_id),
    "get_many": lambda crash_id: crash_id,
    "remove_many": lambda crash_id: crash_id,
}


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def storage(request, tmp_path):
    """A storage with a crash, which is the same after the test."""
    with request.param(fs_root=tmp_path / "crashes") as storage:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
        before = look(tmp_path)
        yield storage
    assert look(tmp_path) == before


@pytest.mark.parametrize("crash_id", MORE_BAD_IDS.values(), ids=MORE_BAD_IDS)
def test_what_is_no_crash_id_is_refused(storage, crash_id):
    queue = QUEUE if isinstance(storage, tuple(DATED)) else []
    for method in OTHERS + queue:
        with pytest.raises(InvalidCrashID):
            getattr(storage, method)(crash_id)
    for method, item in MANY.items():
        (outcome,) = getattr(storage, method)([item(crash_id)])
        assert isinstance(outcome, InvalidCrashID)


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
@pytest.mark.parametrize("crash_id", MORE_BAD_IDS.values(), ids=MORE_BAD_IDS)
def test_nothing_is_saved_under_what_is_no_crash_id(storage, save, crash_id):
    # A processed crash with neither uuid nor crash_id is refused as that.
    with pytest.raises(ValueError if crash_id is None else InvalidCrashID):
        save(storage, crash_id)


@pytest.mark.parametrize(
    "name",
    [*BAD_DUMP_NAMES.values(), "\ud800", "..", "a/../../b"],
    ids=[*BAD_DUMP_NAMES, "lone surrogate", "up only", "up within"],
)
def test_no_dump_is_saved_under_what_can_be_no_name(storage, name):
    for dumps in ({name: b"x"}, DUMPS | {name: b"x"}, {name: bytearray(b"x")}):
        with pytest.raises(InvalidDumpName):
            storage.save_raw_crash(RAW, dumps, DEPTH_2)
    (outcome,) = storage.save_many([(RAW, {name: b"x"}, DEPTH_2)])
    assert isinstance(outcome, InvalidDumpName)


@pytest.mark.parametrize("name", BAD_STORED_NAMES.values(), ids=BAD_STORED_NAMES)
def test_no_dump_is_read_under_what_can_be_no_name(storage, name):
    with pytest.raises(InvalidDumpName):
        storage.get_raw_dump(DEPTH_2, name)
    with pytest.raises(InvalidDumpName):
        storage.get_raw_dumps(DEPTH_2, ["browser", name])


@pytest.mark.parametrize("cls", CLASSES)
def test_the_longest_name_and_the_oddest_are_kept(cls, tmp_path):
    dumps = {LONGEST_DUMP_NAME: b"1", " ": b"2", "a..b": b"3", "~'\"$(x)*?": b"4", "dump": b"5"}
    with cls(fs_root=tmp_path) as storage:
        storage.save_raw_crash(RAW, dumps, DEPTH_2)
        assert storage.get_raw_dumps(DEPTH_2) == dumps
        assert storage.get_raw_dumps(DEPTH_2, list(dumps)) == dumps


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("name", ["dümp", "a\nb", "\N{PILE OF POO}", "a\x7f"])
def test_dumps_that_only_the_original_would_store_are_read(cls, name, tmp_path):
    storage = cls(fs_root=tmp_path)
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    (json,) = tmp_path.glob(f"**/{DEPTH_2}.json")
    json.with_name(f"{DEPTH_2}.{name}.dump").write_bytes(b"odd")
    assert storage.get_raw_dumps(DEPTH_2) == {name: b"odd"}
    assert storage.get_raw_dump(DEPTH_2, name) == b"odd"
