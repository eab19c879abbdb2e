"""Deferral criteria that were Python code: translated, never run."""

import pytest

from socorro_fast import ConfigurationError
from socorro_fast.compat import classic
from socorro_fast.compat.classic.criteria import criteria_from

CRASHES = [
    {},
    {"legacy_processing": 0, "ProductName": "Firefox", "Version": "9.1", "n": 3},
    {"legacy_processing": 1, "ProductName": 'Fire"\\fox', "Version": "60.0", "n": 5},
    {"legacy_processing": None, "ProductName": "Fennec", "Version": "", "n": None},
]


@pytest.mark.parametrize(
    "text",
    [
        'lambda crash: crash.get("legacy_processing")',
        "  lambda c: c.get('legacy_processing', None)\n",
        'lambda crash: crash.get("legacy_processing") == 1',
        'lambda crash: crash.get("legacy_processing") is not None',
        'lambda x: not x.get("legacy_processing")',
        'lambda x: x.get("ProductName") in ("Firefox", "Fennec")',
        'lambda x: x.get("ProductName") not in ["Firefox", \'Fire"\\\\fox\']',
        'lambda x: x.get("legacy_processing") or x.get("ProductName") == "Fennec"',
        'lambda x: x.get("legacy_processing") == 0 and not x.get("n") != 3',
        'lambda x: -1 != x.get("n") and (x.get("Version") == "60.0" or x.get("n") == 3)',
        'lambda x: x.get("legacy_processing") == 1.0',
        "lambda x: x.get('legacy_processing', 0)",
        "lambda x: not x.get('n', False) or x.get('Version', '')",
        "lambda x: (x.get('n') == 3) and (x.get('n') == 3)",
        "lambda x: True",
        "lambda x: None",
    ],
)
def test_a_translation_says_what_python_would(text):
    theirs = eval(text.strip())
    ours = criteria_from(text)
    assert [bool(ours(crash)) for crash in CRASHES] == [bool(theirs(crash)) for crash in CRASHES]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('lambda x: x["legacy_processing"] == 1', [False, False, True, False]),
        ("lambda crash: crash.legacy_processing", [False, False, True, False]),
        ('lambda x: x.get("Version").startswith("9.")', [False, True, False, False]),
        ('lambda x: x["Version"].endswith(".0")', [False, False, True, False]),
        ('lambda x: "fox" in x.get("ProductName")', [False, True, True, False]),
        ('lambda x: "fox" not in x.get("ProductName")', [True, False, False, True]),
        ('lambda x: x.get("n") > 3', [False, False, True, False]),
    ],
)
def test_where_python_would_raise_a_missing_key_is_null(text, holds):
    ours = criteria_from(text)
    assert [bool(ours(crash)) for crash in CRASHES] == holds


@pytest.mark.parametrize(
    "text",
    [
        "lambda",
        "lambda x",
        "lambda: 1",
        "lambda x, y: 1",
        "lambda x: __import__('os').system('touch /tmp/x')",
        "lambda x: x.get('a', 0) == 0",
        "lambda x: x.get(key)",
        "lambda x: open('/etc/passwd')",
        "lambda x: x.pop('a')",
        "lambda x: y.get('a')",
        "lambda x: x.get('a') in y",
        "lambda x: 1 < x.get('a') < 3",
        "lambda x: [1, 2]",
        "lambda x: b'bytes'",
        "lambda x: x.get('not a name')",
        "lambda x: x.get('and')",
        "lambda x: " + "not " * 5000 + "x.get('a')",
        "lambda x: '\x00'.x",
    ],
    ids=range(18),
)
def test_what_cannot_be_translated_is_refused(text):
    config = {name: {"storage_class": "NullCrashStorage"} for name in ("primary", "deferred")}
    with pytest.raises(ConfigurationError):
        classic.PrimaryDeferredStorage(config | {"deferral_criteria": text})


def test_conditions_and_callables_stay_as_they_are():
    assert criteria_from("legacy_processing == 1") == "legacy_processing == 1"
    assert criteria_from(len) is len
