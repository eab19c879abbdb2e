"""Old configurations: translated, and nothing of them dropped in silence."""

import re
import tomllib

import pytest
from pydantic import Field

import socorro_fast
from socorro_fast import Configuration, ConfigurationError, CrashStorageBase
from socorro_fast.config.configman import names, translate, values
from socorro_fast.config.declared import declared
from socorro_fast.options import MASK, Secret, StorageOptions

FS = "socorro.external.fs.crashstorage"
BASE = "socorro.external.crashstorage_base"

MOVER = f"""
# name: source
[source]
    crashstorage_class={FS}.FSLegacyDatedRadixTreeStorage
    fs_root=/old/new_crashes/
[destination]
    # storage classes
    crashstorage_class='{BASE}.PolyCrashStorage'
    storage_classes='{FS}.FSPermanentStorage, {FS}.FSRadixTreeStorage'
    #poly_something=4
    [[storage0]]
        crashstorage_class={FS}.FSPermanentStorage
        umask=18
        jsonz_file_suffix=".gz"
    [[storage1]]
        fs_root=/second   # the big disk
        json_file_suffix = .js
[resource]
    [[fs]]
        fs_root=/shared
        dump_file_suffix=.dmp
    [[redactor]]
        forbidden_keys=url, email
[producer_consumer]
    number_of_threads=4
"""


@pytest.fixture
def translated(tmp_path):
    """Translate a text; return the translation and the configuration it makes."""

    def make(text, name="old.ini", **options):
        path = tmp_path / name
        path.write_text(text)
        translation = translate(path, **options)
        return translation, tomllib.loads(translation.toml)

    return make


def test_a_poly_storage_with_shared_options(translated):
    translation, tables = translated(MOVER)
    assert tables["storages"]["source"] == {
        "class": "FSLegacyDatedRadixTreeStorage",
        "redactor": ["url", "email"],
        "fs_root": "/old/new_crashes",
        "dump_file_suffix": ".dmp",
    }
    storages = tables["storages"]["destination"]["storages"]
    assert storages == {
        "storage0": {
            "class": "FSPermanentStorage",
            "redactor": ["url", "email"],
            "fs_root": "/shared",
            "umask": 0o022,
            "jsonz_file_suffix": ".gz",
            "dump_file_suffix": ".dmp",
        },
        "storage1": {
            "class": "FSRadixTreeStorage",
            "redactor": ["url", "email"],
            "fs_root": "/second",
            "json_file_suffix": ".js",
            "dump_file_suffix": ".dmp",
        },
    }
    assert translation.unknown == ["producer_consumer.number_of_threads = '4' (old.ini, line 25)"]
    assert translation.failures == translation.remarks == []
    assert "producer_consumer.number_of_threads" in translation.toml
    assert list(Configuration(tables, {}).plans) == ["storages.source", "storages.destination"]


ROLES = f"""
[storage]
crashstorage_class = {BASE}.PrimaryDeferredProcessedStorage
deferral_criteria = 'lambda crash: crash.get("legacy_processing")'
[[primary]]
storage_class = {BASE}.BenchmarkingCrashStorage
wrapped_crashstore = {FS}.FSDatedRadixTreeStorage
benchmark_tag = primary
fs_root = /p
[[deferred]]
storage_class = {BASE}.FallbackCrashStorage
[[[primary]]]
storage_class = {FS}.FSTemporaryStorage
[[[fallback]]]
storage_class = {BASE}.NullCrashStorage
[[processed]]
storage_class = {BASE}.MigrationCrashStorage
date_threshold = 180401
primary.storage_class = {FS}.FSRadixTreeStorage
primary.fs_root = /a
fallback.storage_class = {FS}.FSRadixTreeStorage
fallback.fs_root = /b
"""


