"""Wrappers: measured, logged, redacted, read-only."""

import json
import logging
import os
import re
import threading

import pytest

from containers.odd_storages import DUMPS, ID, OTHER, PROCESSED, RAW, Broken
from socorro_fast import (
    BenchmarkingCrashStorage,
    ConfigurationError,
    CrashIDNotFound,
    InMemoryCrashStorage,
    InvalidCrash,
    MetricsCrashStorage,
    NullCrashStorage,
    OperationNotSupported,
    ReadOnlyCrashStorage,
    RedactingCrashStorage,
    Redactor,
)
from socorro_fast.containers import PrometheusExporter
from socorro_fast.containers.prometheus import BUCKETS, PROMETHEUS

SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r"\{(?P<labels>(?:[a-z]+=\"(?:[^\"\\\n]|\\[\\n\"])*\",?)*)\} (?P<value>[0-9.e+-]+)"
)


def parsed(text):
    """Read Prometheus's text format as its own parser does; return value by name and labels."""
    assert text.endswith("\n")
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            family = re.sub("_(bucket|sum|count)$", "", match["name"])
            assert family in types or match["name"] in types
            labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', match["labels"]))
            samples[match["name"], frozenset(labels.items())] = float(match["value"])
    return samples


def sample(samples, name, **labels):
    return samples[f"socorro_fast_operation_{name}", frozenset(labels.items())]


