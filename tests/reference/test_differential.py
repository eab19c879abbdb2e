"""Ours and the reference, through the same random operations: same answers, same trees."""

import datetime as dt
from itertools import islice

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from reference.oracle import Reference, date_of
from reference.tree import tree, without_empty_slots
from socorro_fast import fs
from socorro_fast.errors import CrashStorageError

CLASSES = (
    "FSRadixTreeStorage",
    "FSLegacyRadixTreeStorage",
    "FSDatedRadixTreeStorage",
    "FSLegacyDatedRadixTreeStorage",
    "FSTemporaryStorage",
)
# A storage that keeps a month only asks the clock which of its days is the newest: not the first
# one of these.
FIRST = 11 if dt.datetime.now(dt.UTC).day in (30, 31, 1) else 1
# Neighbours in every way: one radix directory, one prefix, one day of two months, every depth.
CRASH_IDS = (
    f"aabbcccc-0000-4000-8000-0000021806{FIRST:02}",
    f"aabbcccc-0000-4000-8000-0000121806{FIRST:02}",
    f"aabbcccd-0000-4000-8000-0000021806{FIRST:02}",
    f"aabbcccc-0000-4000-8000-0000021807{FIRST:02}",
    f"aabbcccc-0000-4000-8000-0000011806{FIRST + 1:02}",
    f"aabbcccc-0000-4000-8000-0000041806{FIRST + 1:02}",
    f"aabbcccc-0000-4000-8000-0000001806{FIRST + 1:02}",
    f"aabbcccc-0000-4000-8000-0000051806{FIRST + 1:02}",
    f"aabbcccc-0000-4000-8000-0000091806{FIRST + 1:02}",
)
NO_CRASH_IDS = (
    "",
    "aabbcccc-0000-4000-8000-000002180631",
    "AABBCCCC-0000-4000-8000-000002180601",
    "aabbcccc-0000-4000-8000-000002180601\n",
    "../bcccc-0000-4000-8000-000002180601",
    "aabbcccc-0000-4000-8000-00000a180601",
)
DUMP_NAMES = (
    None,
    "",
    "upload_file_minidump",
    "main",
    "upload_file_minidump_flash1",
    "a.b",
    "json",
)
NO_DUMP_NAMES = ("a/b", "..", ".a", "\0", "a\nb", "x" * 300, "caf\u00e9")

crash_ids = st.sampled_from(CRASH_IDS) | st.sampled_from(CRASH_IDS + NO_CRASH_IDS)
crashes = st.dictionaries(st.sampled_from("abc"), st.integers(-9, 9) | st.text("xyz", max_size=3))
names = st.sampled_from(DUMP_NAMES) | st.sampled_from(DUMP_NAMES + NO_DUMP_NAMES)
dumps = st.none() | st.dictionaries(names, st.binary(max_size=9), max_size=3)
options = st.fixed_dictionaries(
    {},
    optional={
        "codec": st.sampled_from(["json", "orjson"]),
        "umask": st.sampled_from([0o000, 0o022, 0o077]),
        "zero_depth": st.sampled_from([0, 4]),
        "dump_file_suffix": st.sampled_from([".dump", ".dmp"]),
        "json_file_suffix": st.just(".raw"),
        "jsonz_file_suffix": st.just(".json.gz"),
        "dump_field": st.just("main"),
        "name_branch_base": st.just("names"),
        "minute_slice_interval": st.sampled_from([1, 7, 60]),
    },
)


class Clock:
    """The time of both; in another zone, as slots must not depend on that."""

    def __init__(self):
        self.now = dt.datetime(2018, 6, 1, 23, 58, 58, tzinfo=dt.UTC)

    def __call__(self):
        return self.now.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=45)))


def outcome(call):
    """Return what a call returns, or the class of what it raises."""
    try:
        return call()
    except CrashStorageError as error:
        return type(error)


