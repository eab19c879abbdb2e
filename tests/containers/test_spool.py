"""The spool: what was saved gets to the storage behind, whatever happens between."""

import threading

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, OTHER_DAY, PROCESSED, RAW, SAME_RADIX
from contract.samples import crash_id as numbered
from fs.procs import wait_until
from socorro_fast import (
    ConfigurationError,
    CrashIDNotFound,
    CrashStorageError,
    FSSpoolStorage,
    InMemoryCrashStorage,
    InvalidCrash,
    PolyCrashStorage,
    StorageUnavailable,
    fs,
    open_storage,
)
from socorro_fast.containers.spool.mark import KEY

IDS = [CRASH_ID, ELSEWHERE, SAME_RADIX, OTHER_DAY]


class Behind(InMemoryCrashStorage):
    """Can be away, refuse a crash, fail a batch, and say when it is asked."""

    def __init__(self, **options):
        super().__init__(**options)
        self.away = self.breaks_batches = False
        self.refuses, self.fails = set(), set()
        self.during_save = lambda: None

    def save_raw_crash(self, raw_crash, dumps, crash_id):
        if self.away or crash_id in self.fails:
            raise StorageUnavailable("nobody there")
        if crash_id in self.refuses:
            raise InvalidCrash("not this one")
        super().save_raw_crash(raw_crash, dumps, crash_id)
        self.during_save()

    def save_many(self, items):
        if self.breaks_batches:
            raise RuntimeError("a batch of another kind")
        return super().save_many(items)


@pytest.fixture
def behind():
    return Behind()


@pytest.fixture(params=["segments", "radix"])
def layout(request):
    return request.param


@pytest.fixture
def make(tmp_path, behind, layout):
    made = []

    def make_one(storage=behind, **options):
        options = {"durability": "os", "background": False, "layout": layout} | options
        made.append(FSSpoolStorage(storage=storage, fs_root=tmp_path / "spool", **options))
        return made[-1]

    yield make_one
    for spool in made:
        spool.close()


@pytest.fixture
def in_spool(tmp_path, layout):
    """What crashes wait in."""
    classes = {"segments": fs.FSSegmentStorage, "radix": fs.FSDatedRadixTreeStorage}
    with classes[layout](fs_root=tmp_path / "spool/raw/waiting", durability="os") as storage:
        yield storage


@pytest.fixture
def spool(make):
    return make()


def save_all(storage, ids=IDS):
    for each in ids:
        storage.save_raw_crash(RAW, DUMPS, each)


def queued(storage):
    return sorted(storage.ack_crash(each) for each in storage.new_crashes())


def missing(storage, crash_id=CRASH_ID):
    with pytest.raises(CrashIDNotFound):
        storage.get_raw_crash(crash_id)
    return True


class TestMoving:
    def test_a_save_needs_nothing_of_the_storage_behind(self, spool, behind):
        behind.away = True
        save_all(spool)
        assert spool.get_raw_crash(CRASH_ID) == RAW
        assert missing(behind)
        assert spool.stats()["queued"] == len(IDS)

    def test_drain_moves_all_of_it(self, spool, behind):
        save_all(spool)
        assert spool.drain() == len(IDS)
        assert (behind.get_raw_crash(CRASH_ID), behind.get_raw_dumps(CRASH_ID)) == (RAW, DUMPS)
        assert queued(behind) == sorted(IDS)
        assert (spool.stats()["queued"], spool.stats()["bytes"]) == (0, 0)
        assert spool.drain() == 0

    def test_a_thread_does_it_meanwhile(self, make, behind):
        with make(background=True) as spool:
            save_all(spool)
            wait_until(lambda: sorted(behind.list_crashes()) == sorted(IDS))
            wait_until(lambda: spool.stats()["queued"] == 0)
            spool.save_raw_crash({"new": 1}, None, CRASH_ID)
            wait_until(lambda: behind.get_raw_crash(CRASH_ID) == {"new": 1})
            assert behind.get_raw_dumps(CRASH_ID) == DUMPS

    def test_closing_ends_the_thread_and_keeps_what_waits(self, make, behind):
        behind.away = True
        before = threading.active_count()
        spool = make(background=True)
        save_all(spool)
        spool.close()
        assert threading.active_count() == before
        behind = Behind()
        assert make(storage=behind).drain() == len(IDS)

    def test_processed_crashes_are_moved_too(self, spool, behind):
        spool.save_processed(PROCESSED)
        assert spool.get_unredacted_processed(CRASH_ID) == PROCESSED
        assert spool.drain() == 1
        assert behind.get_unredacted_processed(CRASH_ID) == PROCESSED

    def test_raw_and_processed_together_are_not_queued(self, spool, behind):
        spool.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
        assert spool.drain() == 2
        assert behind.get_unredacted_processed(CRASH_ID) == PROCESSED
        assert queued(behind) == []

    def test_what_waits_to_be_queued_is_queued_whatever_is_saved_over_it(self, spool, behind):
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        spool.save_raw_and_processed({"new": 1}, DUMPS, PROCESSED, CRASH_ID)
        spool.drain()
        assert behind.get_raw_crash(CRASH_ID) == {"new": 1}
        assert queued(behind) == [CRASH_ID]

    def test_batches_end_at_a_number_and_at_a_size(self, make, behind):
        sizes = []
        behind.save_many = lambda items: [sizes.append(len(items)), *[None] * len(items)][1:]
        ids = [numbered(number) for number in range(20)]
        spool = make(batch_crashes=5)
        save_all(spool, ids)
        assert spool.drain() == 20
        assert sizes == [5, 5, 5, 4]
        spool = make(batch_bytes=10_000)
        for each in ids:
            spool.save_raw_crash({}, {"a": b"x" * 4_000}, each)
        spool.drain()
        assert sizes[4:] == [3, 3, 3, 3, 3, 3]


