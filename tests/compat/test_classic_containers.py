"""The classic containers: made from configurations, failing as the original's code expects."""

import logging
import pickle
import socket
import traceback
from collections import UserDict

import pytest

from fs.trees import DEPTH_2, DUMPS, PROCESSED, RAW, crash_id
from socorro_fast import CrashIDNotFound, InMemoryCrashStorage, OperationNotSupported
from socorro_fast import containers as native
from socorro_fast.compat import classic
from socorro_fast.compat.classic.wrappers import StatsdExporter
from socorro_fast.containers.prometheus import PrometheusExporter
from socorro_fast.errors import ConfigurationError, PolyCrashStorageError

MEMORY = {"storage_class": "InMemoryCrashStorage"}


class Broken(classic.CrashStorageBase):
    """Fails at everything, in the way of storages that were written for the original."""

    def _fail(self, *_args):
        raise OSError(28, "No space left on device")

    save_raw_crash = save_processed = save_raw_and_processed = close = _fail


class Unclosable(classic.CrashStorageBase):
    def close(self):
        raise NotImplementedError


def poly(*classes, **more):
    names = [f"n{number}" for number in range(len(classes))]
    spaces = {name: {"crashstorage_class": cls} for name, cls in zip(names, classes, strict=True)}
    return classic.PolyCrashStorage({"storage_namespaces": ",".join(names), **spaces, **more})


class Converted:
    """What configman makes of a list of classes."""

    subordinate_namespace_names = ("storage0", "storage1")


@pytest.mark.parametrize(
    "config",
    [
        {"storage_classes": "InMemoryCrashStorage, socorro.external.x.NullCrashStorage"},
        {"storage_classes": [InMemoryCrashStorage, classic.NullCrashStorage]},
        {
            "storage_classes": Converted,
            "storage0": {"crashstorage_class": "InMemoryCrashStorage"},
            "storage1": {"crashstorage_class": "NullCrashStorage"},
        },
        {
            "storage_namespaces": "storage0,storage1",
            "storage0": {"crashstorage_class": "InMemoryCrashStorage"},
            "storage1": {"crashstorage_class": "NullCrashStorage"},
        },
    ],
    ids=["text", "classes", "converted", "namespaces"],
)
def test_poly_members_are_named_in_every_way(config):
    with classic.PolyCrashStorage(config) as storage:
        assert list(storage.stores) == ["storage0", "storage1"]
        assert isinstance(storage.stores.storage0, InMemoryCrashStorage)
        assert isinstance(storage.stores["storage1"], classic.NullCrashStorage)
        storage.save_raw_crash(classic.DotDict(RAW), DUMPS, DEPTH_2)
        assert storage.stores.storage0.get_raw_crash(DEPTH_2).ProductName == "Firefox"
        assert storage.get_raw_crash(DEPTH_2).ProductName == "Firefox"
        assert isinstance(storage, native.PolyCrashStorage)


def test_dotted_namespaces():
    config = {
        "storage_namespaces": "destination.a",
        "destination": {"a": {"crashstorage_class": "InMemoryCrashStorage"}},
    }
    storage = classic.PolyCrashStorage(config, "x")
    assert [each.namespace for each in storage.members] == ["x.destination.a"]


def test_poly_without_namespaces_is_the_storage_beside_it():
    config = {"storage_namespaces": "", "crashstorage_class": "InMemoryCrashStorage"}
    assert [type(each).__name__ for each in classic.PolyCrashStorage(config).members] == [
        "InMemoryCrashStorage"
    ]
    with pytest.raises(ConfigurationError, match="needs a class in 'crashstorage_class'"):
        classic.PolyCrashStorage({})


def test_failures_come_as_a_sequence():
    storage = poly(Broken, "InMemoryCrashStorage", Broken)
    with pytest.raises(classic.PolyStorageError) as caught:
        storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    error = caught.value
    assert isinstance(error, PolyCrashStorageError)
    assert storage.stores.n1.get_raw_crash(DEPTH_2) == RAW
    assert error.has_exceptions()
    assert len(error) == len(error.exceptions) == 2
    kind, value, trace = error[0]
    assert (kind, value.errno) == (OSError, 28)
    assert "_fail" in "".join(traceback.format_tb(trace))
    assert [each[1] for each in error] == list(error.exceptions)
    assert value in error
    assert error[1] in error
    assert "n0" in str(error)
    assert "n2" in str(error)
    assert "No space left" in "".join(traceback.format_exception(error))
    logging.getLogger("test").debug("each can be logged", exc_info=error[0])