class Differential(RuleBasedStateMachine):
    class_name: str
    root_factory: pytest.TempPathFactory

    @initialize(options=options)
    def open(self, options):
        root = self.root_factory.mktemp("tree")
        self.clock = Clock()
        self.dated = "Dated" in self.class_name or self.class_name == "FSTemporaryStorage"
        self.theirs = Reference(
            fs_root=root / "theirs", class_name=self.class_name, now=self.clock, **options
        )
        own_options = dict(options)
        if self.dated:
            own_options["now"] = self.clock
        else:
            own_options.pop("minute_slice_interval", None)
        storage_class = getattr(fs, self.class_name)
        self.ours = storage_class(fs_root=root / "ours", **own_options)

    def teardown(self):
        if hasattr(self, "ours"):
            self.empty()
            self.ours.close()

    def both(self, method, *arguments):
        """Let both do it, and return what ours did."""
        results = [
            outcome(lambda storage=storage: getattr(storage, method)(*arguments))
            for storage in (self.theirs, self.ours)
        ]
        assert results[1] == results[0]
        return results[1]

    @rule(raw_crash=crashes, dumps=dumps, crash_id=crash_ids)
    def save_raw_crash(self, raw_crash, dumps, crash_id):
        # Of two faults either may be reported, so there is one at most.
        dumps = None if crash_id in NO_CRASH_IDS else dumps
        self.both("save_raw_crash", raw_crash, dumps, crash_id)

    @rule(processed=crashes, crash_id=crash_ids, key=st.sampled_from(["uuid", "crash_id"]))
    def save_processed(self, processed, crash_id, key):
        self.both("save_processed", {**processed, key: crash_id})

    @rule(raw_crash=crashes, dumps=dumps, crash_id=crash_ids, own_id=st.none() | crash_ids)
    def save_raw_and_processed(self, raw_crash, dumps, crash_id, own_id):
        own_id = crash_id if own_id is None else own_id
        dumps = None if crash_id in NO_CRASH_IDS or own_id != crash_id else dumps
        self.both("save_raw_and_processed", raw_crash, dumps, {"uuid": own_id}, crash_id)

    @rule(crash_id=crash_ids, name=names)
    def get(self, crash_id, name):
        name = None if crash_id in NO_CRASH_IDS else name
        for method in (
            "get_raw_crash",
            "get_raw_crash_bytes",
            "get_raw_dumps",
            "get_unredacted_processed",
            "get_unredacted_processed_bytes",
        ):
            self.both(method, crash_id)
        self.both("get_raw_dump", crash_id, name)
        self.both("get_raw_dumps", crash_id, [name, "main"])

    @rule(crash_id=crash_ids)
    def remove(self, crash_id):
        self.both("remove", crash_id)

    @rule(date=st.none() | st.sampled_from([date_of(crash_id) for crash_id in CRASH_IDS]))
    def list_crashes(self, date):
        found = list(self.ours.list_crashes(date))
        assert sorted(found) == sorted(self.theirs.list_crashes(date))
        if self.class_name != "FSTemporaryStorage":
            assert [date_of(crash_id) for crash_id in found] == sorted(map(date_of, found))

    @rule(most=st.integers(0, 4), is_done=st.booleans())
    def take(self, most, is_done):
        if not self.dated:
            return
        taken = [list(islice(storage.new_crashes(), most)) for storage in (self.theirs, self.ours)]
        assert taken[1] == taken[0]
        for crash_id in taken[0]:
            self.both("ack_crash" if is_done else "release_crash", crash_id)

    @rule(seconds=st.sampled_from([1, 4, 61, 3_700, 40_000]))
    def wait(self, seconds):
        self.clock.now += dt.timedelta(seconds=seconds)

    @rule(crash_id=st.sampled_from(CRASH_IDS))
    def reopen(self, crash_id):
        ours = type(self.ours)(**self.ours.options.model_dump(exclude_unset=True))
        self.ours.close()
        self.ours = ours

    @invariant()
    def same_trees(self):
        if hasattr(self, "ours"):
            ours, theirs = (
                without_empty_slots(tree(root)) for root in (self.ours.fs_root, self.theirs.root)
            )
            assert ours == theirs

    def empty(self):
        """Take all out of the queue and remove all: nothing stays but empty days and hours."""
        for hour in (5, 17):  # The directory of the present hour stays for writers.
            self.clock.now = self.clock.now.replace(hour=hour)
            self.take(1_000, is_done=True)
        for crash_id in CRASH_IDS:
            self.both("remove", crash_id)
        assert [path for path in tree(self.ours.fs_root) if path.count("/") > 2] == []


@pytest.mark.parametrize("class_name", CLASSES)
def test_ours_and_the_reference_never_differ(class_name, tmp_path_factory):
    members = {"class_name": class_name, "root_factory": tmp_path_factory}
    machine = type(f"Differential{class_name}", (Differential,), members)
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=25))
