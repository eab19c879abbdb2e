"""Hostile data: stored and back, equal, or refused whole with its name."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.samples import CRASH_ID, ELSEWHERE, RAW
from socorro_fast import InvalidCrash
from socorro_fast.codec import get_codec
from socorro_fast.postgresql import jsonb
from socorro_fast.postgresql.jsonb import stored_json

TEXTS = {
    "null": "a\0b",
    "lone surrogate": "a\udc00b",
    "quotes": "'\"\\'; DROP TABLE raw_crashes; --",
    "dollars": "$$ $1 $body$",
    "percents": "%s %(uuid)s %% %",
    "escapes": "\\u0000 \\ud800 \\\\u0000 \\n",
    "pair": "\U0001f600",
    "newlines": "\r\n\t\b\f\v\x1b",
    "noncharacters": "\ufffe\uffff\ufffd\ufeff",
    "numbers": "1e16 -0.0 NaN Infinity",
    "ten megabytes": "é" * 5_000_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_come_back_equal(storage, text):
    crash = {"uuid": CRASH_ID, "text": text, text[:1000]: [text[:1000]]}
    storage.save_raw_crash(crash, None, CRASH_ID)
    storage.save_processed(crash)
    assert storage.get_raw_crash(CRASH_ID) == crash
    assert storage.get_unredacted_processed(CRASH_ID) == crash
    assert json.loads(storage.get_raw_crash_bytes(CRASH_ID)) == crash


def test_many_come_back_equal(storage):
    crashes = {
        CRASH_ID[:7] + f"{n:x}" + CRASH_ID[8:]: {"t": t} for n, t in enumerate(TEXTS.values())
    }
    assert storage.save_many((crash, None, each) for each, crash in crashes.items()) == [
        None
    ] * len(TEXTS)
    assert storage.get_many(crashes) == list(crashes.values())


NUMBERS = [2**63, 2**64, -(2**70), 10**4000, 0.1, -0.0, 1e16, 1e22, 5e-324, 1.7976931348623157e308,
           math.inf, -math.inf]  # fmt: skip


def test_numbers_come_back_equal_and_of_the_same_type(storage):
    storage.save_raw_crash({"numbers": NUMBERS}, None, CRASH_ID)
    assert list(map(repr, storage.get_raw_crash(CRASH_ID)["numbers"])) == list(map(repr, NUMBERS))


def test_what_jsonb_does_not_take_is_replaced_in_it_for_queries(storage, sql):
    crash = {"n": [math.nan, -math.inf, 1], "nul\0": "a\0b\ud800\ude00\udc00", "\\": "\\u0000"}
    storage.save_raw_crash(crash, None, CRASH_ID)
    ((found, exact),) = sql("SELECT raw_crash, exact FROM raw_crashes")
    assert found == {
        "n": [None, None, 1], "nul\ufffd": "a\ufffdb\U00010200\ufffd", "\\": "\\u0000"
    }  # fmt: skip
    assert exact is not None
    storage.save_raw_crash(RAW, None, CRASH_ID)
    assert sql("SELECT raw_crash, exact FROM raw_crashes") == [(RAW, None)]


def test_a_raw_crash_may_be_without_a_timestamp(storage, sql):
    storage.save_raw_crash({}, None, CRASH_ID)
    storage.save_raw_crash({"submitted_timestamp": "2018-06-01T01:02:03Z"}, None, ELSEWHERE)
    rows = sql("SELECT uuid::text, date_processed AT TIME ZONE 'UTC' FROM raw_crashes")
    assert {crash_id: str(date) for crash_id, date in rows} == {
        CRASH_ID: "None",
        ELSEWHERE: "2018-06-01 01:02:03",
    }


def test_a_timestamp_that_is_none_is_refused_and_named(storage):
    storage.save_raw_crash(RAW, None, CRASH_ID)
    with pytest.raises(InvalidCrash, match="field 'submitted_timestamp'"):
        storage.save_raw_crash({"submitted_timestamp": "now"}, None, CRASH_ID)
    outcomes = storage.save_many(
        [({}, None, ELSEWHERE), ({"submitted_timestamp": "infinity"}, None, CRASH_ID)]
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), InvalidCrash]
    assert storage.get_raw_crash(CRASH_ID) == RAW


@pytest.mark.own_database
def test_one_that_the_server_refuses_spoils_no_batch(storage, sql):
    sql("ALTER TABLE raw_crashes ADD CHECK (raw_crash ->> 'bad' IS NULL)")
    outcomes = storage.save_many([(RAW, None, ELSEWHERE), ({"bad": 1}, None, CRASH_ID)])
    assert outcomes[0] is None
    assert isinstance(outcomes[1], InvalidCrash)
    assert CRASH_ID in str(outcomes[1])
    assert list(storage.list_crashes()) == [ELSEWHERE]


def test_deep_json_comes_back_or_is_refused(storage):
    deep = [1]
    for _ in range(900):
        deep = [deep]
    storage.save_raw_crash({"deep": deep}, None, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"deep": deep}
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidCrash):
        storage.save_raw_crash({"deep": deep}, None, CRASH_ID)


def test_what_is_too_long_for_the_server_is_refused_before_it_is_sent(storage, monkeypatch):
    monkeypatch.setattr(jsonb, "MOST_BYTES", 1000)
    storage.save_raw_crash({"text": "x" * 900}, None, CRASH_ID)
    with pytest.raises(InvalidCrash, match="too long for jsonb: 1000 fit"):
        storage.save_raw_crash({"text": "x" * 1000}, None, CRASH_ID)
    assert storage.get_raw_crash(CRASH_ID) == {"text": "x" * 900}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=10,
)


def refused_by_jsonb(_constant):
    raise AssertionError("jsonb knows no such number")


@given(value=values, codec=st.sampled_from(["json", "orjson"]))
def test_the_columns_are_what_jsonb_takes_and_what_was_given(value, codec):
    data = get_codec(codec).dumps({"value": value})
    stored = stored_json(data)
    assert stored.exact is None or stored.exact.encode() == data
    taken = json.loads(stored.jsonb, parse_constant=refused_by_jsonb)
    text = json.dumps(taken, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    if stored.exact is None:
        assert json.dumps(taken) == json.dumps(json.loads(data))
