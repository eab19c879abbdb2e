"""What configman is told of the options, by configman itself where that can be made to import."""

import subprocess
import sys
import textwrap

import pytest

from socorro_fast import ConfigurationError
from socorro_fast.compat import classic

# configman 1.3.0, the last one, looks for abstract classes where Python has them no more.
MENDED = """
    import collections
    import collections.abc

    for name in ("Mapping", "MutableMapping", "MutableSet", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))

    import configman
    from socorro_fast.compat import classic
"""


def run(code, tmp_path):
    script = textwrap.dedent(MENDED) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_options_of_a_class_and_of_its_subclasses(tmp_path):
    run(
        """
        class Mine(classic.FSDatedRadixTreeStorage):
            required_config = configman.Namespace()
            required_config.add_option("prefix", default="p", doc="mine")

        namespace = Mine.get_required_config()
        assert namespace.prefix.value == "p"
        assert namespace.fs_root.value == "crashes"
        assert (namespace.ack.value, namespace.codec.value) == ("advance", "json")
        assert namespace.minute_slice_interval.value == 4
        assert "directory of the tree" in namespace.fs_root.doc
        assert namespace.umask.value == 0o022
        namespace.umask.set_value("027")
        assert namespace.umask.value == 0o027
        assert "url" in namespace.forbidden_keys.value
        assert "prefix" not in classic.FSDatedRadixTreeStorage.get_required_config()
        old = classic.FileSystemCrashStorage.get_required_config()
        assert {"primary", "now"}.isdisjoint(old)
        theirs = "std_fs_root def_fs_root pro_fs_root dump_dir_count dump_gid dump_permissions"
        theirs += " minutes_per_slot sub_slot_count index_name date_name storage_depth"
        theirs += " processed_crash_file_suffix gzip_compression_level dir_permissions"
        assert set(theirs.split()) <= set(old)
        assert old.pro_fs_root.value == "./processedCrashStore"
        """,
        tmp_path,
    )


@pytest.mark.parametrize(
    "members",
    [
        {
            "storage_namespaces": "x, y",
            "x.crashstorage_class": "socorro_fast.compat.classic.FSTemporaryStorage",
            "x.fs_root": "b",
            "y.crashstorage_class": "socorro_fast.compat.classic.InMemoryCrashStorage",
        },
        {
            "storage_classes": "socorro_fast.compat.classic.FSTemporaryStorage, NullCrashStorage",
            "storage0.fs_root": "b",
        },
    ],
    ids=["namespaces", "classes"],
)
def test_a_composition_that_configman_read(members, tmp_path):
    values = {
        "primary.storage_class": "socorro_fast.compat.classic.FSPermanentStorage",
        "primary.fs_root": "a",
        "primary.umask": "077",
        "primary.forbidden_keys": "secret",
        "fallback.storage_class": "socorro_fast.compat.classic.PolyCrashStorage",
        **{f"fallback.{name}": value for name, value in members.items()},
    }
    run(
        f"""
        definition = configman.Namespace()
        definition.namespace("destination")
        definition.destination.add_option(
            "crashstorage_class",
            default=classic.FallbackCrashStorage,
            from_string_converter=configman.class_converter,
        )
        values = {{"destination." + name: value for name, value in {values!r}.items()}}
        manager = configman.ConfigurationManager(
            [definition], values_source_list=[values], argv_source=[],
            app_name="app", app_version="1", app_description="an app",
        )
        with manager.context() as config:
            storage = config.destination.crashstorage_class(config.destination, "destination")
        from pathlib import Path
        assert storage.primary_store.fs_root == Path("a").resolve()
        assert storage.primary_store.options.umask == 0o077
        assert storage.primary_store.redactor.forbidden_keys == ("secret",)
        (first, second) = storage.fallback_store.members
        assert isinstance(first, classic.FSTemporaryStorage)
        assert first.fs_root == Path("b").resolve()
        assert not isinstance(second, classic.FSTemporaryStorage)
        assert storage.config.primary.fs_root == "a"
        """,
        tmp_path,
    )


def test_a_composition_without_a_class_does_not_take_the_one_above(tmp_path):
    run(
        """
        config = configman.dotdict.DotDictWithAcquisition()
        config.crashstorage_class = classic.PolyCrashStorage
        config.storage_namespaces = "a"
        config.a = configman.dotdict.DotDictWithAcquisition()
        try:
            classic.PolyCrashStorage(config)
        except classic.ConfigurationError as error:
            assert "needs a class in 'a.crashstorage_class'" in str(error), error
        else:
            raise SystemExit("made of itself")
        """.replace("classic.ConfigurationError", "__import__('socorro_fast').ConfigurationError"),
        tmp_path,
    )


def test_where_configman_cannot_be_imported_that_is_said():
    with pytest.raises(ConfigurationError, match="get_required_config needs configman, which"):
        classic.FSRadixTreeStorage.get_required_config()