class TestBehindAway:
    def test_nothing_is_lost_and_it_drains_later(self, spool, behind):
        behind.away = True
        save_all(spool)
        with pytest.raises(StorageUnavailable, match="nobody there"):
            spool.drain()
        assert "nobody there" in spool.stats()["last_error"]
        behind.away = False
        assert spool.drain() == len(IDS)
        assert queued(behind) == sorted(IDS)
        assert spool.stats()["last_error"] is None

    def test_the_thread_tries_again(self, make, behind):
        behind.away = True
        spool = make(background=True, backoff_delays="0.01")
        save_all(spool)
        wait_until(lambda: spool.stats()["last_error"] is not None)
        behind.away = False
        wait_until(lambda: spool.stats()["queued"] == 0)
        assert queued(behind) == sorted(IDS)

    def test_a_crash_that_fails_alone_does_not_hold_up_the_rest(self, spool, behind):
        behind.fails = {ELSEWHERE}
        save_all(spool)
        for _ in range(2):  # the first time, it looks as if nobody were there
            with pytest.raises(StorageUnavailable):
                spool.drain()
        assert sorted(behind.list_crashes()) == sorted(set(IDS) - {ELSEWHERE})
        assert spool.stats()["queued"] == 1

    def test_a_batch_that_fails_as_a_whole_is_saved_one_by_one(self, spool, behind):
        behind.breaks_batches = True
        save_all(spool)
        assert spool.drain() == len(IDS)

    def test_delays_are_checked_at_once(self, make):
        with pytest.raises(ConfigurationError, match="backoff_delays"):
            make(backoff_delays="soon")


class TestRefused:
    def test_is_kept_and_reported_and_holds_up_nothing(self, spool, behind):
        behind.refuses = {CRASH_ID}
        save_all(spool)
        assert spool.drain() == len(IDS) - 1
        assert list(spool.refused()) == [(CRASH_ID, "InvalidCrash: not this one")]
        assert (spool.stats()["queued"], spool.stats()["refused"]) == (0, 1)
        assert spool.get_raw_crash(CRASH_ID) == RAW
        assert spool.get_raw_dumps(CRASH_ID) == DUMPS
        assert CRASH_ID in list(spool.list_crashes())
        assert spool.drain() == 0

    def test_can_be_tried_again(self, make, spool, behind):
        behind.refuses = {CRASH_ID}
        save_all(spool)
        spool.drain()
        behind.refuses = set()
        assert spool.retry_refused() == 1
        assert (spool.drain(), list(spool.refused())) == (1, [])
        assert behind.get_raw_dumps(CRASH_ID) == DUMPS

    def test_by_every_member_of_a_poly_storage(self, make, behind):
        behind.refuses = {CRASH_ID}
        other = Behind()
        other.refuses = {CRASH_ID}
        spool = make(storage=PolyCrashStorage(storages=[behind, other]))
        save_all(spool)
        spool.drain()
        assert [each for each, _ in spool.refused()] == [CRASH_ID]

    def test_can_be_removed(self, spool, behind):
        behind.refuses = {CRASH_ID}
        save_all(spool)
        spool.drain()
        spool.remove(CRASH_ID)
        assert missing(spool)


