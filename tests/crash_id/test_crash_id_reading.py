"""Reading and checking crash IDs: the slow oracle decides."""

import uuid
from datetime import date

import pytest
from crash_id_oracle import CRASH_IDS, ORIGINAL, TEXTS, day_of, has_a_day, is_crash_id
from hypothesis import example, given
from hypothesis import strategies as st

from socorro_fast.crash_id import (
    date_and_depth,
    date_of,
    depth_of,
    is_valid,
    radix_of,
    shard_of,
    validate_many,
)
from socorro_fast.errors import CrashStorageError, InvalidCrashID

ID = "aabbcccc-0000-4000-8000-000002180601"
OLD = "0bba929f-8721-460c-dead-a43c20071025"
READERS = (date_of, depth_of, date_and_depth, radix_of, lambda crash_id: shard_of(crash_id, 2))


class Text(str):
    """A str of a kind of its own, as some ORMs hand out."""

    __slots__ = ()


@given(TEXTS)
@example(ID)
@example(ID + "\n")
def test_all_functions_agree_with_the_oracle_on_what_a_crash_id_is(text):
    expected = is_crash_id(text)
    assert is_valid(text) is expected
    assert validate_many([text]) == [expected]
    for reader in READERS:
        try:
            reader(text)
        except InvalidCrashID:
            assert not expected
        else:
            assert expected


@given(TEXTS)
@example(ID + "\n")
@example(ID[:29] + "a180601")
@example(ID[:30] + "180631")
def test_what_the_original_took_beyond_ours_is_one_of_three_things(text):
    original = ORIGINAL.match(text) is not None
    if is_valid(text):
        assert original
    elif original:
        assert text.endswith("\n") or text[29] in "abcdef" or not has_a_day(text)


@given(CRASH_IDS, st.integers(0, 9))
def test_date_depth_and_radix_are_what_the_characters_say(crash_id, zero_depth):
    depth = int(crash_id[29]) or zero_depth
    assert date_of(crash_id) == day_of(crash_id)
    assert depth_of(crash_id, zero_depth) == depth
    assert date_and_depth(crash_id, zero_depth) == (day_of(crash_id), depth)
    assert radix_of(crash_id, zero_depth) == [crash_id[2 * n : 2 * n + 2] for n in range(depth)]


def test_digit_zero_means_four_unless_told_otherwise():
    assert depth_of(OLD) == 4
    assert date_and_depth(OLD) == (date(2007, 10, 25), 4)
    assert radix_of(OLD) == ["0b", "ba", "92", "9f"]
    assert depth_of(OLD, zero_depth=0) == 0
    assert radix_of(OLD, zero_depth=0) == []


def test_depths_from_five_on_cut_through_the_dashes():
    assert radix_of(OLD, zero_depth=9) == ["0b", "ba", "92", "9f", "-8", "72", "1-", "46", "0c"]


def test_dates_are_plain_dates():
    assert type(date_of(ID)) is date
    assert date_of(ID) == date_of(ID[::-1][::-1]) == date(2018, 6, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ID + "\n", r"has '\n' at position 36, where the end belongs"),
        (ID[:-1], "ends at position 35, where a digit of the date belongs"),
        ("", "ends at position 0, where one of 0-9 and a-f belongs"),
        (ID.upper(), "has 'A' at position 0, where one of 0-9 and a-f belongs"),
        (ID.replace("-", "_"), "has '_' at position 8, where a dash belongs"),
        (ID[:29] + "a180601", "has 'a' at position 29, where the depth, one of 0-9, belongs"),
        (ID[:35] + "\u0661", r"has '\u{661}' at position 35, where a digit of the date belongs"),
        (ID[:5] + "\udc80" + ID[6:], "at position 5, where one of 0-9 and a-f belongs"),
        ("\0" + ID[1:], r"has '\u{0}' at position 0, where one of 0-9 and a-f belongs"),
        (ID[:30] + "180631", "has the impossible date 2018-06-31 at position 30"),
        (ID[:30] + "190229", "has the impossible date 2019-02-29 at position 30"),
        (ID[:30] + "180001", "has the impossible date 2018-00-01 at position 30"),
    ],
)
def test_refusal_names_the_text_and_the_position(text, told):
    assert not is_valid(text)
    for reader in READERS:
        with pytest.raises(InvalidCrashID) as caught:
            reader(text)
        message = str(caught.value)
        assert message.startswith('crash ID "')
        assert message.endswith(told)
        assert "\n" not in message


def test_refusal_of_a_long_text_is_short():
    with pytest.raises(InvalidCrashID) as caught:
        date_of("f" * 1_000_000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("other", [None, 5, ID.encode(), uuid.UUID(int=0), [ID], object()])
def test_what_is_no_str_is_refused_as_an_invalid_crash_id(other):
    assert is_valid(other) is False
    assert validate_many([ID, other]) == [True, False]
    for reader in READERS:
        with pytest.raises(CrashStorageError, match=r"crash ID is .*; it must be a str"):
            reader(other)


def test_a_subclass_of_str_is_a_str():
    assert is_valid(Text(ID))
    assert date_of(Text(ID)) == date(2018, 6, 1)


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


def test_refusal_survives_a_repr_that_raises():
    with pytest.raises(InvalidCrashID, match="Unshowable"):
        date_of(Unshowable())


@pytest.mark.parametrize("zero_depth", [-1, 10, 2**70, "4", 1.0, None])
def test_zero_depth_out_of_range_is_named(zero_depth):
    with pytest.raises(InvalidCrashID, match=r"zero_depth is .*; it must be an int from 0 to 9"):
        depth_of(OLD, zero_depth)


def test_validate_many_takes_any_iterable_but_a_str():
    assert validate_many(iter([ID, "x"])) == [True, False]
    assert validate_many(()) == []
    for wrong in (ID, None, 5):
        with pytest.raises(InvalidCrashID, match=r"ids is .*; it must be an iterable of crash IDs"):
            validate_many(wrong)


def test_validate_many_lets_errors_of_the_iterable_through():
    def broken():
        yield ID
        raise KeyError(ID)

    with pytest.raises(KeyError):
        validate_many(broken())