def test_every_container_nested(translated):
    translation, tables = translated(ROLES)
    assert translation.unknown == translation.failures == []
    assert tables["storage"] == "storage"
    storage = tables["storages"]["storage"]
    assert storage["deferral_criteria"] == "legacy_processing"
    assert storage["primary"] == {
        "class": "BenchmarkingCrashStorage",
        "benchmark_tag": "primary",
        "storage": {"class": "FSDatedRadixTreeStorage", "fs_root": "/p"},
    }
    assert storage["deferred"]["fallback"] == {"class": "NullCrashStorage"}
    assert storage["processed"]["date_threshold"] == "180401"
    assert storage["processed"]["fallback"]["fs_root"] == "/b"
    Configuration(tables, {})


def test_namespaces_of_2018(translated):
    _, tables = translated(f"""
        destination.crashstorage_class={BASE}.PolyCrashStorage
        destination.storage_namespaces='fs, other.deep'
        destination.fs.crashstorage_class={FS}.FSPermanentStorage
        destination.other.deep.crashstorage_class={BASE}.MetricsCounter
        destination.other.deep.metrics_prefix=processed
    """)
    assert tables["storage"] == "destination"
    storages = tables["storages"]["destination"]["storages"]
    assert storages["fs"] == {"class": "FSPermanentStorage"}
    assert storages["other.deep"] == {
        "class": "MetricsCrashStorage",
        "storage": {"class": "NullCrashStorage"},
        "name": "processed",
    }
    Configuration(tables, {})


SAME = {"class": "FSPermanentStorage", "fs_root": "/x", "umask": 0o022}


FORMS = {
    "colons.ini": f"""
        [source]
        crashstorage_class: {FS}.FSPermanentStorage
        fs_root: /x
        umask: 18
    """,
    "top-level.ini": f"""
        [top_level]
        a = b
        [source]
        crashstorage_class = {FS}.FSPermanentStorage
        fs_root = /x
        umask = 18
    """,
    "flat.conf": f"""
        source.crashstorage_class='''{FS}.FSPermanentStorage'''
        source.fs_root=/x/
        source.umask='18' # decimal
    """,
    ".env": f"""
        export source__crashstorage_class={FS}.FSPermanentStorage
        # a comment
        source.fs_root='/x'
        source__umask=18
        PATH=/bin
    """,
    "plain.json": f"""
        {{"source": {{"crashstorage_class": "{FS}.FSPermanentStorage",
                      "fs_root": "/x", "umask": 18}}}}
    """,
    "options.json": f"""
        {{"source": {{
            "crashstorage_class": {{"name": "c", "default": 1,
                                    "value": "{FS}.FSPermanentStorage"}},
            "fs_root": {{"from_string_converter": "str", "default": "./crashes", "value": "/x"}},
            "umask": {{"name": "umask", "default": 2, "value": 18}}
        }}}}
    """,
}


@pytest.mark.parametrize(("name", "text"), FORMS.items(), ids=FORMS)
def test_every_form_says_the_same(translated, name, text):
    _, tables = translated(text, name)
    assert tables["storages"]["source"] == SAME


def test_a_class_that_stands_in_a_comment_is_a_default_of_the_app(translated):
    translation, tables = translated(f"[source]\n#crashstorage_class={FS}.FSPermanentStorage\n"
                                     "#fs_root=/not/taken\n#umask=18\n")  # fmt: skip
    assert tables["storages"]["source"] == {"class": "FSPermanentStorage"}
    assert translation.remarks == ["storages.source: its class is a default (old.ini, line 2)"]


def test_an_included_file_is_read_where_it_is_included(translated, tmp_path):
    (tmp_path / "common.ini").write_text("[resource]\n[[fs]]\nfs_root=/shared\n")
    _, tables = translated(
        f"+include ./common.ini\n[source]\ncrashstorage_class={FS}.FSPermanentStorage\n"
    )
    assert tables["storages"]["source"]["fs_root"] == "/shared"


def test_files_that_include_each_other_are_refused(translated):
    with pytest.raises(ConfigurationError, match="is included in a ring"):
        translated("+include old.ini\n")