def test_closing_tells_of_every_failure_and_minds_no_missing_close():
    with pytest.raises(classic.PolyStorageError) as caught:
        poly(Broken, Unclosable, "InMemoryCrashStorage", Broken).close()
    assert len(caught.value) == 2
    storage = poly(Unclosable, "InMemoryCrashStorage")
    storage.close()
    storage.close()


class TestPolyStorageError:
    def test_is_filled_by_the_code_that_tries(self):
        error = classic.PolyStorageError("saving")
        assert (bool(error), len(error), error.has_exceptions()) == (False, 0, False)
        for number in range(2):
            try:
                {}[number]
            except KeyError:
                error.gather_current_exception()
        assert [each.args for each in error.exceptions] == [(0,), (1,)]
        assert str(error) == "saving,KeyError(0),KeyError(1)"
        error[0] = error[1]
        assert [each[1].args for each in error] == [(1,), (1,)]
        with pytest.raises(PolyCrashStorageError):
            raise error

    def test_without_a_message_or_an_exception(self):
        error = classic.PolyStorageError()
        error.gather_current_exception()
        assert (str(error), list(error)) == ("", [])

    def test_splits_like_a_group(self):
        error = classic.PolyStorageError("m", [ValueError(1), KeyError(2)])
        matched, rest = error.split(ValueError)
        assert [type(each) for each in (matched, rest)] == [classic.PolyStorageError] * 2
        assert (len(matched), len(rest)) == (1, 1)


def test_fallback():
    config = {"primary": {"storage_class": Broken}, "fallback": MEMORY}
    storage = classic.FallbackCrashStorage(config, lambda: None)
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    assert storage.fallback_store.get_raw_dumps(DEPTH_2) == DUMPS
    assert isinstance(storage.primary_store, Broken)
    assert storage.get_processed(DEPTH_2).signature == PROCESSED["signature"]
    config["fallback"] = {"storage_class": Broken}
    with pytest.raises(classic.PolyStorageError) as caught:
        classic.FallbackCrashStorage(config).save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert len(caught.value) == 2


def test_migration():
    old, new = crash_id(1, "180531"), crash_id(2, "180601")
    config = {"primary": MEMORY, "fallback": MEMORY, "date_threshold": "180601"}
    storage = classic.MigrationCrashStorage(config)
    for each in (old, new):
        storage.save_raw_crash(RAW, {}, each)
    assert list(storage.fallback_store.list_crashes()) == [old]
    assert list(storage.primary_store.list_crashes()) == [new]
    default = {"primary": MEMORY, "fallback": MEMORY}
    threshold = classic.MigrationCrashStorage(default).options.date_threshold
    assert f"{threshold:%y%m%d}" == "150401"


@pytest.mark.parametrize(
    "criteria",
    [{}, {"deferral_criteria": 'lambda crash: crash.get("legacy_processing")'}],
    ids=["default", "text"],
)
def test_deferred(criteria):
    storage = classic.PrimaryDeferredStorage({"primary": MEMORY, "deferred": MEMORY, **criteria})
    storage.save_raw_crash({"legacy_processing": 0}, {}, crash_id(1))
    storage.save_raw_crash({"legacy_processing": 1}, {}, crash_id(2))
    assert list(storage.primary_store.list_crashes()) == [crash_id(1)]
    assert list(storage.deferred_store.list_crashes()) == [crash_id(2)]
    assert list(storage.new_crashes()) == [crash_id(1)]


def test_deferred_by_a_callable_and_processed():
    config = {"primary": MEMORY, "deferred": MEMORY, "processed": MEMORY}
    config["deferral_criteria"] = lambda crash: crash["Version"].startswith("9")
    storage = classic.PrimaryDeferredProcessedStorage(config, "", lambda: None)
    storage.save_raw_crash({"Version": "9.1"}, {}, DEPTH_2)
    storage.save_processed(PROCESSED)
    assert storage.deferred_store.get_raw_crash(DEPTH_2).Version == "9.1"
    assert storage.processed_store.get_processed(DEPTH_2) == PROCESSED
    assert storage.get_processed(DEPTH_2).signature == PROCESSED["signature"]
    with pytest.raises(CrashIDNotFound):
        storage.primary_store.get_raw_crash(DEPTH_2)


