"""What the classic classes are constructed with: both signatures, configurations of every kind."""

import argparse
import logging
from types import MappingProxyType, SimpleNamespace

import pytest

from fs.trees import DEPTH_2, RAW, mode_of
from socorro_fast import ConfigurationError, InMemoryCrashStorage, StorageOptions
from socorro_fast import fs as native
from socorro_fast.compat import classic

LEAVES = [
    classic.FSRadixTreeStorage,
    classic.FSLegacyRadixTreeStorage,
    classic.FSDatedRadixTreeStorage,
    classic.FSLegacyDatedRadixTreeStorage,
    classic.FSTemporaryStorage,
]


class Quit(BaseException):
    pass


def quit_check():
    raise Quit


class Attributes:
    """A configuration that knows nothing but attributes."""

    def __init__(self, values):
        vars(self).update(values)


def deep(make, values):
    return make(
        {key: deep(make, each) if isinstance(each, dict) else each for key, each in values.items()}
    )


KINDS = {
    "dict": dict,
    "proxy": MappingProxyType,
    "dotdict": classic.DotDict,
    "argparse": lambda values: argparse.Namespace(**values),
    "namespace": lambda values: SimpleNamespace(**values),
    "attributes": Attributes,
}


@pytest.fixture(params=KINDS, name="kind")
def _kind(request):
    return lambda values: deep(KINDS[request.param], values)


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
def test_options_are_found_on_any_configuration(cls, kind, tmp_path):
    config = kind({"fs_root": str(tmp_path), "umask": "027", "json_file_suffix": ".raw", "x": 1})
    with cls(config) as storage:
        storage.save_raw_crash(RAW, {}, DEPTH_2)
        assert storage.get_raw_crash(DEPTH_2) == RAW
        assert (storage.config.x, storage.config["x"], storage.config.get("y")) == (1, 1, None)
        assert storage.config.dump_file_suffix == ".dump"
    (path,) = tmp_path.rglob(f"{DEPTH_2}.raw")
    assert mode_of(path) == 0o640
    assert isinstance(storage, getattr(native, cls.__name__))


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    ("args", "kwargs", "namespace"),
    [
        ((quit_check,), {}, ""),
        ((), {"quit_check_callback": quit_check}, ""),
        (("destination.s3", quit_check), {}, "destination.s3"),
        (("x",), {"quit_check_callback": quit_check}, "x"),
        ((), {"namespace": "x", "quit_check_callback": quit_check}, "x"),
    ],
)
def test_both_constructors(cls, args, kwargs, namespace, tmp_path):
    storage = cls({"fs_root": tmp_path}, *args, **kwargs)
    assert storage.namespace == namespace
    assert storage.quit_check is quit_check
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    with pytest.raises(Quit):
        list(storage.list_crashes())


@pytest.mark.parametrize("args", [(), (None,), ("",), ("", None), (None, None)])
def test_without_a_callback_nothing_quits(args, tmp_path):
    storage = classic.FSDatedRadixTreeStorage({"fs_root": tmp_path}, *args)
    storage.save_raw_crash(RAW, {}, DEPTH_2)
    assert list(storage.new_crashes()) == [DEPTH_2]
    assert storage.namespace == ""


def test_a_callback_must_be_one(tmp_path):
    with pytest.raises(ConfigurationError, match="quit_check_callback must be callable"):
        classic.FSRadixTreeStorage({"fs_root": tmp_path}, "", "no")


def test_the_defaults_are_the_original_s(tmp_path):
    options = classic.FSTemporaryStorage({"fs_root": tmp_path}).options
    assert (options.ack, options.codec, options.zero_depth) == ("advance", "json", 4)
    assert (options.umask, options.minute_slice_interval) == (0o022, 4)
    assert classic.InMemoryCrashStorage({}).options.ack == "advance"


def test_a_wrong_option_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="'umask' of FSLegacyRadixTree"):
        classic.FSPermanentStorage({"fs_root": tmp_path, "umask": "9"})


def test_keywords_go_over_the_configuration(tmp_path):
    storage = classic.FSDatedRadixTreeStorage({"fs_root": "elsewhere"}, fs_root=tmp_path)
    assert storage.fs_root == tmp_path
    with pytest.raises(ConfigurationError, match="unknown option 'fs_roof'"):
        classic.FSDatedRadixTreeStorage(fs_roof=tmp_path)


def test_the_logger_is_the_configuration_s(tmp_path):
    logger = logging.getLogger("theirs")
    config = {"fs_root": tmp_path, "logger": logger}
    assert classic.FSRadixTreeStorage(config).logger is logger
    assert isinstance(classic.FSRadixTreeStorage({"fs_root": tmp_path}).logger, logging.Logger)


