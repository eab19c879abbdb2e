"""The conditions of deferral: what they mean, and that nothing but text comes in."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socorro_fast import ConfigurationError
from socorro_fast.predicate import Predicate

CRASH = {"ProductName": "Firefox", "Version": "9.0.1", "legacy_processing": 1, "on": True, "l": [1]}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("legacy_processing == 1", True),
        ("legacy_processing != 1", False),
        ("legacy_processing", True),
        ("missing", False),
        ("missing == null", True),
        ("missing < 1", False),
        ("not missing", True),
        ('ProductName in ("Firefox", "Thunderbird")', True),
        ('ProductName not in ("Firefox")', False),
        ('Version startswith "9."', True),
        ('Version endswith ".1" and on == true', True),
        ('Version contains "0.2" or legacy_processing >= 1', True),
        ("l contains 1", True),
        ("l startswith 1", False),
        ("Version < 10", False),
        ('Version < "91"', True),
        ("(missing or on) and not (legacy_processing > 1)", True),
        ("missing and on or on", True),
        ("on or missing and missing", True),
        ('"it\'s \\"x\\" \\\\" == \'it\\\'s "x" \\\\\'', True),
        ("legacy_processing==1.0", True),
        ("legacy_processing > -1e3", True),
        ("null", False),
    ],
)
def test_conditions_mean_what_they_say(text, holds):
    assert Predicate(text)(CRASH) is holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 0: a name or a value must be where the end is"),
        ("a ==", "position 4: a name or a value must be where the end is"),
        ("a = 1", "position 2: cannot read '= 1'"),
        ("a == 1 b", "position 7: 'and', 'or' or the end must be where 'b' is"),
        ("(a == 1", "position 7: '\\)' must be where the end is"),
        ("a in 1", "position 5: '\\(' must be where '1' is"),
        ("a in ()", "position 6: a name or a value must be where '\\)' is"),
        ("a not 1", "position 6: 'in' must be where '1' is"),
        ("a == and", "position 5: a name or a value must be where 'and' is"),
        ("a == 'x", "position 5: cannot read"),
        ("a == 'x\\n'", "position 7: unknown escape"),
        ("__import__('os')", "position 10: 'and', 'or' or the end"),
        ("a == 1x", "position 5: cannot read"),
        ("(" * 60 + "a" + ")" * 60, "position 50: nested deeper than 50"),
        ("not " * 10_000 + "a", "nested deeper"),
    ],
)
def test_mistakes_are_refused_with_their_position(text, message):
    with pytest.raises(ConfigurationError, match=message):
        Predicate(text)


@pytest.mark.parametrize("text", [None, 5, b"a", ["a"]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(ConfigurationError, match="is text, not"):
        Predicate(text)


def test_long_chains_do_not_recurse():
    assert Predicate(" and ".join(["on"] * 50_000))(CRASH)


@given(st.text(alphabet=st.sampled_from("ab01 .,()'\"\\=!<>-eornidtlu\n") | st.characters()))
@example("a in (((")
@example("1" * 5000)
@example("a == 1e999")
def test_any_text_is_a_condition_or_a_configuration_error(text):
    try:
        condition = Predicate(text)
    except ConfigurationError:
        return
    assert condition(CRASH) in (True, False)


# Expressions as pairs: ours, and the same in Python.
KEYS = st.sampled_from(["a", "b", "c"])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.text("xy'\"\\", max_size=3)
)


def _ours(value):
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


OPERANDS = KEYS.map(lambda key: (key, f"crash.get({key!r})")) | VALUES.map(
    lambda value: (_ours(value), repr(value))
)


def _like(left, right):
    kinds = [int | float, str]
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in kinds)


HELP = {
    "lt": lambda left, right: _like(left, right) and left < right,
    "ge": lambda left, right: _like(left, right) and left >= right,
    "starts": lambda left, right: (
        isinstance(left, str) and isinstance(right, str) and left.startswith(right)
    ),
    "has": lambda left, right: isinstance(left, str) and isinstance(right, str) and right in left,
}
FORMS = [
    ("{} == {}", "{} == {}"),
    ("{} != {}", "{} != {}"),
    ("{} < {}", "lt({}, {})"),
    ("{} >= {}", "ge({}, {})"),
    ("{} startswith {}", "starts({}, {})"),
    ("{} contains {}", "has({}, {})"),
    ("{} in ({}, 1)", "{} in ({}, 1)"),
    ("{} not in ({})", "{} not in ({},)"),
]


def _pairs(form, parts):
    return tuple(
        side.format(*values) for side, values in zip(form, zip(*parts, strict=True), strict=True)
    )


COMPARISONS = st.builds(_pairs, st.sampled_from(FORMS), st.tuples(OPERANDS, OPERANDS)) | OPERANDS
EXPRESSIONS = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(
            _pairs,
            st.sampled_from([("{} and {}",) * 2, ("{} or {}",) * 2, ("({}) and {}",) * 2]),
            st.tuples(inner, inner),
        )
        | inner.map(lambda pair: tuple(f"not ({side})" for side in pair))
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.dictionaries(KEYS, VALUES))
def test_python_agrees(expression, crash):
    ours, python = expression
    expected = eval(python, {"crash": crash, **HELP})
    assert Predicate(ours)(crash) is bool(expected)
