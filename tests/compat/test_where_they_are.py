"""The drop-ins where Socorro, Antenna and everett can be imported, and where they cannot.

Neither system can be installed from a package index: stand-ins of what is imported of them are
written into a directory, and looked at from an interpreter of its own.
"""

import subprocess
import sys
from textwrap import dedent

import pytest

CRASH_ID = "aabbcccc-0000-4000-8000-000000260801"

SOCORRO = {
    "socorro/__init__.py": "",
    "socorro/external/__init__.py": "",
    "socorro/external/crashstorage_base.py": "class CrashIDNotFound(Exception):\n    pass\n",
    "socorro/lib/__init__.py": """
        class MissingArgumentError(Exception):
            def __init__(self, name):
                super().__init__(f"needed: {name}")

        class BadArgumentError(Exception):
            def __init__(self, name, msg=None):
                super().__init__(f"bad: {name}")
    """,
}
ANTENNA = {
    "antenna/__init__.py": "",
    "antenna/ext/__init__.py": "",
    "antenna/ext/crashstorage_base.py": "class CrashIDNotFound(Exception):\n    pass\n",
    "antenna/crashmover.py": """
        from dataclasses import dataclass

        @dataclass
        class CrashReport:
            raw_crash: dict
            dumps: dict
            crash_id: str
    """,
}


@pytest.fixture
def run(tmp_path):
    """Run code in a new interpreter that finds the modules given."""

    def run(code, modules):
        for name, text in modules.items():
            path = tmp_path / "modules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        setup = f"import sys; sys.path.insert(0, {str(tmp_path / 'modules')!r})\n"
        setup += f"root, crash_id = {str(tmp_path / 'crashes')!r}, {CRASH_ID!r}\n"
        command = [sys.executable, "-W", "error", "-c", setup + dedent(code)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


SOCORRO_CATCHES = """
    import pickle
    from socorro.external.crashstorage_base import CrashIDNotFound
    from socorro.lib import BadArgumentError, MissingArgumentError
    import socorro_fast
    from socorro_fast.compat.socorro import CrashStorageAdapter, FSPermanentStorage

    def raised(error, call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except error as caught:
            assert isinstance(caught, socorro_fast.CrashStorageError)
            again = pickle.loads(pickle.dumps(caught))
            assert (type(again), str(again)) == (type(caught), str(caught))
            return caught
        raise AssertionError("nothing was raised")

    for storage in [
        FSPermanentStorage(root), CrashStorageAdapter({"class": "InMemoryCrashStorage"})
    ]:
        for get in [
            storage.get_raw_crash, storage.get_raw_dump, storage.get_dumps,
            storage.get_processed_crash, storage.delete_crash,
        ]:
            caught = raised(CrashIDNotFound, get, crash_id)
            assert isinstance(caught, socorro_fast.CrashIDNotFound)
            assert caught.crash_id == crash_id
        raised(CrashIDNotFound, storage.get_dumps_as_files, crash_id, root)
        raised(CrashIDNotFound, storage.get, uuid=crash_id, datatype="meta")
        raised(MissingArgumentError, storage.get)
        raised(BadArgumentError, storage.get, uuid="x", datatype="meta")
        assert storage.catalog_crash(crash_id) == []
"""


def test_socorro_catches_its_own_errors(run):
    run(SOCORRO_CATCHES, SOCORRO)


def test_antenna_gets_its_own_classes(run):
    run(
        """
        from antenna.crashmover import CrashReport
        from antenna.ext.crashstorage_base import CrashIDNotFound
        import socorro_fast
        from socorro_fast.compat import antenna

        for storage in [
            antenna.FSCrashStorage({"fs_root": root + "/a"}),
            antenna.RadixFSCrashStorage({"fs_root": root + "/b"}),
            antenna.CrashStorageAdapter({"storage": {"class": "InMemoryCrashStorage"}}),
        ]:
            try:
                storage.load_crash(crash_id)
            except CrashIDNotFound as error:
                assert isinstance(error, socorro_fast.CrashIDNotFound)
            report = CrashReport({"a": 1}, {"upload_file_minidump": b"MDMP"}, crash_id)
            storage.save_crash(report)
            loaded = storage.load_crash(crash_id)
            assert type(loaded) is CrashReport
            assert loaded == report
        """,
        ANTENNA,
    )


def test_neither_is_needed(run):
    printed = run(
        """
        from socorro_fast.compat import antenna, socorro
        for name in ("socorro", "antenna", "everett", "configman"):
            assert name not in sys.modules, name
        storage = antenna.FSCrashStorage({"fs_root": root})
        storage.save_crash(antenna.CrashReport({"a": 1}, {}, crash_id))
        print(storage.load_crash(crash_id))
        """,
        {},
    )
    assert printed == f"CrashReport(raw_crash={{'a': 1}}, dumps={{}}, crash_id='{CRASH_ID}')\n"


@pytest.mark.parametrize(
    ("system", "modules"),
    [
        ("socorro", {**SOCORRO, "socorro/external/crashstorage_base.py": "import no_such_module"}),
        ("antenna", {**ANTENNA, "antenna/ext/crashstorage_base.py": "import no_such_module"}),
    ],
)
def test_one_that_is_there_and_broken_is_not_taken_for_absent(run, system, modules):
    run(
        f"""
        try:
            import socorro_fast.compat.{system}
        except ModuleNotFoundError as error:
            assert error.name == "no_such_module"
        else:
            raise AssertionError("nothing was raised")
        """,
        modules,
    )


def test_without_everett_there_is_no_config(run):
    run(
        """
        sys.modules["everett"] = None
        from socorro_fast.compat.antenna import FSCrashStorage
        assert not hasattr(FSCrashStorage, "Config")
        FSCrashStorage({"fs_root": root})
        """,
        {},
    )
