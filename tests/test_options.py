"""Options: one declaration, for keywords, config objects and the environment."""

import types
from collections.abc import Mapping
from pathlib import Path

import pytest

from socorro_fast import ConfigurationError, CrashStorageBase, Redactor
from socorro_fast.options import FileMode, Secret, StorageOptions


class Options(StorageOptions):
    root: Path = Path("crashes")
    mode: FileMode = 0o644
    retries: int = 3
    password: Secret = Secret("none")
    pin: Secret | None = None


class Storage(CrashStorageBase):
    Options = Options


class Required(CrashStorageBase):
    class Options(StorageOptions):
        host: str


class DotDict(Mapping):
    """Answers by key and by attribute, and raises KeyError for both, as configman's does."""

    def __init__(self, **values):
        self._values = values

    def __getitem__(self, key):
        return self._values[key]

    def __getattr__(self, key):
        return self._values[key]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)


@pytest.mark.parametrize(
    ("given", "mode"), [("022", 0o22), ("0o22", 0o22), ("22", 0o22), (0o22, 0o22), (22, 22)]
)
def test_a_mode_as_text_is_octal(given, mode):
    assert Storage(mode=given).options.mode == mode


@pytest.mark.parametrize("given", ["rw", "89", "", "-1", -1, 0o10000, 1.0, None, True])
def test_what_is_no_mode_is_refused(given):
    with pytest.raises(ConfigurationError, match="option 'mode' of Storage cannot be"):
        Storage(mode=given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retires": 1}, "unknown option 'retires' for Storage; did you mean 'retries'?"),
        (
            {"xyz": 1},
            (
                "unknown option 'xyz' for Storage; "
                "known are redactor, dump_field, root, mode, retries, password, pin"
            ),
        ),
        (
            {"retries": "many"},
            (
                "option 'retries' of Storage cannot be 'many': "
                "input should be a valid integer, unable to parse string as an integer"
            ),
        ),
        (
            {"mode": "rw"},
            "option 'mode' of Storage cannot be 'rw': a mode as text is octal, such as '022'",
        ),
        (
            {"redactor": {"forbiden_keys": "a"}},
            (
                "option 'redactor' of Storage cannot be {'forbiden_keys': 'a'}: "
                "unknown option 'forbiden_keys' for the redactor; did you mean 'forbidden_keys'?"
            ),
        ),
    ],
)
def test_a_bad_option_is_named_with_what_is_allowed(options, message):
    with pytest.raises(ConfigurationError) as caught:
        Storage(**options)
    assert str(caught.value) == message


def test_every_bad_option_is_named():
    with pytest.raises(ConfigurationError, match=r"'retries' of Storage.*; unknown option 'nope'"):
        Storage(retries="x", nope=1)


def test_a_missing_option_is_named():
    with pytest.raises(ConfigurationError, match=r"^option 'host' of Required is missing$"):
        Required()


@pytest.mark.parametrize("name", ["a/b", "", ".x", 5])
def test_a_dump_field_that_cannot_name_a_dump_is_refused(name):
    with pytest.raises(ConfigurationError, match="option 'dump_field' of Storage cannot be"):
        Storage(dump_field=name)


def test_options_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Storage().options.retries = 5


class TestPassword:
    def test_is_not_shown(self):
        storage = Storage(password="hunter2", pin="1234")
        assert storage.options.password.get_secret_value() == "hunter2"
        for text in (
            repr(storage),
            storage.describe(),
            repr(storage.options),
            str(storage.options),
        ):
            assert "hunter2" not in text
            assert "1234" not in text

    @pytest.mark.parametrize("option", ["password", "pin"])
    def test_is_not_shown_when_it_is_wrong(self, option):
        with pytest.raises(ConfigurationError, match=option) as caught:
            Storage(**{option: ["hunter2"]})
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None


CONFIG = {"retries": 7, "mode": "640", "unrelated": object(), "redactor": "a, b"}


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        DotDict(**CONFIG),
        types.SimpleNamespace(**CONFIG),
        type("Config", (), CONFIG),
        types.MappingProxyType(CONFIG),
    ],
    ids=["dict", "dotdict", "namespace", "class", "proxy"],
)
def test_from_config_takes_what_is_declared_from_keys_or_attributes(config):
    options = Storage.from_config(config).options
    assert (options.retries, options.mode, options.root) == (7, 0o640, Path("crashes"))
    assert options.redactor.forbidden_keys == ("a", "b")


def test_from_config_looks_up_nothing_else():
    class Config:
        def __getattr__(self, name):
            asked.append(name)
            raise AttributeError(name)

    asked = []
    Storage.from_config(Config())
    assert asked == list(Options.model_fields)


def test_from_config_checks_as_the_constructor_does():
    with pytest.raises(ConfigurationError, match="'retries' of Storage"):
        Storage.from_config({"retries": "x"})


class TestEnvironment:
    def test_gives_what_is_declared(self, monkeypatch):
        monkeypatch.setenv("SOCORRO_FAST_RETRIES", "7")
        monkeypatch.setenv("SOCORRO_FAST_MODE", "640")
        monkeypatch.setenv("SOCORRO_FAST_UNRELATED", "1")
        monkeypatch.setenv("RETRIES", "8")
        found = Options.find_in_environment()
        assert found == {"retries": "7", "mode": "640"}
        assert Storage(**found).options.retries == 7

    def test_goes_into_mappings(self, monkeypatch):
        monkeypatch.setenv("SOCORRO_FAST_REDACTOR__FORBIDDEN_KEYS", "a,b")
        monkeypatch.setenv("SOCORRO_FAST_REDACTOR__ALLOWED_KEYS", "c")
        redactor = Storage(**Options.find_in_environment()).options.redactor
        assert redactor.forbidden_keys == ("a", "b")
        assert redactor.allowed_keys == ("c",)

    def test_that_contradicts_itself_is_refused(self, monkeypatch):
        monkeypatch.setenv("SOCORRO_FAST_REDACTOR", "a")
        monkeypatch.setenv("SOCORRO_FAST_REDACTOR__FORBIDDEN_KEYS", "b")
        with pytest.raises(ConfigurationError, match="SOCORRO_FAST_REDACTOR__FORBIDDEN_KEYS"):
            Options.find_in_environment()

    def test_may_have_another_prefix(self, monkeypatch):
        monkeypatch.setenv("OTHER_RETRIES", "7")
        assert Options.find_in_environment("OTHER_") == {"retries": "7"}


@pytest.mark.parametrize(
    "redactor", ["a,b", ["a", "b"], {"forbidden_keys": "a,b"}, Redactor(["a", "b"])]
)
def test_a_redactor_is_given_in_many_ways(redactor):
    assert Storage(redactor=redactor).redactor.forbidden_keys == ("a", "b")


@pytest.mark.parametrize("redactor", [5, None, [1], {"forbidden_keys": 5}, {1: 2}])
def test_what_is_no_redactor_is_refused(redactor):
    with pytest.raises(ConfigurationError, match="'redactor' of Storage"):
        Storage(redactor=redactor)
