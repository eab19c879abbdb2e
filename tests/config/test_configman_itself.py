"""Files that configman itself writes, translated."""

import subprocess
import sys
import textwrap
import tomllib

import pytest

from socorro_fast import Configuration
from socorro_fast.config.configman import translate

# configman 1.3.0, the last one, looks for abstract classes where Python has them no more.
WRITE = """
    import collections
    import collections.abc
    import inspect
    import sys

    for name in ("Mapping", "MutableMapping", "MutableSet", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))
    inspect.getargspec = inspect.getfullargspec

    from configman import ConfigurationManager, Namespace

    FS, BASE = "socorro.external.fs.crashstorage", "socorro.external.crashstorage_base"
    options = Namespace()
    options.add_option("level", default=5, doc="of logging")
    for app in ("source", "destination"):
        options.namespace(app)
        options[app].add_option("crashstorage_class", default=f"{FS}.FSRadixTreeStorage")
    options.source.add_option("fs_root", default="./crashes", reference_value_from="resource.fs")
    options.destination.add_option("storage_classes", default="")
    options.destination.namespace("storage0")
    first = options.destination.storage0
    first.add_option("crashstorage_class", default="")
    first.add_option("umask", default=18, doc="permissions")
    first.add_option("fs_root", default="./crashes", reference_value_from="resource.fs")
    given = {
        "level": 6,
        "source.fs_root": "/data/source",
        "destination.crashstorage_class": f"{BASE}.PolyCrashStorage",
        "destination.storage_classes": f"{FS}.FSPermanentStorage",
        "destination.storage0.crashstorage_class": f"{FS}.FSPermanentStorage",
        "destination.storage0.fs_root": "/data/first",
        "destination.storage0.umask": 23,
    }
    manager = ConfigurationManager(
        [options], values_source_list=[given], argv_source=[], use_auto_help=False
    )
    manager.dump_conf(sys.argv[1])
"""


@pytest.mark.parametrize("ending", ["ini", "json", "env"])
def test_what_configman_writes_is_read(tmp_path, ending):
    path = tmp_path / f"mover.{ending}"
    script = textwrap.dedent(WRITE)
    command = [sys.executable, "-W", "ignore", "-c", script, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert path.exists(), done.stderr
    translation = translate(path)
    tables = tomllib.loads(translation.toml)
    assert translation.failures == []
    assert tables["storages"]["destination"] == {
        "class": "PolyCrashStorage",
        "storages": {
            "storage0": {"class": "FSPermanentStorage", "fs_root": "/data/first", "umask": 0o027}
        },
    }
    assert tables["storages"]["source"] == {
        "class": "FSRadixTreeStorage",
        "fs_root": "/data/source",
    }
    assert any(each.startswith("level = '6'") for each in translation.unknown)
    assert list(Configuration(tables, {}).plans) == ["storages.source", "storages.destination"]