def test_setting_goes_to_the_configuration(tmp_path):
    config = classic.DotDict(fs_root=tmp_path)
    storage = classic.FSRadixTreeStorage(config)
    storage.config.mine = 3
    assert (config.mine, storage.config.mine) == (3, 3)
    assert "nothing" not in storage.config
    for missing in (KeyError, AttributeError):
        with pytest.raises(missing):
            storage.config.nothing  # noqa: B018 - the look-up is the test


@pytest.mark.parametrize(
    "named",
    [
        classic.FSDatedRadixTreeStorage,
        "FSDatedRadixTreeStorage",
        "socorro.external.fs.crashstorage.FSDatedRadixTreeStorage",
        "socorro_fast.compat.classic.FSDatedRadixTreeStorage",
        native.FSDatedRadixTreeStorage,
        "socorro_fast.FSDatedRadixTreeStorage",
    ],
    ids=str,
)
def test_a_member_is_named_in_any_way(named, kind, tmp_path):
    sub = {"storage_class": named, "fs_root": str(tmp_path / "a")}
    config = kind({"primary": sub, "fallback": {"storage_class": InMemoryCrashStorage}})
    with classic.FallbackCrashStorage(config, "destination", quit_check) as storage:
        assert isinstance(storage.primary_store, native.FSDatedRadixTreeStorage)
        assert storage.primary_store.options.ack == "advance"
        assert storage.primary_store.namespace == "destination.primary"
        assert storage.primary_store.quit_check is quit_check
        assert storage.primary_store.fs_root == tmp_path / "a"
        assert storage.fallback_store.options.codec == "json"


@pytest.mark.parametrize(
    ("primary", "why"),
    [
        ({}, "needs a class in 'primary.storage_class'"),
        ({"storage_class": ""}, "needs a class in 'primary.storage_class'"),
        ({"storage_class": "FSRadishStorage"}, "cannot import class 'FSRadishStorage'"),
        ({"storage_class": "no.such.Class"}, "cannot import class 'no.such.Class'"),
        ({"storage_class": dict}, "primary.storage_class is <class 'dict'>, which is no storage"),
        ({"storage_class": "NullCrashStorage", "fs_root": 3}, None),
    ],
)
def test_a_member_that_cannot_be_is_named(primary, why):
    config = {"primary": primary, "fallback": {"storage_class": "NullCrashStorage"}}
    if why is None:
        classic.FallbackCrashStorage(config)
        return
    with pytest.raises(ConfigurationError, match=why):
        classic.FallbackCrashStorage(config)


class Noisy(classic.CrashStorageBase):
    closed = ()

    def close(self):
        type(self).closed += (self.namespace,)


def test_when_a_member_cannot_be_made_the_others_are_closed():
    config = {"storage_namespaces": "a,b,c", "c": {"crashstorage_class": "no.such.Class"}}
    config |= {name: {"crashstorage_class": Noisy} for name in "ab"}
    with pytest.raises(ConfigurationError):
        classic.PolyCrashStorage(config)
    assert sorted(Noisy.closed) == ["a", "b"]
    config |= {"storage_namespaces": "a", "required": ["no such"]}
    with pytest.raises(ConfigurationError, match="no such"):
        classic.PolyCrashStorage(config)
    assert sorted(Noisy.closed) == ["a", "a", "b"]


def test_a_namespace_falls_back_on_the_one_above_for_what_is_no_option(tmp_path):
    logger = logging.getLogger("above")
    config = {
        "logger": logger,
        "executor_identity": "me",
        "fs_root": "not this one",
        "primary": {"storage_class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "p")},
        "fallback": {"storage_class": "FSRadixTreeStorage", "fs_root": str(tmp_path / "f")},
    }
    primary = classic.FallbackCrashStorage(config).primary_store
    assert primary.logger is logger
    assert primary.config.executor_identity == "me"
    assert primary.fs_root == tmp_path / "p"


def test_from_config_and_open_storage_take_the_classes_too(tmp_path):
    from socorro_fast import open_storage

    assert classic.FSRadixTreeStorage.from_config({"fs_root": tmp_path}).fs_root == tmp_path
    config = {
        "class": "socorro_fast.compat.classic.FallbackCrashStorage",
        "primary": {"class": "socorro_fast.compat.classic.FSRadixTreeStorage", "fs_root": tmp_path},
        "fallback": {"class": "InMemoryCrashStorage"},
    }
    with open_storage(config) as storage:
        assert isinstance(storage.primary_store, classic.FSRadixTreeStorage)


def test_only_the_paths_of_classes_are_translated():
    class Queued(classic.CrashStorageBase):
        class Options(StorageOptions):
            routing_key: str = ""

    for key in ("socorro.normal", "socorro", "socorro.x.y", "a.socorro.x.Class", "Class"):
        assert Queued({"routing_key": key}).options.routing_key == key
    assert Queued({"routing_key": "socorro.x.Class"}).options.routing_key == "Class"
