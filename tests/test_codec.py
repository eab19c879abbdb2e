"""Promise 9: JSON in is JSON out, as the standard library would bring it."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socorro_fast.codec import FastCodec, get_codec
from socorro_fast.errors import InvalidCrash

FAST = get_codec("orjson")
EXACT = get_codec("json")

DATE = dt.date(2018, 6, 1)
NAIVE = dt.datetime(2018, 6, 1, 12, 30, 0, 5)  # noqa: DTZ001 - naive on purpose
AWARE = dt.datetime(2018, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))


def same(left, right):
    """Equal as data: of the same types, NaN equal to NaN, 0.0 not equal to -0.0."""
    return repr(left) == repr(right)


def isoformat(value):
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError


def outcome(call, *args):
    try:
        return repr(call(*args))
    except (ValueError, TypeError, InvalidCrash):
        return "refused"


def through_the_standard_library(value):
    return json.loads(json.dumps(value, default=isoformat))


def through(codec):
    return lambda value: codec.loads(codec.dumps(value))


class Words(str):
    __slots__ = ()


class Number(int):
    pass


class Real(float):
    pass


class Items(list):
    pass


class Pairs(dict):
    pass


class Renamed(dict):
    def items(self):
        return [(key.upper(), value) for key, value in super().items()]


class Level(enum.IntEnum):
    LOW = 1


class Colour(enum.StrEnum):
    RED = "red"


class Plain(enum.Enum):
    ONE = 1


@dataclasses.dataclass
class Record:
    name: str


Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind, too

TAKEN = {
    "nan": math.nan,
    "infinities": [math.inf, -math.inf],
    "nan deep down": {"a": [{"b": (1, math.nan)}]},
    "null beside nan": [None, math.nan],
    "beyond 64 bits": [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**60],
    "lone surrogates": ["\ud800", {"\udfff": "\udc80"}],
    "other keys": {7: "int", 2.5: "float", True: "bool", None: "null"},
    "keys that meet": {1: "a", "1": "b"},
    "nan as a key": {math.nan: 1},
    "dates": [DATE, NAIVE, AWARE, NAIVE.replace(year=1), dt.date.max],
    "subclasses": [Words("w"), Number(7), Real(0.1), Items([1]), Pairs(a=1)],
    "nan in a subclass": [Real("nan")],
    "an overridden items": Renamed(a=1),
    "an ordered dict": collections.OrderedDict(b=1, a=2),
    "a named tuple": Point(1, 2),
    "enumerations of json types": [Level.LOW, Colour.RED, {Colour.RED: 1}],
    "negative zero": [-0.0, 0.0, -0],
    "precise floats": [0.1, 1e-7, 5e-324, 1.7976931348623157e308, 1 / 3, 1e16, 123456789.123456789],
    "odd text": ["\0", "\x7f", "\u2028", "\U0001f600", "é", '"\\/'],
    "deep": eval("[" * 80 + "]" * 80),
}

REFUSED = {
    "uuid": uuid.UUID(int=1),
    "uuid deep down": [{"a": [uuid.UUID(int=1)]}],
    "dataclass": Record("a"),
    "plain enumeration": Plain.ONE,
    "bytes": b"x",
    "set": {1},
    "time": dt.time(1),
    "timedelta": dt.timedelta(1),
    "decimal": decimal.Decimal(1),
    "object": object(),
    "key that is a tuple": {(1, 2): 3},
    "key that is a uuid": {uuid.UUID(int=1): 3},
    "key that is a date": {DATE: 3},
    "key that is bytes": {b"a": 3},
}


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def circular():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize("codec", [FAST, EXACT], ids=["orjson", "json"])
class TestEitherCodec:
    @pytest.mark.parametrize("value", TAKEN.values(), ids=TAKEN)
    def test_brings_back_what_the_standard_library_does(self, codec, value):
        assert same(through(codec)(value), through_the_standard_library(value))

    @pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
    def test_refuses_what_the_standard_library_refuses(self, codec, value):
        with pytest.raises(TypeError):
            json.dumps(value, default=isoformat)
        with pytest.raises(InvalidCrash, match="cannot be stored as JSON"):
            codec.dumps(value)

    def test_names_the_field_that_it_refuses(self, codec):
        with pytest.raises(InvalidCrash, match=r"^field 'b' cannot be stored as JSON: .* set "):
            codec.dumps({"a": 1, "b": [{"c": {1, 2}}], "d": object()})

    @pytest.mark.parametrize("value", [circular(), deep(100_000)], ids=["circular", "deep"])
    def test_refuses_what_has_no_end(self, codec, value):
        with pytest.raises(InvalidCrash):
            codec.dumps(value)

    @pytest.mark.parametrize("depth", [199, 200, 201, 253, 254, 255, 300])
    def test_writes_every_depth_that_the_standard_library_writes(self, codec, depth):
        assert codec.loads(codec.dumps(deep(depth))) == deep(depth)

    def test_reads_too_deep_as_a_value_error(self, codec):
        with pytest.raises(ValueError, match="deep"):
            codec.loads(b"[" * 100_000 + b"]" * 100_000)

    @pytest.mark.parametrize(
        "text",
        [
            "NaN", "-Infinity", "[1e400, -1e400]", "-0", "-0.0", '{"a": 1, "b": 2, "a": 3}',
            "18446744073709551616", "[-9223372036854775809]", "9" * 400, '"\\ud800"', '"\\u0000"',
            " [1] ", "", "nul", "[1,]", "01", '"\t"', "{1: 2}", "[1] x", "\ufeff1", "1" * 5000,
            "0.1234567890123456789012345", "1E5", '"9999999999999999999999"', "'a'", "1.", "+1",
        ],
    )  # fmt: skip
    def test_reads_text_as_the_standard_library_does(self, codec, text):
        assert outcome(codec.loads, text.encode()) == outcome(json.loads, text.encode())

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
    def test_reads_other_encodings_as_the_standard_library_does(self, codec, encoding):
        data = '{"k": "é"}'.encode(encoding)
        assert outcome(codec.loads, data) == outcome(json.loads, data)


def test_json_writes_the_bytes_of_the_standard_library():
    value = {"b": [1, 2.5, None], "a": "é"}
    assert EXACT.dumps(value) == json.dumps(value).encode()


def test_the_name_chooses():
    assert isinstance(FAST, FastCodec)
    assert not isinstance(EXACT, FastCodec)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**62, max_value=2**66)
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.sampled_from([uuid.UUID(int=1), Plain.ONE, Level.LOW, Words("w"), Record("r"), b""])
)
keys = st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.just(Words("k"))
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(keys, inner)
        | st.builds(Pairs, st.dictionaries(keys, inner))
        | st.tuples(inner, inner)
    ),
)


@given(values)
def test_any_value_comes_back_as_from_the_standard_library(value):
    assert outcome(through(FAST), value) == outcome(through_the_standard_library, value)


json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(json.dumps)
edits = st.sampled_from(
    ["", "0" * 19, "9" * 20, "-", ".", "e", "E+400", '"', "\\", "\\ud800", "NaN", "[", "]", "{",
     ",", ":", "\0", " ", "\ufeff", "Infinity", "null", "\n"]
)  # fmt: skip


@given(json_texts, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), edits), max_size=4))
def test_any_text_is_read_as_the_standard_library_reads_it(text, changes):
    for at, cut, put in changes:
        text = text[:at] + put + text[at + cut :]
    data = text.encode("utf-8", "surrogatepass")
    assert outcome(FAST.loads, data) == outcome(json.loads, data)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_as_the_standard_library_reads_them(data):
    assert outcome(FAST.loads, data) == outcome(json.loads, data)
