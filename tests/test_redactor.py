"""The redactor: paths through dicts and lists, wildcards, allow-lists, and odd values."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socorro_fast import ConfigurationError, Redactor
from socorro_fast.redactor import FORBIDDEN_KEYS


def redacted(redactor, mapping):
    mapping = copy.deepcopy(mapping)
    assert redactor.redact(mapping) is None
    return mapping


def test_the_default_keys_are_those_of_the_original():
    assert ", ".join(FORBIDDEN_KEYS) == (
        "url, email, user_id, exploitability, json_dump.sensitive, "
        "upload_file_minidump_flash1.json_dump.sensitive, "
        "upload_file_minidump_flash2.json_dump.sensitive, "
        "upload_file_minidump_browser.json_dump.sensitive, memory_info"
    )


def test_every_default_key_goes():
    crash = {"kept": 1}
    for key in FORBIDDEN_KEYS:
        node = crash
        *groups, name = key.split(".")
        for group in groups:
            node = node.setdefault(group, {})
        node[name] = "secret"
    assert "secret" not in str(redacted(Redactor(), crash))
    assert redacted(Redactor(), crash)["kept"] == 1


@pytest.mark.parametrize(
    ("keys", "before", "after"),
    [
        ("a", {"a": 1, "b": 2}, {"b": 2}),
        ("a", {"b": {"a": 1}}, {"b": {"a": 1}}),
        ("a.b", {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
        ("a.b", {"a.b": 1, "a": {"b": 2, "c": 3}}, {"a": {"c": 3}}),
        ("a.b.c", {"a": [{"b.c": 1, "b": 2}], "b.c": 3}, {"a": [{"b": 2}], "b.c": 3}),
        ("a.b.c", {"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {}}}),
        ("a.b", {"a": [{"b": 1}, {"c": 2}, 3]}, {"a": [{}, {"c": 2}, 3]}),
        ("a.b", {"a": [[{"b": 1}], ({"b": 2},)]}, {"a": [[{}], ({},)]}),
        ("*.b", {"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": 4}, {"a": {}, "c": {"d": 3}, "e": 4}),
        ("a.*", {"a": {"b": 1, "c": 2}}, {"a": {}}),
        ("a.*.c", {"a": {"x": {"c": 1}, "y": [{"c": 2, 3: 3}]}}, {"a": {"x": {}, "y": [{3: 3}]}}),
        ("*", {"a": 1, 2: 3}, {}),
        ("a.*", {"a": ["x", {"b": 1}], "c": 2}, {"a": [], "c": 2}),
        ("a.*", {"a": ("x",)}, {"a": ()}),
        ("a.*.b", {"a": [{"b": 1, "c": 2}, [{"b": 3}], "x"]}, {"a": [{"c": 2}, [{}], "x"]}),
        ("a.*.*", {"a": [["x"], {"b": 1}, "y"]}, {"a": [[], {}, "y"]}),
        (" a , b . c ,, ", {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3}}),
        ("a, a.b", {"a": {"b": 1}}, {}),
        ("", {"a": 1, "": 2}, {"a": 1, "": 2}),
        ([], {"a": 1}, {"a": 1}),
        (("a", "b.c"), {"a": 1, "b": {"c": 2}}, {"b": {}}),
    ],
)  # fmt: skip
def test_paths_are_removed(keys, before, after):
    assert redacted(Redactor(keys), before) == after


@pytest.mark.parametrize("odd", [None, "text", 5, 1.5, True, [], {}, [None, "x", [5]], ()])
@pytest.mark.parametrize("key", ["a", "a.b", "a.b.c", "a.*.c"])
def test_odd_values_on_the_path_do_no_harm(key, odd):
    after = redacted(Redactor(key), {"a": odd, "kept": 1})
    assert after == ({"kept": 1} if key == "a" else {"a": odd, "kept": 1})


def test_a_path_goes_as_deep_as_stored_json_may():
    node = secret = {"secret": 1}
    for _ in range(50_000):
        node = [node]
    Redactor("a.secret").redact({"a": node})
    assert secret == {}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("allowed", [None, "a.*.b", "a.b", ""])
@pytest.mark.parametrize("keys", ["a.b", "a.*.b", "*.*.*.b"])
def test_what_contains_itself_is_gone_through_once(keys, allowed):
    loop = [{"b": 1}]
    loop.append(loop)
    loop.append((loop,))
    crash = {"a": loop}
    crash["a"].append({"a": crash, "b": 2})
    Redactor(keys, allowed).redact(crash)
    assert not any("b" in item for item in crash.get("a", []) if isinstance(item, dict))


def test_what_is_there_many_times_takes_no_longer_than_it_must():
    node = [{"b": 1}]
    for _ in range(200):
        node = [node, node]
    bottom = node
    Redactor("a.b").redact({"a": node})
    while isinstance(bottom[0], list):
        bottom = bottom[0]
    assert bottom == [{}]


@pytest.mark.parametrize("root", [None, 1, "a", b"a"])
@pytest.mark.parametrize("allowed", [None, "a"])
def test_what_is_no_crash_is_left_alone(root, allowed):
    assert Redactor("a", allowed).redact(root) is None


def test_wildcards_in_nested_lists_take_no_longer_than_they_must():
    node = secret = {"b": {"secret": 1}}
    for _ in range(20_000):
        node = [node]
    Redactor("a.*.*.*.*.*.secret").redact({"a": node})
    assert secret == {"b": {}}


def test_an_allow_list_reaches_through_lists():
    crash = {"a": [{"b": 1, "c": 2}, "x", [{"b": 3, "d": 4}]], "e": ["f", "g"], "h": ["i"]}
    assert redacted(Redactor((), allowed_keys="a.*.b, e.*"), crash) == {
        "a": [{"b": 1}, [{"b": 3}]],
        "e": ["f", "g"],
    }


def test_it_can_be_called():
    mapping = {"url": 1}
    assert Redactor()(mapping) is None
    assert mapping == {}


@pytest.mark.parametrize(
    ("allowed", "before", "after"),
    [
        ("a", {"a": {"b": 1}, "c": 2}, {"a": {"b": 1}}),
        ("a.b", {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1}}),
        ("a.b, a.c", {"a": {"b": 1, "c": 2, "d": 3}}, {"a": {"b": 1, "c": 2}}),
        ("a.b", {"a": [{"b": 1, "c": 2}, "secret"]}, {"a": [{"b": 1}]}),
        ("a.b", {"a": ({"b": 1, "c": 2}, "secret")}, {"a": [{"b": 1}]}),
        ("a.b", {"a": "secret"}, {}),
        ("*.b", {"a": {"b": 1, "c": 2}, "x": {"b": 3}, "y": 4}, {"a": {"b": 1}, "x": {"b": 3}}),
        ("a.b, *.c", {"a": {"b": 1, "c": 2, "d": 3}}, {"a": {"b": 1, "c": 2}}),
        ("url, kept", {"url": 1, "kept": 2, "other": 3}, {"kept": 2}),
        ([], {"a": 1}, {}),
    ],
)
def test_an_allow_list_keeps_its_paths_only(allowed, before, after):
    assert redacted(Redactor(allowed_keys=allowed), before) == after


@pytest.mark.parametrize("keys", [5, None, [1], [None], object()])
def test_keys_that_are_no_texts_are_refused(keys):
    with pytest.raises(ConfigurationError, match="forbidden_keys must be comma text or a list"):
        Redactor(keys)


names = st.sampled_from(["a", "b", "c", "*"])
paths = st.lists(names, min_size=1, max_size=3).map(".".join)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc*"), inner),
)
mappings = st.dictionaries(st.sampled_from("abc*"), values)


def reachable(node, path):
    """Whether a path leads somewhere; written as its definition reads."""
    if isinstance(node, list):
        return any(reachable(item, path) for item in node)
    if not path:
        return True
    if not isinstance(node, dict):
        return False
    keys = list(node) if path[0] == "*" else [key for key in node if key == path[0]]
    return any(len(path) == 1 or reachable(node[key], path[1:]) for key in keys)


@given(mappings, st.lists(paths))
def test_no_forbidden_path_leads_anywhere_afterwards(mapping, forbidden):
    Redactor(forbidden).redact(mapping)
    assert not any(reachable(mapping, path.split(".")) for path in forbidden)


def scalars(node):
    if isinstance(node, dict | list):
        inner = node.values() if isinstance(node, dict) else node
        return [scalar for item in inner for scalar in scalars(item)]
    return [node]


@given(mappings, st.lists(paths))
def test_what_an_allow_list_keeps_goes_when_it_is_forbidden(mapping, paths):
    Redactor((), allowed_keys=paths).redact(mapping)
    Redactor(paths).redact(mapping)
    assert scalars(mapping) == []