class TestRoom:
    @pytest.mark.parametrize("limit", [{"max_crashes": 2}, {"max_bytes": 3_000}])
    def test_a_save_into_a_full_spool_is_refused_after_a_while(self, make, limit):
        spool = make(save_timeout=0.05, **limit)
        for each in IDS[:2]:
            spool.save_raw_crash({}, {"a": b"x" * 1_200}, each)
        with pytest.raises(StorageUnavailable, match="2 crashes of 2404 bytes") as caught:
            spool.save_raw_crash({}, {"a": b"x" * 1_200}, IDS[2])
        assert caught.value.retryable
        assert missing(spool, IDS[2])
        spool.drain()
        spool.save_raw_crash({}, {"a": b"x" * 1_200}, IDS[2])

    def test_a_save_waits_for_room(self, make, behind):
        spool = make(max_crashes=1, save_timeout=60)
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        saver = threading.Thread(target=spool.save_raw_crash, args=(RAW, DUMPS, ELSEWHERE))
        saver.start()
        assert spool.drain() == 1
        saver.join()
        assert spool.get_raw_crash(ELSEWHERE) == RAW

    def test_a_crash_larger_than_the_limit_goes_alone(self, make):
        spool = make(max_bytes=10, save_timeout=0)
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert spool.drain() == 1

    def test_what_was_left_there_counts(self, make):
        save_all(make())
        before = make().stats()
        assert before["queued"] == len(IDS)
        assert before["bytes"] > len(IDS) * sum(len(dump) for dump in DUMPS.values())
        assert before["oldest_age"] >= 0
        with pytest.raises(StorageUnavailable):
            make(max_crashes=4, save_timeout=0).save_raw_crash(RAW, DUMPS, numbered(7))

    def test_a_save_that_fails_leaves_its_room(self, make):
        spool = make(max_crashes=1, save_timeout=0)
        with pytest.raises(CrashStorageError):
            spool.save_raw_crash(RAW, {"a": "/no/such/file"}, CRASH_ID)
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)


class TestReading:
    def test_the_spool_has_the_newer_version(self, spool, behind):
        behind.save_raw_crash({"old": 1}, {"old": b"o"}, CRASH_ID)
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert (spool.get_raw_crash(CRASH_ID), spool.get_raw_dumps(CRASH_ID)) == (RAW, DUMPS)
        assert list(spool.list_crashes()) == [CRASH_ID]

    def test_dumps_that_were_not_given_are_those_from_before(self, spool, behind):
        behind.save_raw_crash({"old": 1}, DUMPS, CRASH_ID)
        spool.save_raw_crash(RAW, None, CRASH_ID)
        assert spool.get_raw_dumps(CRASH_ID) == DUMPS
        assert spool.get_raw_dump(CRASH_ID, "memory") == b"m"
        spool.drain()
        assert (behind.get_raw_crash(CRASH_ID), behind.get_raw_dumps(CRASH_ID)) == (RAW, DUMPS)

    def test_no_dumps_are_no_dumps(self, spool, behind):
        behind.save_raw_crash({"old": 1}, DUMPS, CRASH_ID)
        spool.save_raw_crash(RAW, {}, CRASH_ID)
        assert spool.get_raw_dumps(CRASH_ID) == {}
        spool.drain()
        assert behind.get_raw_dumps(CRASH_ID) == {}

    def test_a_processed_crash_is_redacted_as_behind(self, make, tmp_path):
        member = InMemoryCrashStorage(redactor=["signature"])
        spool = make(storage=PolyCrashStorage(storages=[member]))
        spool.save_processed(PROCESSED)
        before = spool.get_processed(CRASH_ID)
        assert "signature" not in before
        spool.drain()
        assert spool.get_processed(CRASH_ID) == before

    def test_files_are_copies(self, make, tmp_path):
        spool = make(temp_path=tmp_path)
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        files = spool.get_raw_dumps_as_files(CRASH_ID)
        spool.drain()
        assert files.as_memory_dumps_mapping() == DUMPS

    def test_a_crash_may_have_the_key_of_the_mark(self, spool, behind):
        crash = {KEY: {"mine": 1}, "a": [1]}
        spool.save_raw_crash(crash, {}, CRASH_ID)
        assert spool.get_raw_crash(CRASH_ID) == crash
        spool.drain()
        assert behind.get_raw_crash(CRASH_ID) == crash

    def test_what_somebody_else_put_into_the_spool_is_moved(self, make, behind, in_spool):
        save_all(make())
        in_spool.save_raw_crash({"foreign": 1}, DUMPS, numbered(9))
        assert make().drain() == len(IDS) + 1
        assert behind.get_raw_crash(numbered(9)) == {"foreign": 1}

    def test_what_is_in_no_queue_is_moved_after_a_while(self, make, behind, in_spool):
        """As a saver leaves it that dies just before the crash is queued."""
        in_spool.save_json(CRASH_ID, b'{"n": 1}', {}, None, queue=False)
        spool = make()
        assert spool.stats()["queued"] == 1
        assert spool.drain() == 0
        assert spool.drain() == 1
        assert behind.get_raw_crash(CRASH_ID) == {"n": 1}