class TestWhatCannotBeTranslated:
    def test_a_class_stays_so_that_a_check_refuses_it(self, translated):
        hbase = "socorro.external.hb.crashstorage.HBaseCrashStorage"
        translation, tables = translated(f"[source]\ncrashstorage_class={hbase}\nhbase_host=h\n")
        assert translation.failures == [f"storages.source: there is no {hbase!r} here"]
        assert translation.unknown == ["source.hbase_host = 'h' (old.ini, line 3)"]
        assert tables["storages"]["source"] == {"class": hbase}
        with pytest.raises(ConfigurationError, match=r"^storages.source: "):
            Configuration(tables, {})

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("umask=0x12", "umask: invalid literal"),
            ("minute_slice_interval=often", "minute_slice_interval: invalid literal"),
            ("minute_slice_interval=99", "minute_slice_interval' of .* cannot be 99"),
        ],
    )
    def test_a_value_stays_too(self, translated, line, why):
        text = f"[source]\ncrashstorage_class={FS}.FSDatedRadixTreeStorage\n{line}\n"
        translation, tables = translated(text)
        (failure,) = translation.failures
        assert re.search(why, failure)
        assert line.partition("=")[2] in str(tables)
        with pytest.raises(ConfigurationError, match=r"^storages.source: "):
            Configuration(tables, {})

    def test_a_member_without_a_class_is_missed(self, translated):
        translation, _ = translated(f"""
            [source]
            crashstorage_class={BASE}.FallbackCrashStorage
            [[primary]]
            storage_class={BASE}.NullCrashStorage
        """)
        assert translation.failures == [
            "storages.source.fallback: source.fallback.storage_class is not set"
        ]

    @pytest.mark.parametrize("text", ["", "[logging]\nlevel=5\n", "# nothing\n"])
    def test_a_file_without_a_storage(self, translated, text):
        translation, _ = translated(text)
        assert translation.failures == ["it names no class of a storage"]

    @pytest.mark.parametrize(
        "criteria",
        [
            "lambda crash: __import__('os').system('x')",
            "lambda crash: crash.a.b",
            "foo",
            "lambda x: y",
        ],
    )
    def test_criteria_that_are_a_program(self, translated, criteria):
        translation, tables = translated(f"""
            [source]
            crashstorage_class={BASE}.PrimaryDeferredStorage
            deferral_criteria="{criteria}"
            primary.storage_class={BASE}.NullCrashStorage
            deferred.storage_class={BASE}.NullCrashStorage
        """)
        (failure,) = translation.failures
        assert failure.startswith("storages.source.deferral_criteria: it is Python")
        assert tables["storages"]["source"]["deferral_criteria"] == criteria


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("lambda crash: crash.get('legacy_processing')", "legacy_processing"),
        ("lambda c: c['a']", "a"),
        ("lambda crash:crash.legacy_processing == 1", "legacy_processing == 1"),
        ('lambda crash: crash.get("a", None) != "b c"', 'a != "b c"'),
    ],
)
def test_criteria_that_are_known(text, condition):
    option = next(
        each for each in declared(socorro_fast.PrimaryDeferredStorage)
        if each.name == "deferral_criteria"
    )  # fmt: skip
    assert values.convert(option, text) == (condition, None)


def test_an_umask_that_looks_octal_was_decimal(translated):
    translation, tables = translated(
        f"[s]\ncrashstorage_class={FS}.FSPermanentStorage\numask=022\n"
    )
    assert tables["storages"]["s"]["umask"] == 0o026
    (remark,) = translation.remarks
    assert remark.startswith("storages.s.umask: 022 was read as the decimal 22, 0o026; was 0o022")


class RemoteOptions(StorageOptions):
    database_password: Secret = Field(default=Secret("x"), description="opens the door")
    database_port: int = 5432
    is_nice: bool = False
    waits: tuple[float, ...] = ()


class RemoteStorage(CrashStorageBase):
    Options = RemoteOptions


