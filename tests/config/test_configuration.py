"""Configurations: what they open, and what they refuse before anything is opened."""

import json

import pytest

import socorro_fast
from socorro_fast import Configuration, ConfigurationError, CrashStorageError, open_storage

ID = "aabbcccc-0000-4000-8000-000002180601"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("FS_ROOT", "STORAGE__FS_ROOT", "STORAGES__DISK__FS_ROOT", "STORAGE"):
        monkeypatch.delenv(f"SOCORRO_FAST_{name}", raising=False)


def disk(root, cls="FSRadixTreeStorage", **options):
    return {"class": cls, "fs_root": str(root), **options}


def test_a_table_with_a_class_is_a_storage(tmp_path):
    with open_storage(disk(tmp_path)) as storage:
        assert type(storage) is socorro_fast.FSRadixTreeStorage
        assert storage.fs_root == tmp_path


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_composition_from_a_file(tmp_path, suffix):
    path = tmp_path / f"crashes.{suffix}"
    tables = {
        "storage": {"class": "FallbackCrashStorage", "primary": "main", "fallback": "spare"},
        "storages": {"main": disk(tmp_path / "main"), "spare": disk(tmp_path / "spare")},
    }
    toml = f"""
        [storage]
        class = "FallbackCrashStorage"
        primary = "main"
        fallback = "spare"
        [storages.main]
        class = "FSRadixTreeStorage"
        fs_root = "{tmp_path}/main"
        [storages.spare]
        class = "FSRadixTreeStorage"
        fs_root = "{tmp_path}/spare"
    """
    path.write_text(json.dumps(tables) if suffix == "json" else toml)
    with open_storage(path) as storage:
        storage.save_raw_crash({"a": 1}, {}, ID)
        assert list(storage.roles) == ["primary", "fallback"]
    with open_storage(tables["storages"]["main"]) as main:
        assert main.get_raw_crash(ID) == {"a": 1}


def test_members_in_a_list_a_table_and_a_name(tmp_path):
    memory = {"class": "InMemoryCrashStorage"}
    poly = {"class": "PolyCrashStorage", "storages": [memory, "named"]}
    tables = {
        "storage": {"class": "PolyCrashStorage", "storages": {"nest": poly, "other": "named"}},
        "storages": {"named": memory},
    }
    with open_storage(tables) as storage:
        nest, other = storage.members
        assert list(storage.roles) == ["storages.nest", "storages.other"]
        assert nest.members[1] is other
        assert nest.members[0] is not other


def test_apps_have_storages_of_their_own(tmp_path):
    tables = {
        "storages": {"disk": disk(tmp_path)},
        "apps": {
            "collector": {"storage": "disk"},
            "mover": {"storage": {"class": "NullCrashStorage"}},
        },
    }
    assert type(open_storage(tables, app="mover")) is socorro_fast.NullCrashStorage
    assert type(open_storage(tables, app="collector")) is socorro_fast.FSRadixTreeStorage
    with pytest.raises(
        ConfigurationError, match="no app with a storage 'movr'; did you mean 'mover'"
    ):
        open_storage(tables, app="movr")
    with pytest.raises(ConfigurationError, match="does not say which 'storage'"):
        open_storage(tables)


def test_the_environment_goes_over_it(tmp_path):
    tables = {"storage": "Disk", "storages": {"Disk": disk("/nowhere")}}
    variables = {
        "SOCORRO_FAST_STORAGES__DISK__FS_ROOT": str(tmp_path),
        "SOCORRO_FAST_SOMETHING_ELSE": "1",
    }
    with Configuration(tables, variables).open() as storage:
        assert storage.fs_root == tmp_path
    assert tables["storages"]["Disk"]["fs_root"] == "/nowhere"
    with pytest.raises(ConfigurationError, match="goes into 'storage', which is no table"):
        Configuration(tables, {"SOCORRO_FAST_STORAGE__FS_ROOT": "x"})