class TestMetrics:
    @pytest.fixture
    def exporter(self):
        return PrometheusExporter()

    def test_every_method_of_each_storage_has_a_timer_and_counters(self, exporter):
        one = MetricsCrashStorage(storage=InMemoryCrashStorage(), name="one", exporter=exporter)
        other = MetricsCrashStorage(storage=InMemoryCrashStorage(), exporter=exporter)
        one.save_raw_crash(RAW, DUMPS, ID)
        one.save_raw_crash(RAW, DUMPS, ID)
        other.save_processed(PROCESSED)
        for crash_id in one.new_crashes():
            one.ack_crash(crash_id)
        with pytest.raises(CrashIDNotFound):
            other.get_raw_crash(ID)
        other.get_many([ID, OTHER])
        samples = parsed(exporter.text())
        assert sample(samples, "seconds_count", storage="one", operation="save_raw_crash") == 2
        name = "InMemoryCrashStorage"
        assert sample(samples, "seconds_count", storage=name, operation="save_processed") == 1
        assert sample(samples, "seconds_count", storage="one", operation="ack_crash") == 1
        missing = {"storage": name, "error": "CrashIDNotFound"}
        assert sample(samples, "errors_total", operation="get_raw_crash", **missing) == 1
        assert sample(samples, "errors_total", operation="get_many", **missing) == 2

    def test_histograms_add_up(self, exporter):
        for seconds in (0.00005, 0.0001, 0.02, 100):
            exporter.timed("s", "o", seconds)
        samples = parsed(exporter.text())
        buckets = {
            dict(labels)["le"]: value
            for (name, labels), value in samples.items()
            if name.endswith("_bucket")
        }
        assert list(map(float, buckets)) == [*BUCKETS, float("inf")]
        assert (buckets["0.0001"], buckets["0.01"], buckets["0.025"]) == (2, 2, 3)
        assert (buckets["30"], buckets["+Inf"]) == (3, 4)
        assert sample(samples, "seconds_count", storage="s", operation="o") == 4
        total = sample(samples, "seconds_sum", storage="s", operation="o")
        assert total == pytest.approx(100.02015)

    @pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "é{}", "\\n", ""])
    def test_names_are_quoted(self, exporter, name):
        exporter.timed(name, "save", 1)
        exporter.failed(name, "save", name)
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        samples = parsed(exporter.text())
        assert sample(samples, "seconds_count", storage=escaped, operation="save") == 1

    def test_a_name_that_is_no_utf_8_does_not_spoil_the_page(self, exporter):
        exporter.timed("a\ud800", "save", 1)
        assert b'{storage="a?",' in exporter.text().encode()

    def test_nothing_noted_is_valid_too(self, exporter):
        assert parsed(exporter.text()) == {}

    def test_threads_lose_no_count(self, exporter):
        storage = MetricsCrashStorage(storage=NullCrashStorage(), exporter=exporter)

        def save():
            for _ in range(500):
                storage.save_raw_crash(RAW, {}, ID)

        threads = [threading.Thread(target=save) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        labels = {"storage": "NullCrashStorage", "operation": "save_raw_crash"}
        assert sample(parsed(exporter.text()), "seconds_count", **labels) == 4000

    def test_a_child_of_a_fork_counts_from_zero(self, exporter):
        exporter.timed("parent", "save", 1)
        child = os.fork()
        if child == 0:
            os._exit(parsed(exporter.text()) != {})
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert parsed(exporter.text()) != {}

    def test_an_exporter_that_fails_fails_no_save(self, caplog):
        class Bad:
            def timed(self, storage, operation, seconds):
                raise OSError("no route")

            failed = timed

        inner = InMemoryCrashStorage()
        storage = MetricsCrashStorage(storage=inner, exporter=Bad())
        storage.save_raw_crash(RAW, DUMPS, ID)
        assert inner.get_raw_crash(ID) == RAW
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash(OTHER)
        assert caplog.records[0].message == "measurements of InMemoryCrashStorage are lost"

    def test_what_is_no_exporter_is_refused(self):
        with pytest.raises(ConfigurationError, match="'exporter'"):
            MetricsCrashStorage(storage=NullCrashStorage(), exporter=object())

    def test_the_process_shares_one(self):
        assert MetricsCrashStorage(storage=NullCrashStorage()).exporter is PROMETHEUS


class TestBenchmarking:
    @pytest.fixture
    def logged(self, caplog):
        caplog.set_level(logging.DEBUG, "socorro_fast.containers.benchmarking")
        return lambda: [record.message for record in caplog.records]

    def test_each_call_is_a_line(self, logged):
        storage = BenchmarkingCrashStorage(storage=InMemoryCrashStorage(), benchmark_tag="T")
        storage.save_raw_crash(RAW, DUMPS, ID)
        assert storage.get_raw_dump(ID, "memory") == b"m"
        for crash_id in storage.new_crashes():
            storage.ack_crash(crash_id)
        begins = [re.sub(r" [0-9:.]+$", "", line) for line in logged()]
        assert begins == [
            "T save_raw_crash",
            "T get_raw_dump",
            "T new_crashes",
            "T ack_crash",
            "T new_crashes",
        ]

    def test_failures_are_lines_too(self, logged):
        storage = BenchmarkingCrashStorage(storage=Broken(OSError("full")))
        with pytest.raises(OSError, match="full"):
            storage.save_raw_crash(RAW, DUMPS, ID)
        (line,) = logged()
        assert re.fullmatch(r"Benchmark save_raw_crash [0-9:.]+ failed: OSError\('full'\)", line)


class TestRedacting:
    def test_what_is_forbidden_never_reaches_the_member(self):
        inner = InMemoryCrashStorage()
        storage = RedactingCrashStorage(storage=inner)
        raw = {"URL": "https://me", "Email": "me", "kept": {"url": 1}, "UserID": 1}
        processed = {"uuid": ID, "email": "me", "json_dump": {"sensitive": 1, "x": 2}}
        storage.save_raw_and_processed(raw, DUMPS, processed, ID)
        assert storage.save_many([(raw, DUMPS, OTHER)]) == [None]
        for crash_id in (ID, OTHER):
            assert inner.get_raw_crash(crash_id) == {"kept": {"url": 1}}
            assert inner.get_raw_dumps(crash_id) == DUMPS
        assert inner.get_unredacted_processed(ID) == {"uuid": ID, "json_dump": {"x": 2}}
        assert "URL" in raw
        assert "email" in processed

    def test_an_allow_list_keeps_the_id(self):
        inner = InMemoryCrashStorage()
        redactor = Redactor(allowed_keys=["signature"])
        storage = RedactingCrashStorage(storage=inner, redactor=redactor, raw_redactor=redactor)
        storage.save_processed(PROCESSED)
        storage.save_raw_crash(RAW | {"signature": 5}, {}, ID)
        assert inner.get_unredacted_processed(ID) == {"uuid": ID, "signature": "s"}
        assert inner.get_raw_crash(ID) == {"signature": 5}

    def test_what_json_writes_as_a_list_is_redacted_as_one(self):
        inner = InMemoryCrashStorage()
        storage = RedactingCrashStorage(storage=inner, raw_redactor="mails.*, people.*.name")
        raw = {"mails": ("a@b",), "people": ({"name": "x", "n": 1}, [{"name": "y"}])}
        storage.save_raw_crash(raw, {}, ID)
        assert json.loads(inner.get_raw_crash_bytes(ID)) == {
            "mails": [],
            "people": [{"n": 1}, [{}]],
        }

    def test_what_cannot_be_copied_is_refused_like_what_cannot_be_stored(self):
        deep = bottom = {}
        for _ in range(5000):
            bottom["a"] = bottom = {}
        inner = InMemoryCrashStorage()
        storage = RedactingCrashStorage(storage=inner)
        for odd in (deep, threading.Lock()):
            with pytest.raises(InvalidCrash):
                storage.save_raw_crash({"odd": odd}, {}, ID)
            with pytest.raises(InvalidCrash):
                storage.save_processed({"uuid": ID, "odd": odd})
            with pytest.raises(InvalidCrash):
                storage.save_raw_and_processed(RAW, {}, {"uuid": ID, "odd": odd}, ID)
        assert list(inner.list_crashes()) == []
        items = [({"odd": deep}, {}, ID), (RAW, {}, OTHER), (5, {}, ID), ({"odd": deep}, {}, ID)]
        outcomes = storage.save_many(items)
        assert [type(each) for each in outcomes] == [InvalidCrash, type(None)] + 2 * [InvalidCrash]
        assert list(inner.list_crashes()) == [OTHER]


class TestReadOnly:
    def test_reads_pass_and_the_rest_is_refused_by_name(self):
        inner = InMemoryCrashStorage()
        inner.save_raw_and_processed(RAW, DUMPS, PROCESSED, ID)
        storage = ReadOnlyCrashStorage(storage=inner)
        assert storage.get_raw_dumps(ID) == DUMPS
        assert storage.get_many([ID]) == [RAW]
        assert list(storage.list_crashes()) == [ID]
        refused = {
            "save_raw_crash": (RAW, DUMPS, ID),
            "save_processed": (PROCESSED,),
            "save_raw_and_processed": (RAW, DUMPS, PROCESSED, ID),
            "save_many": ([(RAW, DUMPS, ID)],),
            "remove": (ID,),
            "remove_many": ([ID],),
            "new_crashes": (),
        }
        for operation, args in refused.items():
            assert operation not in storage.capabilities
            with pytest.raises(OperationNotSupported, match=f"refuses {operation}$"):
                getattr(storage, operation)(*args)
        assert inner.get_raw_dumps(ID) == DUMPS
