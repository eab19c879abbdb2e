"""Configurations that somebody made to break them."""

import itertools
import json
import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import socorro_fast
from socorro_fast import Configuration, ConfigurationError, CrashStorageError, open_storage
from socorro_fast.config.showing import as_toml

MEMORY = {"class": "InMemoryCrashStorage"}


def nested(depth):
    tables = MEMORY
    for _ in range(depth):
        tables = {"class": "ReadOnlyCrashStorage", "storage": tables}
    return tables


def test_fifty_deep_opens():
    with open_storage(nested(50)) as storage:
        assert storage.describe().count("ReadOnlyCrashStorage(") == 50


def test_too_deep_is_one_error():
    with pytest.raises(ConfigurationError, match="nested too deep"):
        Configuration(nested(100_000), {})


def test_a_ring_of_tables_is_named_by_its_places():
    alone = {"class": "ReadOnlyCrashStorage"}
    alone["storage"] = alone
    with pytest.raises(ConfigurationError, match=r"^storage: .* this is the configuration$"):
        Configuration(alone, {})
    poly = {"class": "PolyCrashStorage", "storages": [MEMORY]}
    poly["storages"].append({"class": "ReadOnlyCrashStorage", "storage": poly})
    with pytest.raises(ConfigurationError) as caught:
        Configuration({"storages": {"x": poly}}, {})
    assert str(caught.value).startswith("storages.x.storages.1.storage: ")
    assert str(caught.value).endswith("cannot contain itself: this is storages.x")


@pytest.mark.parametrize("given", [5, None, True, [], {}, b"x", object])
def test_a_class_that_is_no_text_has_no_nearest_name(given):
    for tables, path in (({"class": given}, ""), ({"storage": {"class": given}}, "storage: ")):
        with pytest.raises(ConfigurationError) as caught:
            Configuration(tables, {"SOCORRO_FAST_CODEC": "json"})
        message = f"{path}a storage needs a class, such as 'FSRadixTreeStorage', not {given!r}"
        assert str(caught.value) == message


def test_a_class_like_no_other_is_told_which_there_are():
    with pytest.raises(ConfigurationError, match=r"no storage class 'zzz'; there are .*FSRadix"):
        Configuration({"class": "zzz"}, {})