class TestSecrets:
    TEXT = """
        [source]
        crashstorage_class=socorro.external.postgresql.crashstorage.RemoteStorage
        database_port=99
        is_nice=Yes
        waits="10, 30"
        api_token=hunter2
        url=amqp://me:hunter2@host
        [secrets]
        [[postgresql]]
        database_password=hunter2
    """

    @pytest.fixture(autouse=True)
    def _here(self, monkeypatch):
        dotted = f"{__name__}.RemoteStorage"
        monkeypatch.setattr(
            names, "our_class", lambda name: dotted if name.endswith("RemoteStorage") else None
        )

    def test_are_left_out_and_the_variable_named(self, translated):
        translation, tables = translated(self.TEXT)
        variable = "SOCORRO_FAST_STORAGES__SOURCE__DATABASE_PASSWORD"
        assert "hunter2" not in str(translation)
        assert f"# database_password: set {variable}" in translation.toml
        assert translation.unknown[0] == f"source.api_token = {MASK} (old.ini, line 7)"
        assert f"me:{MASK}@host" in translation.unknown[1]
        storage = Configuration(tables, {variable: "hunter2"}).open()
        assert storage.options.database_password.get_secret_value() == "hunter2"
        assert (storage.options.database_port, storage.options.is_nice) == (99, True)
        assert storage.options.waits == (10, 30)

    def test_are_written_if_asked_for(self, translated):
        _, tables = translated(self.TEXT, with_secrets=True)
        assert tables["storages"]["source"]["database_password"] == "hunter2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "line 1: 'nonsense' is neither section nor setting"),
        ("[[deep]]\na=b", r"line 1: '\[\[deep\]\]' is no section that fits here"),
        ("[a]]\n", "is no section"),
        ("=5", "is neither"),
        ("a='''b\nc", None),
    ],
)
def test_lines_that_cannot_be_understood(translated, text, message):
    if message is None:
        translation, _ = translated(text)
        assert len(translation.unknown) == 1
        return
    with pytest.raises(ConfigurationError, match=message):
        translated(text)


@pytest.mark.parametrize("name", ["x.ini", "x.env", "x.json"])
def test_what_is_no_text(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe=\x00")
    with pytest.raises(ConfigurationError, match="cannot read"):
        translate(path)
    with pytest.raises(ConfigurationError, match="No such file"):
        translate(tmp_path / f"no-{name}")


def test_a_setting_given_twice_is_said(translated):
    translation, tables = translated(
        f"[s]\ncrashstorage_class={FS}.FSPermanentStorage\nfs_root=/a\nfs_root=/b\n"
    )
    assert tables["storages"]["s"]["fs_root"] == "/b"
    assert translation.remarks == ["s.fs_root is given twice; old.ini, line 4 counts"]


def test_a_note_cannot_leave_its_comment(translated):
    translation, tables = translated('{"a\\nstorage = 1\\n": "x\\ny", "b\\u2028": 1}', "x.json")
    assert len(translation.unknown) == 2
    assert tables == {}


def test_names_that_meet_are_kept_apart(translated):
    line = f"crashstorage_class={FS}.FSPermanentStorage\n"
    _, tables = translated(f"[a_b]\n{line}fs_root=/1\n[a]\n[[b]]\n{line}fs_root=/2\n")
    roots = {name: each["fs_root"] for name, each in tables["storages"].items()}
    assert roots == {"a_b": "/1", "a_b_2": "/2"}


def test_classes_go_by_their_names(translated):
    translation, tables = translated("""
        [source]
        crashstorage_class=socorro.external.boto.crashstorage.BotoS3CrashStorage
        transaction_executor_class=socorro.database.transaction_executor.TransactionExecutor
        keybuilder_class=socorro.external.boto.connection_context.SimpleDatePrefixKeyBuilder
        bucket_name=crashes
        [resource]
        [[boto]]
        access_key=me
        prefix=
        [secrets]
        [[boto]]
        secret_access_key=hunter2
    """)
    assert tables["storages"]["source"] == {
        "class": "BotoS3CrashStorage",
        "transaction_executor_class": "TransactionExecutor",
        "keybuilder_class": "SimpleDatePrefixKeyBuilder",
        "access_key": "me",
        "bucket_name": "crashes",
        "prefix": "",
    }
    assert translation.unknown == translation.failures == []
    assert "hunter2" not in translation.toml
