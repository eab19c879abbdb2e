"""Copies between storages of every kind: lossless, once, and reported crash by crash."""

import datetime as dt
import itertools

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, OTHER_DAY, PROCESSED, RAW
from contract.samples import crash_id as numbered
from socorro_fast import (
    ConfigurationError,
    CopyReport,
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    FSSegmentStorage,
    InMemoryCrashStorage,
    InvalidCrashID,
    NullCrashStorage,
    OperationNotSupported,
    PolyCrashStorage,
    StorageUnavailable,
    copy,
    copy_each,
    fs,
)

CLASSES = {
    "memory": lambda path: InMemoryCrashStorage(),
    "leaf": lambda path: fs.FSRadixTreeStorage(fs_root=path),
    "legacy": lambda path: fs.FSLegacyDatedRadixTreeStorage(fs_root=path),
    "dated": lambda path: fs.FSDatedRadixTreeStorage(fs_root=path),
    "segments": lambda path: FSSegmentStorage(fs_root=path, durability="os"),
    "poly": lambda path: PolyCrashStorage(
        storages=[fs.FSRadixTreeStorage(fs_root=path / "a"), NullCrashStorage()]
    ),
}
PAIRS = list(itertools.product(CLASSES, CLASSES))


@pytest.fixture
def open_one(tmp_path):
    opened = []

    def make(kind, name="one"):
        opened.append(CLASSES[kind](tmp_path / name))
        return opened[-1]

    yield make
    for storage in opened:
        storage.close()


@pytest.fixture
def source():
    return InMemoryCrashStorage()


@pytest.fixture
def destination():
    return InMemoryCrashStorage()


def everything(storage, *crash_ids):
    return [
        (
            storage.get_raw_crash(each),
            dict(storage.get_raw_dumps(each)),
            storage.get_unredacted_processed(each),
        )
        for each in crash_ids
    ]


def processed(crash_id):
    return PROCESSED | {"uuid": crash_id}


def new_in(storage):
    return [storage.ack_crash(each) for each in storage.new_crashes()]


@pytest.mark.parametrize(("there", "here"), PAIRS)
def test_all_of_a_crash_arrives(open_one, there, here):
    source, destination = open_one(there, "there"), open_one(here, "here")
    ids = [CRASH_ID, OTHER_DAY]
    for each in ids:
        source.save_raw_and_processed(RAW, DUMPS, processed(each), each)
    assert copy(source, destination) == CopyReport(copied=2)
    assert everything(destination, *ids) == everything(source, *ids)
    assert copy(source, destination) == CopyReport(unchanged=2)
    assert list(destination.new_crashes()) == []


@pytest.mark.parametrize(("there", "here"), [pair for pair in PAIRS if "poly" not in pair])
def test_json_stays_as_it_is_byte_for_byte(open_one, there, here):
    source, destination = open_one(there, "there"), open_one(here, "here")
    raw, done = b'{ "a": 1e400,\n"b": 1.0}', b'{"uuid":"%s", "n":NaN}' % CRASH_ID.encode()
    source.save_json(CRASH_ID, raw, {}, done, queue=False)
    copy(source, destination)
    assert destination.get_raw_crash_bytes(CRASH_ID) == raw
    assert destination.get_unredacted_processed_bytes(CRASH_ID) == done
    assert copy(source, destination) == CopyReport(unchanged=1)


def test_a_raw_crash_alone_is_not_queued_unless_asked(source, open_one):
    source.save_raw_crash(RAW, DUMPS, CRASH_ID)
    for number, kind in enumerate(("memory", "dated")):
        quiet, loud = open_one(kind, f"quiet{number}"), open_one(kind, f"loud{number}")
        copy(source, quiet)
        copy(source, loud, queue=True)
        assert quiet.get_raw_dumps(CRASH_ID) == loud.get_raw_dumps(CRASH_ID) == DUMPS
        assert (new_in(quiet), new_in(loud)) == ([], [CRASH_ID])
        copy(source, loud, queue=True)
        assert new_in(loud) == []


def test_a_container_that_would_queue_it_is_not_given_it_silently(source):
    source.save_raw_crash(RAW, DUMPS, CRASH_ID)
    poly = PolyCrashStorage(storages=[InMemoryCrashStorage()])
    report = copy(source, poly)
    assert report.failed == 1
    assert isinstance(report.failures[0].error, OperationNotSupported)
    assert copy(source, poly, queue=True) == CopyReport(copied=1)
    assert new_in(poly) == [CRASH_ID]


def test_the_source_keeps_its_queue(source, destination):
    source.save_raw_crash(RAW, DUMPS, CRASH_ID)
    copy(source, destination)
    assert new_in(source) == [CRASH_ID]


def test_a_processed_crash_alone_is_found_by_its_id(source, destination):
    source.save_processed(PROCESSED)
    assert copy(source, destination) == CopyReport()
    assert copy(source, destination, crash_ids=[CRASH_ID]) == CopyReport(copied=1)
    assert destination.get_unredacted_processed(CRASH_ID) == PROCESSED
    with pytest.raises(CrashIDNotFound):
        destination.get_raw_crash(CRASH_ID)


@pytest.mark.parametrize("half", ["raw", "processed"])
def test_what_an_earlier_copy_left_out_is_added(source, destination, half):
    source.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    if half == "raw":
        destination.save_processed(PROCESSED)
    else:
        destination.save_json(CRASH_ID, b"{}", None, None, queue=False)
        copy(source, destination, replace=True)
    copy(source, destination)
    assert everything(destination, CRASH_ID) == everything(source, CRASH_ID)