def test_benchmarking(caplog):
    caplog.set_level(logging.DEBUG)
    config = {"wrapped_crashstore": "InMemoryCrashStorage", "benchmark_tag": "Tag"}
    storage = classic.BenchmarkingCrashStorage(config, lambda: None)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    assert storage.get_raw_dump(DEPTH_2, "browser") == DUMPS["browser"]
    assert [storage.ack_crash(each) for each in storage.new_crashes()] == [DEPTH_2]
    said = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("Tag save_raw_crash 0:00:00") for line in said)
    assert any(line.startswith("Tag get_raw_dump") for line in said)
    assert isinstance(storage.wrapped_crashstore, InMemoryCrashStorage)
    with pytest.raises(ConfigurationError, match="needs a class in 'wrapped_crashstore'"):
        classic.BenchmarkingCrashStorage({})


class Acting(classic.InMemoryCrashStorage):
    def act(self, one, two=0):
        return one + two

    def other(self):
        return "other"


def test_metrics_wrapper_times_what_is_listed():
    exporter = PrometheusExporter()
    config = {"wrapped_object_class": Acting, "metrics_prefix": "processor", "exporter": exporter}
    storage = classic.MetricsBenchmarkingWrapper(config)
    storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    assert storage.get_raw_crash(DEPTH_2) == RAW
    assert (storage.act(1, two=2), storage.other()) == (3, "other")
    assert isinstance(storage.wrapped_object, Acting)
    labels = 'storage="processor.Acting",operation="{}"'
    counts = [line for line in exporter.text().splitlines() if "_count{" in line]
    assert [line.partition("{")[2] for line in counts] == [
        labels.format("act") + "} 1",
        labels.format("save_raw_and_processed") + "} 1",
    ]
    with pytest.raises(AttributeError):
        storage.nothing_like_that  # noqa: B018 - the look-up is the test


def test_metrics_counter_counts_calls_and_keeps_nothing():
    exporter = PrometheusExporter()
    config = {"active_list": "save_processed, act", "exporter": exporter}
    storage = classic.MetricsCounter(config, lambda: None)
    storage.save_raw_crash(RAW, DUMPS, DEPTH_2)
    storage.save_processed(PROCESSED)
    storage.act("whatever")
    assert not hasattr(storage, "not_listed")
    counts = [line for line in exporter.text().splitlines() if "_count{" in line]
    assert [line.split('operation="')[1] for line in counts] == ['act"} 1', 'save_processed"} 1']
    with pytest.raises(OperationNotSupported):
        storage.get_raw_crash(DEPTH_2)


@pytest.fixture
def statsd():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        yield server


def test_statsd_gets_counts_and_times(statsd):
    config = {
        "statsd_host": "127.0.0.1",
        "statsd_port": statsd.getsockname()[1],
        "prefix": "save_processed",
        "wrapped_object_class": "InMemoryCrashStorage",
    }
    with classic.StatsdCrashStorage(config) as counter:
        counter.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    assert statsd.recv(999) == b"save_processed.StatsdCounter.save_raw_and_processed:1|c"
    with classic.StatsdBenchmarkingCrashStorage(config) as wrapper:
        wrapper.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    name, _, rest = statsd.recv(999).decode().partition(":")
    assert name == "save_processed.InMemoryCrashStorage.save_raw_and_processed"
    assert float(rest.removesuffix("|ms")) > 0


def test_statsd_that_is_away_stops_nothing():
    exporter = StatsdExporter("no host has spaces", 1)
    exporter.counted("a", "b")
    exporter.failed("a", "b", "c")
    exporter.close()
    exporter.timed("a", "b", 1)


def test_five_deep(tmp_path):
    config = {
        "primary": {
            "storage_class": "PolyCrashStorage",
            "storage_classes": "BenchmarkingCrashStorage",
            "storage0": {
                "wrapped_crashstore": "MigrationCrashStorage",
                "primary": {"storage_class": "FSPermanentStorage", "fs_root": str(tmp_path)},
                "fallback": MEMORY,
            },
        },
        "fallback": {"storage_class": "NullCrashStorage"},
    }
    with classic.FallbackCrashStorage(config) as storage:
        storage.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
        assert storage.get_raw_crash(DEPTH_2).Version == "60.0"
    with classic.FSPermanentStorage({"fs_root": tmp_path}) as leaf:
        assert leaf.get_raw_dumps(DEPTH_2) == DUMPS


