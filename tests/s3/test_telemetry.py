"""Reports for telemetry: renamed, reduced, in a layout by day."""

import json

import pytest

from contract.samples import CRASH_ID, DUMPS, ELSEWHERE, PROCESSED
from socorro_fast import (
    ConfigurationError,
    CrashIDNotFound,
    InvalidCrash,
    TelemetryBotoS3CrashStorage,
)
from socorro_fast.s3.reducing import Reducer

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["uuid"],
    "properties": {
        "uuid": {"type": "string"},
        "product": {"type": ["string", "null"]},
        "uptime": {"type": "integer"},
        "frames": {"type": "array", "items": {"$ref": "#/definitions/frame"}},
        "anything": {},
    },
    "definitions": {
        "frame": {
            "type": "object",
            "properties": {"file": {"type": "string"}, "inner": {"$ref": "#/definitions/frame"}},
        }
    },
}


@pytest.fixture
def storage(make):
    return make(
        TelemetryBotoS3CrashStorage,
        json_schema=SCHEMA,
        raw_crash_names={"ProductName": "product"},
        processed_crash_names={"up": "uptime"},
    )


def test_a_report_has_what_the_schema_names_of_both_crashes(storage, keys):
    raw = {"ProductName": "Firefox", "Email": "x", "anything": [{"kept": "whole"}]}
    processed = {"uuid": CRASH_ID, "up": 5, "email": "x", "frames": [{"file": "a.c", "secret": 1}]}
    storage.save_raw_and_processed(raw, DUMPS, processed, CRASH_ID)
    assert keys() == [f"v1/crash_report/20180601/{CRASH_ID}"]
    assert storage.get_unredacted_processed(CRASH_ID) == {
        "uuid": CRASH_ID,
        "product": "Firefox",
        "uptime": 5,
        "anything": [{"kept": "whole"}],
        "frames": [{"file": "a.c"}],
    }
    storage.remove(CRASH_ID)
    assert keys() == []


def test_the_processed_crash_wins(storage):
    raw = {"ProductName": "raw", "product": "raw"}
    storage.save_raw_and_processed(raw, {}, {"uuid": CRASH_ID, "product": "p"}, CRASH_ID)
    assert storage.get_unredacted_processed(CRASH_ID)["product"] == "p"


def test_a_raw_crash_alone_is_not_kept(storage, keys):
    storage.save_raw_crash({"ProductName": "x"}, DUMPS, CRASH_ID)
    assert keys() == []


def test_what_does_not_fit_is_refused_and_the_field_named(storage, keys):
    for processed, why in (
        ({"uuid": CRASH_ID, "up": "long"}, "field 'uptime' must be integer by the schema, not"),
        ({"uuid": CRASH_ID, "frames": [{}, {"inner": {"file": 5}}]}, r"'frames\[1\].inner.file'"),
        ({"crash_id": CRASH_ID}, "a crash report lacks 'uuid'"),
    ):
        with pytest.raises(InvalidCrash, match=why):
            storage.save_processed(processed)
    assert keys() == []


def test_a_report_that_is_not_there_is_not_found(storage):
    for call in (storage.get_processed, storage.remove):
        with pytest.raises(CrashIDNotFound, match=f"for crash {ELSEWHERE} in bucket"):
            call(ELSEWHERE)


def test_the_schema_may_be_a_file(make, tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    storage = make(TelemetryBotoS3CrashStorage, json_schema=str(path))
    storage.save_processed(PROCESSED)
    assert storage.get_unredacted_processed(CRASH_ID) == {"uuid": CRASH_ID}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (None, "json_schema"),
        ("missing.json", "no JSON schema can be read there"),
        ({"properties": {"a": 5}}, "has no object at #/properties/a"),
        ({"properties": {"a": {"type": "text"}}}, "has type 'text' at #/properties/a"),
        ({"items": {"$ref": "#/nowhere"}}, "'#/nowhere'"),
        ({"items": {"$ref": "http://example.com/x"}}, "which it has not"),
        ({"a": {"$ref": "#/a"}, "items": {"$ref": "#/a"}}, "to itself"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_at_once(make, schema, why):
    with pytest.raises(ConfigurationError, match=why):
        make(TelemetryBotoS3CrashStorage, json_schema=schema)


@pytest.mark.parametrize(
    ("schema", "value", "reduced"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"properties": {}}, {"a": 1}, {}),
        ({"additionalProperties": True}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"additionalProperties": {"properties": {}}}, {"a": {"b": 1}}, {"a": {}}),
        ({"properties": {"a": False}, "additionalProperties": True}, {"a": 1, "b": 2}, {"b": 2}),
        ({"properties": {"n": {"type": "number"}}}, {"n": 1.5}, {"n": 1.5}),
        ({"properties": {"n": {"type": "integer"}}}, {"n": 2.0}, {"n": 2.0}),
    ],
)
def test_reducing(schema, value, reduced):
    assert Reducer(schema).reduce(value) == reduced


@pytest.mark.parametrize(
    ("type_", "value"),
    [("integer", True), ("number", False), ("integer", 1.5), ("string", None), ("array", "abc")],
)
def test_types_are_those_of_json(type_, value):
    with pytest.raises(InvalidCrash, match=f"field 'x' must be {type_}"):
        Reducer({"properties": {"x": {"type": type_}}}).reduce({"x": value})