@pytest.mark.parametrize(
    "change",
    [
        lambda storage: storage.save_raw_crash({"new": 1}, DUMPS, CRASH_ID),
        lambda storage: storage.save_raw_crash(RAW, {"other": b"1"}, CRASH_ID),
        lambda storage: storage.save_processed(PROCESSED | {"signature": "new"}),
    ],
)
def test_another_version_is_replaced_only_when_asked(source, destination, change):
    for storage in (source, destination):
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, CRASH_ID)
    change(destination)
    before = everything(destination, CRASH_ID)
    (failure,) = copy(source, destination).failures
    assert failure.crash_id == CRASH_ID
    assert "differs" in str(failure.error)
    assert everything(destination, CRASH_ID) == before
    assert copy(source, destination, replace=True) == CopyReport(copied=1)
    assert everything(destination, CRASH_ID) == everything(source, CRASH_ID)


class Failing(InMemoryCrashStorage):
    """Refuses one crash."""

    def save_json(self, crash_id, *args, **options):
        if crash_id == CRASH_ID:
            raise StorageUnavailable("not now")
        super().save_json(crash_id, *args, **options)


def test_one_failure_does_not_stop_the_rest(source, caplog):
    for each in (CRASH_ID, ELSEWHERE, OTHER_DAY):
        source.save_raw_crash(RAW, DUMPS, each)
    reported = []
    destination = Failing()
    report = copy(source, destination, report=reported.append)
    assert (report.copied, report.failed) == (2, 1)
    assert {each.crash_id: each.outcome for each in reported} == {
        CRASH_ID: "failed", ELSEWHERE: "copied", OTHER_DAY: "copied",
    }  # fmt: skip
    assert f"{CRASH_ID} was not copied: not now" in caplog.text
    assert sorted(destination.list_crashes()) == sorted([ELSEWHERE, OTHER_DAY])


def test_what_is_not_there_or_no_id_fails_and_the_rest_is_copied(source, destination):
    source.save_raw_crash(RAW, DUMPS, CRASH_ID)
    report = copy(source, destination, crash_ids=["nonsense", ELSEWHERE, CRASH_ID])
    errors = {each.crash_id: type(each.error) for each in report.failures}
    assert errors == {"nonsense": InvalidCrashID, ELSEWHERE: CrashIDNotFound}
    assert report.copied == 1


def test_damage_is_not_handed_on(source, destination):
    source.save_json(CRASH_ID, b'{"half', {}, None, queue=False)
    source.save_json(ELSEWHERE, b"[]", {}, None, queue=False)
    assert [type(each.error) for each in copy(source, destination).failures] == [CorruptCrash] * 2
    assert list(destination.list_crashes()) == []


def test_a_processed_crash_of_another_id_is_not_saved_under_that(source):
    source.save_json(CRASH_ID, None, None, b'{"uuid": "%s"}' % ELSEWHERE.encode(), queue=False)
    destination = PolyCrashStorage(storages=[InMemoryCrashStorage()])
    assert copy(source, destination, crash_ids=[CRASH_ID]).failed == 1
    with pytest.raises(CrashIDNotFound):
        destination.get_unredacted_processed(ELSEWHERE)


DAYS = [dt.date(2018, 6, 1), dt.date(2018, 6, 2), dt.date(2018, 6, 3)]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, DAYS),
        (DAYS[1], None, DAYS[1:]),
        (None, DAYS[1], DAYS[:2]),
        (DAYS[1], DAYS[1], [DAYS[1]]),
        (DAYS[2], DAYS[0], []),
    ],
)
def test_dates_choose(source, destination, since, until, expected):
    by_day = {day: numbered(1, date=f"{day:%y%m%d}") for day in DAYS}
    for each in by_day.values():
        source.save_raw_crash(RAW, DUMPS, each)
    named = InMemoryCrashStorage()
    copy(source, destination, since=since, until=until)
    copy(source, named, since=since, until=until, crash_ids=by_day.values())
    wanted = [by_day[day] for day in expected]
    assert list(destination.list_crashes()) == list(named.list_crashes()) == wanted


class SavedAgain(InMemoryCrashStorage):
    """Is saved again each time that its dumps are read."""

    def get_raw_dumps(self, crash_id, names=None):
        dumps = super().get_raw_dumps(crash_id, names)
        raw = self.get_raw_crash(crash_id)
        self.save_raw_crash({"n": raw.get("n", 0) + 1}, {None: b"new"}, crash_id)
        return dumps


def test_a_crash_that_keeps_changing_is_not_copied_in_halves(destination):
    source = SavedAgain()
    source.save_raw_crash({}, {None: b"old"}, CRASH_ID)
    (failure,) = copy(source, destination).failures
    assert "saved again" in str(failure.error)
    assert list(destination.list_crashes()) == []


def test_errors_that_are_kept_hold_no_crash(source):
    class Broken(InMemoryCrashStorage):
        def save_json(self, *args, **options):
            try:
                {}["first"]
            except KeyError as error:
                raise CrashStorageError("second") from error

    source.save_raw_crash(RAW, DUMPS, CRASH_ID)
    (failure,) = copy(source, Broken()).failures
    assert failure.error.__traceback__ is failure.error.__cause__.__traceback__ is None


def test_crashes_are_copied_as_they_are_asked_for(source, destination):
    for each in (CRASH_ID, ELSEWHERE):
        source.save_raw_crash(RAW, DUMPS, each)
    next(copy_each(source, destination))
    assert len(list(destination.list_crashes())) == 1


def test_onto_itself_is_refused(source):
    with pytest.raises(ConfigurationError, match="same storage"):
        copy(source, source)


def test_a_source_that_cannot_list_says_so(destination):
    with pytest.raises(OperationNotSupported):
        copy(NullCrashStorage(), destination)
