"""config show, check, example and from-configman."""

import json
import sys
import tomllib

import pytest
from command_line import COMMAND, complaint, run

TOML = """
[storages.disk]
class = "FSDatedRadixTreeStorage"
fs_root = "crashes"
[apps.reader]
storage = {class = "ReadOnlyCrashStorage", storage = "disk"}
"""


@pytest.fixture
def config(tmp_path):
    """Write a configuration and run a verb on it."""

    def run_verb(verb, text, *arguments, name="config.toml"):
        (tmp_path / name).write_text(text)
        done = run([str(COMMAND), "config", verb, name, *arguments], directory=tmp_path)
        assert [each.name for each in tmp_path.iterdir()] == [name], "something was opened"
        return done

    return run_verb


def test_check_says_what_can_be_opened(config):
    done = config("check", TOML)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "storages.disk: 1 FSDatedRadixTreeStorage",
        "apps.reader.storage: 1 ReadOnlyCrashStorage, 1 FSDatedRadixTreeStorage",
    ]
    records = [json.loads(line) for line in config("check", TOML, "--json").stdout.splitlines()]
    assert records[1]["classes"] == {"ReadOnlyCrashStorage": 1, "FSDatedRadixTreeStorage": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TOML.replace("fs_root", "fs_rot"), "storages.disk: unknown option 'fs_rot' for"),
        (TOML.replace('"disk"', '"disc"'), "there is no storage 'disc'; did you mean 'disk'?"),
        (TOML.replace('"crashes"', "5"), "storages.disk: option 'fs_root' of"),
        (f'{TOML}[storages.b]\nclass = "FSPermanentStorage"\nfs_root = "./crashes/"', "fs_root is"),
        ("[storages]\na = ", "cannot read 'config.toml'"),
        ("", "'config.toml' names no storage"),
    ],
)
def test_check_refuses_with_one_line(config, text, message):
    done = config("check", text)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in complaint(done)


def test_check_of_a_missing_driver_names_the_extra(config, tmp_path, monkeypatch):
    code = "import socorro_fast\nclass Far(socorro_fast.CrashStorageBase):\n"
    code += "    extra, drivers = 'far', ('no_such_driver',)\n"
    (tmp_path.parent / "far_away.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path.parent))
    text = '[storages.far]\nclass = "far_away.Far"'
    done = config("check", text)
    assert done.returncode == 2
    assert complaint(done) == (
        "storages.far: Far needs no_such_driver, not installed here: "
        "pip install 'socorro-fast[far]'"
    )
    assert config("show", text).returncode == 0


def test_show_has_the_environment_in_it(config, monkeypatch):
    monkeypatch.setenv("SOCORRO_FAST_STORAGES__DISK__DURABILITY", "disk")
    shown = config("show", TOML).stdout.decode()
    assert 'durability = "disk"  # from SOCORRO_FAST_STORAGES__DISK__DURABILITY\n' in shown
    assert tomllib.loads(shown)["storages"]["disk"]["fs_root"] == "crashes"
    (line, _) = config("show", TOML, "--json").stdout.splitlines()
    assert json.loads(line)["options"]["durability"] == "disk"


def test_an_example_passes_the_check(config):
    done = run([str(COMMAND), "config", "example", "ShardedCrashStorage"])
    assert config("check", done.stdout.decode()).returncode == 0
    assert b"PrimaryDeferredStorage" in run([str(COMMAND), "config", "example", "Primary"]).stderr


OLD = """
[source]
crashstorage_class=socorro.external.fs.crashstorage.FSPermanentStorage
[logging]
level=20
"""


def test_from_configman_says_what_it_left_out(config):
    done = config("from-configman", OLD, name="old.ini")
    assert done.returncode == 0
    assert complaint(done) == "not translated: logging.level = '20' (old.ini, line 5)"
    storages = tomllib.loads(done.stdout.decode())["storages"]
    assert storages == {"source": {"class": "FSPermanentStorage"}}


def test_from_configman_fails_where_a_storage_is_lost(config):
    done = config("from-configman", OLD.replace("FSPermanent", "HBase"), name="old.ini")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert any("could not be translated: storages.source: there is no" in line for line in lines)
    assert b"HBaseStorage" in done.stdout
    assert config("from-configman", "[[x", name="old.ini").returncode == 2


def test_no_verb_loads_a_driver(tmp_path):
    (tmp_path / "c.toml").write_text(TOML)
    code = (
        "import sys; from socorro_fast.cli import app\n"
        f"app(['config', 'check', {str(tmp_path / 'c.toml')!r}], standalone_mode=False)\n"
        "drivers = {'psycopg2', 'sqlalchemy', 'alembic', 'pika', 'boto3', 'botocore'}\n"
        "sys.exit(', '.join(drivers & set(sys.modules)) or 0)"
    )
    done = run([sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr.decode()
