"""The whole chain as in 2015: a collector saves, a mover moves, a processor saves what it made."""

import threading

import pytest

from fs.trees import Clock, crash_id, look
from socorro_fast import FSLegacyRadixTreeStorage, InMemoryCrashStorage
from socorro_fast.compat import classic

ACCEPTED = [crash_id(number, "150601") for number in range(20)]
DEFERRED = [crash_id(number, "150601") for number in range(100, 103)]
DUMPS = {"upload_file_minidump": b"MDMP", "browser": b"MDMP browser"}


@pytest.fixture
def config(tmp_path):
    """As an .ini of the time read it: texts, nested."""
    return {
        "collector": {
            "storage": {
                "crashstorage_class": "socorro.external.crashstorage_base.PolyCrashStorage",
                "storage_classes": "socorro.external.fs.crashstorage.FSDatedPermanentStorage,"
                "socorro.external.statsd.statsd_base.MetricsCounter",
                "storage0": {"fs_root": f"{tmp_path}/incoming/", "umask": "022"},
                "storage1": {"active_list": "save_raw_crash"},
            }
        },
        "mover": {
            "source": {
                "crashstorage_class": "socorro.external.fs.crashstorage.FSDatedPermanentStorage",
                "fs_root": f"{tmp_path}/incoming",
            },
            "destination": {
                "crashstorage_class": "socorro.external.crashstorage_base.PrimaryDeferredStorage",
                "deferral_criteria": "lambda crash: crash.get('legacy_processing')",
                "primary": {
                    "storage_class": "socorro.external.fs.crashstorage.FSDatedPermanentStorage",
                    "fs_root": f"{tmp_path}/primary",
                },
                "deferred": {
                    "storage_class": "socorro.external.fs.crashstorage.FSPermanentStorage",
                    "fs_root": f"{tmp_path}/deferred",
                },
            },
        },
        "processor": {
            "new_crash_source": {
                "crashstorage_class": "socorro.external.fs.crashstorage.FSDatedPermanentStorage",
                "fs_root": f"{tmp_path}/primary",
            },
            "destination": {
                "crashstorage_class": "socorro.external.crashstorage_base.FallbackCrashStorage",
                "primary": {
                    "storage_class": "socorro.external.fs.crashstorage.FSPermanentStorage",
                    "fs_root": f"{tmp_path}/processed",
                },
                "fallback": {"storage_class": "NullCrashStorage"},
            },
        },
    }


def opened(space, *args):
    from socorro_fast.compat.classic.config import class_named

    return class_named(space["crashstorage_class"])(space, *args)


def collect(config):
    storage = opened(config["collector"]["storage"], lambda: None)
    for each in [*ACCEPTED, *DEFERRED]:
        raw_crash = classic.DotDict(uuid=each, legacy_processing=int(each in DEFERRED))
        storage.save_raw_crash(raw_crash, classic.MemoryDumpsMapping(DUMPS), each)
    storage.close()


def move(config):
    """As the mover did: the next is asked for when this one was handed to a worker."""
    source = opened(config["mover"]["source"])
    destination = opened(config["mover"]["destination"])
    workers = []
    for each in source.new_crashes():
        work = threading.Thread(target=move_one, args=(source, destination, each))
        work.start()
        workers.append(work)
    for work in workers:
        work.join()
    source.close()
    destination.close()


def move_one(source, destination, crash_id):
    raw_crash = source.get_raw_crash(crash_id)
    dumps = source.get_raw_dumps_as_files(crash_id)
    destination.save_raw_crash_with_file_dumps(raw_crash, dumps, crash_id)
    source.remove(crash_id)


def process(config):
    jobs = classic.FSNewCrashSource(classic.DotDict(config["processor"]["new_crash_source"]))
    source = jobs.crashstorage
    destination = opened(config["processor"]["destination"])
    done = []
    for (each,), kwargs in jobs():
        assert kwargs == {}
        raw_crash = source.get_raw_crash(each)
        dumps = source.get_raw_dumps_as_files(each)
        processed = {"uuid": raw_crash.uuid, "sizes": [len(dumps), raw_crash.legacy_processing]}
        destination.save_raw_and_processed(raw_crash, None, processed, each)
        done.append(each)
    jobs.close()
    destination.close()
    return done


def test_the_chain(config, tmp_path):
    collect(config)
    move(config)
    left = look(tmp_path / "incoming", modes=False)
    assert [path for path, entry in left.items() if entry[0] != "directory"] == []
    assert process(config) == ACCEPTED
    assert process(config) == []
    with FSLegacyRadixTreeStorage(fs_root=tmp_path / "processed") as storage:
        for each in ACCEPTED:
            assert storage.get_processed(each) == {"uuid": each, "sizes": [2, 0]}
            assert storage.get_raw_crash(each)["uuid"] == each
        assert list(storage.list_crashes()) == ACCEPTED
    with FSLegacyRadixTreeStorage(fs_root=tmp_path / "deferred") as storage:
        assert sorted(storage.list_crashes()) == DEFERRED
        assert storage.get_raw_dumps(DEFERRED[0]) == DUMPS


def test_asking_for_the_next_is_the_acknowledgement(tmp_path):
    config = {"fs_root": tmp_path, "now": Clock()}
    storage = classic.FSDatedPermanentStorage(config)
    for each in ACCEPTED[:3]:
        storage.save_raw_crash({"uuid": each}, {}, each)
    crashes = storage.new_crashes()
    assert [next(crashes), next(crashes)] == ACCEPTED[:2]
    crashes.close()
    assert list(storage.new_crashes()) == ACCEPTED[1:3]


def test_a_source_that_acknowledges_by_name(tmp_path):
    config = {"fs_root": tmp_path, "ack": "explicit"}
    source = classic.FSNewCrashSource(config, "processor-1")
    source.crashstorage.save_raw_crash({"uuid": ACCEPTED[0]}, {}, ACCEPTED[0])
    for expected in ([ACCEPTED[0]], []):
        jobs = list(source)
        assert [args[0] for args, _ in jobs] == expected
        for _, kwargs in jobs:
            kwargs["finished_func"]()


def test_a_source_checks_whether_to_quit(tmp_path):
    class Quit(BaseException):
        pass

    def quit_check():
        raise Quit

    for args in [(quit_check,), ("name", quit_check), (None, quit_check)]:
        source = classic.FSNewCrashSource({"fs_root": tmp_path}, *args)
        with pytest.raises(Quit):
            list(source.new_crashes())
    memory = classic.FSNewCrashSource({"crashstorage_class": InMemoryCrashStorage})
    assert list(memory) == []