class TestRaces:
    def test_a_crash_saved_again_while_it_is_moved_is_moved_again(self, spool, behind):
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)

        def save_again():
            behind.during_save = lambda: None
            spool.save_raw_crash({"new": 1}, {}, CRASH_ID)

        behind.during_save = save_again
        spool.drain()
        assert spool.get_raw_crash(CRASH_ID) == {"new": 1}
        assert spool.drain() == 1
        assert behind.get_raw_crash(CRASH_ID) == {"new": 1}

    def test_a_crash_removed_while_it_is_moved_is_gone(self, spool, behind):
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        # As if the removal had looked behind just before the save got there.
        behind.during_save = lambda: spool._remove_waiting(spool._raw, CRASH_ID)
        spool.drain()
        assert missing(behind)
        assert missing(spool)

    def test_readers_see_a_crash_all_the_time(self, make, tmp_path):
        spool = make(storage=fs.FSDatedRadixTreeStorage(fs_root=tmp_path / "behind"))
        ids = [numbered(number) for number in range(25)]
        save_all(spool, ids)
        mover = threading.Thread(target=spool.drain)
        mover.start()
        while mover.is_alive():
            for each in ids:
                assert spool.get_raw_crash(each) == RAW
                assert spool.get_raw_dumps(each) == DUMPS
        mover.join()
        assert spool.stats()["queued"] == 0


class TestRemove:
    def test_takes_it_from_both(self, spool, behind):
        save_all(spool)
        spool.drain()
        spool.save_raw_crash({"new": 1}, {}, CRASH_ID)
        spool.save_processed(PROCESSED)
        spool.remove(CRASH_ID)
        assert missing(spool)
        assert missing(behind)
        assert spool.drain() == 0
        with pytest.raises(CrashIDNotFound):
            spool.remove(CRASH_ID)

    def test_of_what_waits_only(self, spool, behind):
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        spool.remove(CRASH_ID)
        assert spool.stats()["queued"] == 0
        assert spool.drain() == 0


def test_damage_in_the_spool_is_reported_and_holds_up_nothing(make, in_spool, caplog):
    save_all(make())
    in_spool.save_json(CRASH_ID, b'{"half', DUMPS, None, queue=True)
    spool = make()
    assert spool.drain() == len(IDS) - 1
    assert spool.drain() == 0
    assert (spool.stats()["damaged"], spool.stats()["queued"]) == (1, 0)
    assert f"{CRASH_ID} stays in the spool" in caplog.text
    assert in_spool.get_raw_crash_bytes(CRASH_ID) == b'{"half'


@pytest.mark.parametrize("layout", ["segments"], indirect=True)
def test_days_that_are_over_and_empty_are_removed(make, behind, tmp_path):
    spool = make()
    save_all(spool)
    behind.fails = {OTHER_DAY}
    with pytest.raises(StorageUnavailable):
        spool.drain()
    days = {path.name for path in (tmp_path / "spool/raw/waiting").iterdir() if path.is_dir()}
    assert days & {"20180601", "20180702"} == {"20180702"}
    assert spool.get_raw_crash(OTHER_DAY) == RAW


def test_it_opens_from_a_configuration(tmp_path):
    config = {
        "class": "FSSpoolStorage",
        "fs_root": str(tmp_path / "spool"),
        "background": "false",
        "max_crashes": "7",
        "storage": {"class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "kept")},
    }
    with open_storage(config) as spool:
        assert spool.options.max_crashes == 7
        assert "storage = FSRadixTreeStorage" in spool.describe()
        spool.save_raw_crash(RAW, DUMPS, CRASH_ID)
        assert spool.drain() == 1
        assert spool.storage.get_raw_crash(CRASH_ID) == RAW
