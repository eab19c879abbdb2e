"""Configurations shown as they are understood, and examples made of declarations."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

import socorro_fast
from socorro_fast import Configuration, ConfigurationError, CrashStorageBase
from socorro_fast.config.classes import storage_names
from socorro_fast.config.declared import FROM_PYTHON, declared
from socorro_fast.config.example import example
from socorro_fast.config.showing import as_data, as_toml
from socorro_fast.config.toml import key, plain, written
from socorro_fast.options import MASK, FileMode, Secret, StorageOptions


class Options(StorageOptions):
    password: Secret = Field(description="opens the door")
    pin: Secret | None = None
    address: str = "amqp://guest:guest@localhost"
    addresses: tuple[str, ...] = ("https://u:hunter2@a",)
    mode: FileMode | None = 0o640
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    folder: Path = Path("a b")
    since: date = date(2026, 11, 1)
    anything: object = None


class Remote(CrashStorageBase):
    Options = Options


REMOTE = f"{__name__}.Remote"
TABLES = {
    "storage": "a.b",
    "storages": {
        "a.b": {
            "class": "PolyCrashStorage",
            "storages": ["disk", {"class": "ReadOnlyCrashStorage", "storage": "disk"}],
        },
        "disk": {"class": "FSDatedRadixTreeStorage", "umask": "027"},
        "far": {"class": REMOTE, "password": "hunter2", "pin": "hunter2"},
    },
    "apps": {
        "one": {"storage": "disk"},
        "two": {"storage": {"class": "MetricsCrashStorage", "storage": "far"}},
    },
}


@pytest.fixture
def configuration():
    return Configuration(TABLES, {"SOCORRO_FAST_STORAGES__DISK__FS_ROOT": 'x\\"\u00e9\x7f\n'})


class TestShow:
    def test_says_where_each_value_comes_from(self, configuration):
        lines = as_toml(configuration).splitlines()
        assert "umask = 0o027" in lines
        assert 'durability = "os"  # default' in lines
        assert "# file_mode: not set" in lines
        assert f"# now: {FROM_PYTHON}" in lines
        root = r'fs_root = "x\\\"é\u007f\n"  # from SOCORRO_FAST_STORAGES__DISK__FS_ROOT'
        assert root in lines

    def test_what_it_prints_is_the_same_configuration(self, configuration):
        again = Configuration(tomllib.loads(as_toml(configuration)), {})
        assert list(again.plans) == list(configuration.plans)
        for path, plan in configuration.plans.items():
            assert as_data(again.plans[path]) == as_data(plan)

    def test_a_storage_alone_has_no_table(self):
        text = as_toml(Configuration({"class": "NullCrashStorage"}, {}))
        assert text.startswith('class = "NullCrashStorage"\n')

    def test_no_secret_is_in_it(self, configuration):
        data = json.dumps([as_data(plan) for plan in configuration.plans.values()])
        for text in (as_toml(configuration), data):
            assert "hunter2" not in text
            assert "guest:guest" not in text
            assert text.count(MASK) >= 4


class TestSecretsInUrls:
    def test_are_in_no_repr(self):
        storage = Remote(
            password="x", address="amqp://me:hunter2@host/", addresses=["b://c:hunter2@"]
        )
        assert "hunter2" not in repr(storage)
        assert f"amqp://me:{MASK}@host/" in repr(storage)

    def test_are_in_no_error(self):
        with pytest.raises(ConfigurationError) as caught:
            Remote(password="x", address=["amqp://me:hunter2@host"])
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("url", ["http://host:80/a@b", "http://a@b", "x:y@z", "://:@"])
    def test_without_a_password_stays(self, url):
        assert plain(url) == url


class TestExample:
    @pytest.mark.parametrize("name", storage_names())
    def test_each_class_has_one_that_holds(self, name):
        text = example([name])
        configuration = Configuration(tomllib.loads(text), {}, drivers=False)
        assert configuration.storages[name].storage_class is getattr(socorro_fast, name)
        for option in declared(getattr(socorro_fast, name)):
            assert option.description
            assert (
                f"\n{option.name} = " in text
                or f"#{option.name} = " in text
                or (f"# {option.name}: " in text)
            )

    @pytest.mark.parametrize("name", storage_names())
    def test_the_defaults_it_shows_are_the_defaults(self, name):
        text = example([name])
        shown = text.replace("\n#", "\n").replace("\n ", "\n# ")
        shown = "\n".join(line for line in shown.splitlines() if " = " in line or line[:1] == "[")
        plain_plan = Configuration(tomllib.loads(text), {}, drivers=False).storages[name]
        full_plan = Configuration(tomllib.loads(shown), {}, drivers=False).storages[name]
        assert as_data(full_plan) == as_data(plain_plan)

    def test_the_typical_one_opens(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        configuration = Configuration(tomllib.loads(example()), {})
        assert list(tmp_path.iterdir()) == []
        for app in configuration.apps:
            configuration.open(app).close()
        with configuration.open() as storage:
            assert list(storage.roles) == ["primary", "fallback"]

    def test_of_your_own_class(self):
        text = example([REMOTE])
        assert 'password = "change-me"' in text
        assert "# opens the door (secret text)" in text
        assert "number, above 0, at most 1)" in text
        assert "#since = 2026-11-01" in text
        Configuration(tomllib.loads(text), {})

    def test_of_no_class(self):
        with pytest.raises(ConfigurationError, match="nearest is 'FSRadixTreeStorage'"):
            example(["FSRadixTree"])


ODD_TEXT = "a\"b\\c\n\t\x00\x1f\x7f\u2028é\U0001f600'''"
VALUES = ["", ODD_TEXT, 0, -1, 2**70, 1.5, 1e300, float("inf"), True, False, date(2026, 1, 2)]
TABLES_AND_LISTS = [[], [[1], ["a"]], {}, {"a b": {"": 1}, "é": [{"x": True}]}]


@pytest.mark.parametrize("value", [*VALUES, *TABLES_AND_LISTS], ids=repr)
def test_what_is_written_reads_the_same(value):
    assert tomllib.loads(f"{key('x')} = {written(value)}") == {"x": value}


@pytest.mark.parametrize("value", [None, object(), "\ud800"])
def test_what_toml_cannot_hold_is_refused(value):
    with pytest.raises(ConfigurationError, match="a file cannot hold"):
        written(value)


def test_what_became_an_object_is_shown_as_it_was_given():
    schema = {"type": "object", "properties": {"uuid": {"type": "string"}}}
    tables = {"class": "TelemetryBotoS3CrashStorage", "json_schema": schema}
    shown = as_toml(Configuration(tables, {}, drivers=False))
    assert tomllib.loads(shown)["json_schema"] == schema
    name = "socorro_fast.transaction.TransactionExecutorWithLimitedBackoff"
    assert tomllib.loads(shown)["transaction_executor_class"] == name