def test_the_environment_goes_over_a_single_storage(tmp_path):
    variables = {"SOCORRO_FAST_FS_ROOT": str(tmp_path)}
    with Configuration({"class": "FSRadixTreeStorage"}, variables).open() as storage:
        assert storage.fs_root == tmp_path


MEMORY = {"class": "InMemoryCrashStorage"}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"storge": MEMORY}, "unknown option 'storge' for a configuration; did you mean 'storage'"),
        ({"storage": "a"}, "^storage: there is no storage 'a'; there are: none"),
        ({"storage": "mian", "storages": {"main": MEMORY}}, "did you mean 'main'"),
        ({"storage": 7}, "^storage: a table is wanted, not 7"),
        ({"storages": {"a": {}}}, "^storages.a: a storage needs a class"),
        ({"storages": {"a": {"class": "FSRadixTree"}}}, "nearest is 'FSRadixTreeStorage'"),
        ({"storages": {"a": {"class": "ConfigurationError"}}}, "is not a storage class"),
        ({"storages": {"a": {"class": "nowhere.X"}}}, "cannot import storage class 'nowhere.X'"),
        ({"storages": {"a": disk("x", fs_rot=1)}}, "^storages.a: unknown option 'fs_rot'"),
        ({"storages": {"a": disk("x", umask="9")}}, "^storages.a: option 'umask'"),
        ({"apps": {"a": {"store": MEMORY}}}, "unknown option 'store' for apps.a"),
        ({"class": "PolyCrashStorage", "storages": []}, "'storages' of PolyCrashStorage"),
        ({"class": "PolyCrashStorage", "storages": [{}]}, "^storages.0: a storage needs a class"),
        ({"class": "ReadOnlyCrashStorage", "storage": "b"}, "^storage: there is no storage 'b'"),
    ],
)
def test_refused(tables, message):
    with pytest.raises(ConfigurationError, match=message):
        Configuration(tables, {})


def test_a_ring_is_refused():
    wrapper = "ReadOnlyCrashStorage"
    tables = {
        "storages": {
            "a": {"class": wrapper, "storage": "b"},
            "b": {"class": wrapper, "storage": "a"},
        }
    }
    with pytest.raises(ConfigurationError, match="its own member: a -> b -> a"):
        Configuration(tables, {})


def test_families_do_not_share_a_root_across_apps(tmp_path):
    tables = {
        "apps": {
            "new": {"storage": disk(tmp_path)},
            "old": {"storage": disk(tmp_path / "." / "x" / "..", "FSLegacyRadixTreeStorage")},
        }
    }
    with pytest.raises(
        ConfigurationError, match=r"apps\.old\.storage: its fs_root is that of apps\.new"
    ):
        Configuration(tables, {})
    tables["apps"]["old"]["storage"]["class"] = "FSDatedRadixTreeStorage"
    assert len(Configuration(tables, {}).plans) == 2


def test_nothing_is_opened_by_a_check(tmp_path):
    Configuration(disk(tmp_path / "crashes"), {})
    assert list(tmp_path.iterdir()) == []


def test_what_was_opened_is_closed_when_another_fails(tmp_path):
    (tmp_path / "file").touch()
    closed = []

    class Noticing(socorro_fast.InMemoryCrashStorage):
        def close(self):
            closed.append(self)
            super().close()

    globals()["Noticing"] = Noticing
    tables = {
        "class": "PolyCrashStorage",
        "storages": [{"class": f"{__name__}.Noticing"}, disk(tmp_path / "file")],
    }
    with pytest.raises(CrashStorageError, match="file"):
        open_storage(tables)
    assert len(closed) == 1


@pytest.mark.parametrize(
    "name", ["missing.toml", "broken.toml", "broken.json", "list.json", "x.yaml"]
)
def test_files_that_cannot_be_read(tmp_path, name):
    for broken in ("broken.toml", "broken.json"):
        (tmp_path / broken).write_text("= {")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        open_storage(tmp_path / name)