def test_a_deep_file_is_one_error(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"class":"ReadOnlyCrashStorage","storage":' * 100_000)
    with pytest.raises(ConfigurationError):
        Configuration(path, {})


def test_keys_that_are_no_text_are_refused_as_unknown():
    with pytest.raises(ConfigurationError, match="unknown option '1' for a configuration"):
        Configuration({1: MEMORY}, {"SOCORRO_FAST_STORAGE": "x"})


def test_names_may_have_dots():
    configuration = Configuration(
        {"storages": {"a.b": MEMORY}, "apps": {"x.y": {"storage": "a.b"}}}, {}
    )
    assert type(configuration.open("x.y")) is socorro_fast.InMemoryCrashStorage


@pytest.mark.parametrize("name", [".x", "x.", "..", "no.such", "socorro_fast.nothing", "a b.c"])
def test_class_names_that_lead_nowhere(name):
    with pytest.raises(ConfigurationError, match=r"^storages.a: .*storage class"):
        Configuration({"storages": {"a": {"class": name}}}, {})


@pytest.mark.parametrize("code", ["1 / 0", "raise SystemError", "def"])
def test_a_module_that_cannot_be_imported(tmp_path, monkeypatch, code):
    (tmp_path / "broken_module.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot import storage class 'broken_module.X'"):
        Configuration({"class": "broken_module.X"}, {})


class TestEnvironment:
    def test_goes_into_lists(self):
        tables = {"class": "PolyCrashStorage", "storages": [MEMORY, MEMORY]}
        variables = {"SOCORRO_FAST_STORAGES__1__CODEC": "json"}
        storage = Configuration(tables, variables).open()
        assert [each.options.codec for each in storage.members] == ["orjson", "json"]
        assert "codec" not in MEMORY

    @pytest.mark.parametrize("place", ["2", "x", "-1"])
    def test_into_a_place_that_is_not_there(self, place):
        tables = {"class": "PolyCrashStorage", "storages": [MEMORY, MEMORY]}
        with pytest.raises(
            ConfigurationError, match=f"__{place}__.* is not a place in a list of 2"
        ):
            Configuration(tables, {f"SOCORRO_FAST_STORAGES__{place}__CODEC": "json"})

    def test_lists_and_tables_are_json(self):
        tables = {"class": "PolyCrashStorage", "storages": {"a": MEMORY, "b": MEMORY}}
        variables = {"SOCORRO_FAST_REQUIRED": '["a"]', "SOCORRO_FAST_PARALLEL": "true"}
        options = Configuration(tables, variables).open().options
        assert (options.required, options.parallel) == (("a",), True)
        with pytest.raises(ConfigurationError, match="SOCORRO_FAST_REQUIRED begins as JSON"):
            Configuration(tables, {"SOCORRO_FAST_REQUIRED": "['a']"})

    @pytest.mark.parametrize("secret", ["{not json", "[1]", '"quoted"', "{}"])
    def test_a_secret_is_text_whatever_it_looks_like(self, secret):
        database = {"class": "PostgreSQLCrashStorage"}
        at_top = Configuration(database, {"SOCORRO_FAST_DATABASE_PASSWORD": secret}, drivers=False)
        named = Configuration(
            {"storages": {"a": dict(database)}},
            {"SOCORRO_FAST_STORAGES__A__DATABASE_PASSWORD": secret},
            drivers=False,
        )
        for plan in (at_top.storage, named.storages["a"]):
            assert plan.options.database_password.get_secret_value() == secret

    def test_is_named_where_it_is_to_blame(self):
        tables = {"storages": {"a": MEMORY, "b": MEMORY}}
        with pytest.raises(ConfigurationError) as caught:
            Configuration(tables, {"SOCORRO_FAST_STORAGES__A__CODEC": "xml"})
        assert "storages.a: option 'codec'" in str(caught.value)
        assert "set in the environment: SOCORRO_FAST_STORAGES__A__CODEC" in str(caught.value)

    def test_is_named_where_it_makes_a_storage_that_nobody_has(self):
        with pytest.raises(ConfigurationError) as caught:
            Configuration({"storages": {"a": MEMORY}}, {"SOCORRO_FAST_STORAGES__B__CODEC": "json"})
        assert str(caught.value).startswith("storages.b: a storage needs a class")
        assert "environment: SOCORRO_FAST_STORAGES__B__CODEC" in str(caught.value)


def test_the_quit_check_reaches_every_storage():
    def quit_check():
        raise KeyboardInterrupt

    with open_storage(nested(2), quit_check_callback=quit_check) as storage:
        inner = storage.storage.storage
        assert (storage.quit_check, inner.quit_check) == (quit_check, quit_check)


class Unclosable(socorro_fast.InMemoryCrashStorage):
    def close(self):
        raise RuntimeError("stuck")


def test_why_it_did_not_open_is_not_hidden_by_a_close_that_fails(tmp_path):
    (tmp_path / "file").touch()
    bad = {"class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "file")}
    tables = {"class": "PolyCrashStorage", "storages": [{"class": f"{__name__}.Unclosable"}, bad]}
    with pytest.raises(CrashStorageError, match="file") as caught:
        open_storage(tables)
    assert "stuck" in caught.value.__notes__[0]


class Elsewhere(socorro_fast.FSRadixTreeStorage):
    tree_family = "another"


def test_a_family_of_somebody_else_does_not_share_a_root_either(tmp_path):
    ours = {"class": "FSRadixTreeStorage", "fs_root": str(tmp_path)}
    theirs = {"class": f"{__name__}.Elsewhere", "fs_root": str(tmp_path)}
    with pytest.raises(ConfigurationError, match="Elsewhere has the layout 'another'"):
        Configuration({"storages": {"a": ours, "b": theirs}}, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fs_root": "a\0b"}, "'fs_root' .* it must name a file or a directory"),
        ({"fs_root": ""}, "'fs_root' .* it must name a file or a directory"),
        ({"name_branch_base": "../x"}, "'name_branch_base' .* plain directory name"),
        ({"date_branch_base": "name"}, "'date_branch_base' .* must not be name_branch_base"),
        ({"name_branch_base": "date"}, "'date_branch_base' .* must not be name_branch_base"),
        ({"json_file_suffix": "json"}, "'json_file_suffix' .* a dot and a name"),
        ({"json_file_suffix": ".dump"}, "'dump_file_suffix' .* different from json_file_suffix"),
        ({"jsonz_file_suffix": ".a.json"}, "'jsonz_file_suffix' .* different"),
    ],
)
def test_what_a_tree_would_refuse_is_refused_before(options, message):
    with pytest.raises(ConfigurationError, match=f"^storages.a: option {message}"):
        Configuration({"storages": {"a": {"class": "FSDatedRadixTreeStorage", **options}}}, {})


def test_a_required_member_that_is_not_there_is_refused_before():
    poly = {"class": "PolyCrashStorage", "storages": {"disk": MEMORY}, "required": ["disc"]}
    with pytest.raises(
        ConfigurationError, match=r"^storages\.p: .*'required'; did you mean 'disk'"
    ):
        Configuration({"storages": {"p": poly}}, {})


ROOTED = {
    "FSRadixTreeStorage": "leaf",
    "FSDatedRadixTreeStorage": "leaf",
    "FSLegacyRadixTreeStorage": "legacy",
    "FSLegacyDatedRadixTreeStorage": "legacy",
    "FSTemporaryStorage": "legacy of a month",
    "FSSegmentStorage": "segments",
}


PAIRS = list(itertools.combinations_with_replacement(ROOTED, 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_only_those_of_one_layout_share_a_root(tmp_path, one, other):
    (tmp_path / "link").symlink_to(tmp_path)
    tables = {
        "storages": {"a": {"class": one, "fs_root": str(tmp_path)}},
        "apps": {"x": {"storage": {"class": other, "fs_root": str(tmp_path / "link")}}},
    }
    if ROOTED[one] == ROOTED[other]:
        assert len(Configuration(tables, {}).plans) == 2
        return
    with pytest.raises(ConfigurationError, match="its fs_root is that of"):
        Configuration(tables, {})


def test_a_file_that_is_missing_is_named_once(tmp_path):
    path = tmp_path / "no.json"
    with pytest.raises(ConfigurationError) as caught:
        Configuration(path)
    assert str(caught.value) == f"cannot read {str(path)!r}: No such file or directory"


def test_a_value_that_json_alone_has_is_data(tmp_path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"class": "InMemoryCrashStorage", "codec": float("nan")}))
    with pytest.raises(ConfigurationError, match=r"option 'codec' .* cannot be nan"):
        Configuration(path, {})


@pytest.mark.parametrize("source", [None, 5, [], b"x.toml", object])
def test_what_is_no_configuration_at_all(source):
    with pytest.raises(
        ConfigurationError, match=r"^(a configuration is a dict|cannot read|.* is n)"
    ):
        open_storage(source)


CLASSES = ["FSRadixTreeStorage", "PolyCrashStorage", "ReadOnlyCrashStorage", "NullCrashStorage"]
KEYS = ["class", "storage", "storages", "apps", "fs_root", "redactor", "required", "a", "", "codec"]
WORDS = st.sampled_from([*CLASSES, *KEYS])
LEAVES = WORDS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
TABLES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
VARIABLES = st.dictionaries(
    st.lists(WORDS.map(str.upper), min_size=1, max_size=4).map(
        lambda steps: "SOCORRO_FAST_" + "__".join(steps)
    ),
    st.text(max_size=5) | WORDS,
    max_size=3,
)


@given(st.dictionaries(WORDS, TABLES, max_size=4), VARIABLES)
def test_whatever_is_in_it_there_is_one_kind_of_error(tables, variables):
    with suppress(ConfigurationError):
        configuration = Configuration(tables, variables)
        tomllib.loads(as_toml(configuration))