class Away(classic.InMemoryCrashStorage):
    def new_crashes(self):
        raise OSError(5, "away")
        yield


def test_queues_that_fail_fail_as_a_sequence():
    spaces = {"primary": {"storage_class": Away}, "fallback": {"storage_class": Away}}
    with pytest.raises(classic.PolyStorageError) as caught:
        list(classic.FallbackCrashStorage(spaces).new_crashes())
    assert len(caught.value) == 2


def test_criteria_see_attributes_whatever_the_crash_came_as():
    config = {"primary": MEMORY, "deferred": MEMORY, "deferral_criteria": lambda crash: crash.later}
    storage = classic.PrimaryDeferredStorage(config)
    storage.save_raw_crash(UserDict({"later": 1}), {}, DEPTH_2)
    assert storage.deferred_store.get_raw_crash(DEPTH_2).later == 1


def test_members_that_are_made_already():
    members = [classic.InMemoryCrashStorage({}), InMemoryCrashStorage()]
    storage = classic.PolyCrashStorage(storages=members)
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    assert [member.get_raw_crash(DEPTH_2) for member in members] == [RAW, RAW]


@pytest.mark.parametrize("sub", ["InMemoryCrashStorage", "BenchmarkingCrashStorage"])
def test_a_wrapper_round_itself_is_refused(sub):
    config = {"wrapped_crashstore": f"socorro.external.crashstorage_base.{sub}"}
    if sub == "InMemoryCrashStorage":
        classic.BenchmarkingCrashStorage(config)
        return
    with pytest.raises(ConfigurationError, match="has itself in 'wrapped_crashstore'"):
        classic.BenchmarkingCrashStorage(config)


class OnlyKeywords(classic.CrashStorageBase):
    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)


class OfR18(classic.CrashStorageBase):
    def __init__(self, config, namespace="", quit_check_callback=None):
        super().__init__(config, namespace, quit_check_callback)


class OfR15(classic.CrashStorageBase):
    def __init__(self, config, quit_check=None):
        super().__init__(config, quit_check)


def test_members_with_constructors_of_every_year():
    def quit_check():
        pass

    names = {"a": OnlyKeywords, "b": OfR18, "c": OfR15}
    config = {name: {"crashstorage_class": cls} for name, cls in names.items()}
    storage = classic.PolyCrashStorage(config | {"storage_namespaces": "a,b,c"}, "x", quit_check)
    assert [member.quit_check for member in storage.members] == [quit_check] * 3
    assert storage.stores.b.namespace == "x.b"


def test_what_was_raised_crosses_process_borders():
    error = classic.PolyStorageError("m", [ValueError(1)])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), len(again)) == ("m", 1)
    assert len(pickle.loads(pickle.dumps(classic.PolyStorageError()))) == 0


def test_containers_that_the_original_did_not_have(tmp_path):
    trees = {f"storage{n}": {"fs_root": str(tmp_path / str(n))} for n in range(2)}
    config = {
        "storage_class": "socorro_fast.ShardedCrashStorage",
        "storage_classes": "FSDatedRadixTreeStorage, FSDatedRadixTreeStorage",
        **trees,
    }
    wrapped = classic.adapted(native.ReadOnlyCrashStorage)({"storage": config}, "x", lambda: None)
    (sharded,) = wrapped.members
    assert isinstance(sharded, native.ShardedCrashStorage)
    assert [member.namespace for member in sharded.members] == [
        "x.storage.storage0",
        "x.storage.storage1",
    ]
    for number in range(20):
        sharded.save_raw_crash(RAW, {}, crash_id(number))
    assert all(list(member.list_crashes()) for member in sharded.stores.values())
    assert wrapped.get_raw_crash(crash_id(3)).ProductName == "Firefox"
    with pytest.raises(OperationNotSupported):
        wrapped.save_raw_crash(RAW, {}, DEPTH_2)
    with pytest.raises(ConfigurationError, match=r"needs a class in 'storage\.storage_class'"):
        classic.adapted(native.ReadOnlyCrashStorage)({})
