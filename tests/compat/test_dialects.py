"""Every dialect, one tree: what one of them writes, each of them reads and removes."""

import itertools

import pytest

from compat.crashes import DUMPS, IDS, PROCESSED, RAW
from fs.trees import Clock, paths
from reference.tree import tree
from socorro_fast import CrashIDNotFound, FSLegacyDatedRadixTreeStorage, FSLegacyRadixTreeStorage
from socorro_fast.compat import antenna, classic, socorro


class Native:
    """The API of this package."""

    def __init__(self, root):
        self.storage = self.open(root)

    def open(self, root):
        return FSLegacyRadixTreeStorage(fs_root=root, zero_depth=0, codec="json")

    def save(self, crash_id):
        self.storage.save_raw_crash({**RAW, "uuid": crash_id}, DUMPS, crash_id)
        self.storage.save_processed({**PROCESSED, "uuid": crash_id})

    def load(self, crash_id):
        return (
            self.storage.get_raw_crash(crash_id),
            self.storage.get_raw_dumps(crash_id),
            self.storage.get_unredacted_processed(crash_id),
        )

    def remove(self, crash_id):
        self.storage.remove(crash_id)


class Classic(Native):
    """The API of 2014 to 2018."""

    def open(self, root):
        return classic.FSPermanentStorage(classic.DotDict(fs_root=str(root), zero_depth=0))


class Socorro(Native):
    """The API of today's Socorro."""

    def open(self, root):
        return socorro.FSPermanentStorage(str(root))

    def save(self, crash_id):
        raw_crash = {**RAW, "uuid": crash_id}
        self.storage.save_raw_crash(raw_crash, DUMPS, crash_id)
        self.storage.save_processed_crash(raw_crash, {**PROCESSED, "uuid": crash_id})

    def load(self, crash_id):
        return (
            self.storage.get_raw_crash(crash_id),
            self.storage.get_dumps(crash_id),
            self.storage.get_processed_crash(crash_id),
        )

    def remove(self, crash_id):
        self.storage.delete_crash(crash_id)


class SocorroOverClassic(Socorro):
    """The API of today's Socorro over a storage of 2014 to 2018."""

    def open(self, root):
        return socorro.CrashStorageAdapter(Classic.open(self, root))


class SocorroTree(Native):
    """The API of this package over the class that is made for today's tree."""

    def open(self, root):
        return socorro.SocorroRadixTreeStorage(fs_root=root)


class Antenna(Socorro):
    """The API of Antenna, which knows no processed crashes and no removal, over today's tree."""

    def open(self, root):
        self.antenna = antenna.CrashStorageAdapter({"storage": SocorroTree.open(self, root)})
        return super().open(root)

    def save(self, crash_id):
        self.antenna.save_crash(antenna.CrashReport({**RAW, "uuid": crash_id}, DUMPS, crash_id))
        self.storage.save_processed_crash(None, {**PROCESSED, "uuid": crash_id})

    def load(self, crash_id):
        report = self.antenna.load_crash(crash_id)
        return report.raw_crash, report.dumps, self.storage.get_processed_crash(crash_id)


DIALECTS = [Native, SocorroTree, Classic, Socorro, SocorroOverClassic, Antenna]


def named(cls):
    return cls.__name__


@pytest.mark.parametrize(
    ("writer", "reader"),
    list(itertools.product(DIALECTS, DIALECTS)),
    ids=lambda cls: cls.__name__,
)
def test_one_writes_another_reads_and_removes(writer, reader, tmp_path):
    writing = writer(tmp_path)
    for crash_id in IDS:
        writing.save(crash_id)
    reading = reader(tmp_path)
    for crash_id in IDS:
        expected = {**RAW, "uuid": crash_id}, DUMPS, {**PROCESSED, "uuid": crash_id}
        assert reading.load(crash_id) == expected
    reading.remove(IDS[0])
    with pytest.raises(CrashIDNotFound):
        writing.load(IDS[0])
    for crash_id in IDS[1:]:
        assert writing.load(crash_id)[1] == DUMPS
        reading.remove(crash_id)
    assert paths(tmp_path) == []


@pytest.mark.parametrize("dialect", DIALECTS[1:], ids=named)
def test_all_write_the_same(dialect, tmp_path):
    trees = []
    for each, name in ((Native, "native"), (dialect, "other")):
        writing = each(tmp_path / name)
        for crash_id in IDS:
            writing.save(crash_id)
        trees.append(tree(tmp_path / name))
    assert trees[0] == trees[1]


def native_queue(root):
    return FSLegacyDatedRadixTreeStorage(fs_root=root, zero_depth=0, now=Clock("15:00:00"))


def classic_queue(root):
    config = {"fs_root": root, "zero_depth": 0, "now": Clock("15:00:00")}
    return classic.FSDatedPermanentStorage(config)


@pytest.mark.parametrize(
    ("writer", "reader"),
    list(itertools.product([native_queue, classic_queue], repeat=2)),
    ids=named,
)
def test_one_queues_another_drains_and_the_third_reads(writer, reader, tmp_path):
    with writer(tmp_path) as writing:
        for crash_id in IDS:
            writing.save_raw_crash({**RAW, "uuid": crash_id}, DUMPS, crash_id)
    with reader(tmp_path) as reading:
        assert sorted(map(reading.ack_crash, reading.new_crashes())) == sorted(IDS)
        assert list(reading.new_crashes()) == []
    assert Socorro(tmp_path).storage.get_dumps(IDS[0]) == DUMPS
