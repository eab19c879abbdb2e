"""The package: light to import, and every public name where it says."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import socorro_fast

HEAVY = {
    "typer", "rich", "click", "sqlalchemy", "psycopg2", "alembic", "pika", "boto3", "botocore",
    "elasticsearch", "opensearchpy", "happybase", "falcon", "prometheus_client",
    "pydantic_settings",
}  # fmt: skip


def modules_after(code):
    """Run code in a new interpreter; return the modules it has loaded."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return set(json.loads(result.stdout))


def test_importing_the_package_loads_next_to_nothing():
    loaded = modules_after("import socorro_fast")
    assert not loaded & (HEAVY | {"pydantic", "orjson", "socorro_fast._rust"})


def test_using_the_storages_loads_no_driver():
    loaded = modules_after(
        "import socorro_fast\n"
        "for name in socorro_fast.__all__: getattr(socorro_fast, name)\n"
        "print(end=socorro_fast.InMemoryCrashStorage().describe()[:0])"
    )
    assert "socorro_fast.memory" in loaded
    assert not loaded & HEAVY


NEEDED = {"annotated_types", "orjson", "pydantic", "pydantic_core", "typing_extensions",
          "typing_inspection"}  # fmt: skip
"""The packages of others that storages are made of."""


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import socorro_fast", set()),
        ("from socorro_fast import CrashStorageError", set()),
        ("from socorro_fast import FSDatedRadixTreeStorage", NEEDED),
        ("from socorro_fast import *", NEEDED),
    ],
    ids=["package", "error", "storage", "all"],
)
def test_an_import_loads_what_it_needs(code, needed):
    # How long an import takes is measured by `python -m benches --op overhead`; this is steady.
    before = {name.partition(".")[0] for name in modules_after("")}
    loaded = {name.partition(".")[0] for name in modules_after(code)} - before
    foreign = {name for name in loaded if name[0] != "_"} - sys.stdlib_module_names
    assert foreign - {"socorro_fast"} <= needed


def test_describing_and_checking_load_no_driver():
    loaded = modules_after(
        "import tomllib\n"
        "from socorro_fast import Configuration, FSNewCrashSource\n"
        "from socorro_fast.config.classes import storage_names\n"
        "from socorro_fast.config.example import example\n"
        "from socorro_fast.config.showing import as_toml\n"
        "for name in storage_names():\n"
        "    tables = tomllib.loads(example([name]))\n"
        "    as_toml(Configuration(tables, {}, drivers=False))\n"
        "    try:\n"
        "        Configuration(tables, {})\n"
        "    except ValueError as error:\n"
        "        assert 'not installed here' in str(error), error\n"
    )
    assert "socorro_fast.config.configuration" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", socorro_fast.__all__)
def test_every_name_is_there(name):
    assert getattr(socorro_fast, name) is not None
    assert name in dir(socorro_fast)


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        socorro_fast.Nonsense  # noqa: B018 - the look-up is the test


def test_type_checkers_see_the_names_that_exist():
    tree = ast.parse(Path(socorro_fast.__file__).read_text())
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: statement.module.removeprefix("socorro_fast.")
        for statement in guarded.body
        for alias in statement.names
    }
    assert seen == socorro_fast._HOME


def test_the_version_is_that_of_the_binary():
    assert socorro_fast.__version__ == socorro_fast._rust.__version__
