"""Connection contexts: where they go, as whom, and one client in each process."""

import contextlib
import gc
import logging
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contract.forking import in_child
from contract.samples import CRASH_ID, RAW
from socorro_fast import (
    BotoCrashStorage,
    BotoS3CrashStorage,
    ConfigurationError,
    HostPortS3ConnectionContext,
    S3ConnectionContext,
    StorageUnavailable,
)

SECRET = "hush-hush-hush"
PORT = "HostPortS3ConnectionContext"


def url(cls=BotoCrashStorage, **options):
    """Return where a storage looks for an object."""
    options = {"access_key": "key", "secret_access_key": "s", "bucket_name": "crashes"} | options
    with cls(**options) as storage, storage.connection_context() as connection:
        client = connection._client
        return client.generate_presigned_url(
            "get_object", {"Bucket": "crashes", "Key": "k"}
        ).partition("?")[0]


@pytest.mark.parametrize(
    ("cls", "options", "expected"),
    [
        (BotoCrashStorage, {}, "https://crashes.s3.amazonaws.com/k"),
        (BotoCrashStorage, {"addressing_style": "path"}, "https://s3.amazonaws.com/crashes/k"),
        (BotoS3CrashStorage, {}, "https://s3.us-west-2.amazonaws.com/crashes/k"),
        (BotoS3CrashStorage, {"region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com/crashes/k"),
        (BotoCrashStorage, {"resource_class": PORT, "host": "s3.local"}, "https://s3.local/crashes/k"),
        (
            BotoCrashStorage,
            {"resource_class": PORT, "host": "s3.local", "port": 8333, "secure": False},
            "http://s3.local:8333/crashes/k",
        ),
        (
            BotoS3CrashStorage,
            {"resource_class": PORT, "host": "s3.local", "addressing_style": "virtual"},
            "https://crashes.s3.local/k",
        ),
    ],
)  # fmt: skip
def test_a_context_goes_to(cls, options, expected):
    assert url(cls, **options) == expected


def test_a_host_is_needed():
    with pytest.raises(ConfigurationError, match="'host' is missing"):
        BotoCrashStorage(resource_class=PORT)
    with pytest.raises(ConfigurationError, match="cannot make a client for bucket 'crashstats'"):
        url(resource_class=PORT, host="no host", bucket_name="crashstats")


@pytest.mark.parametrize("value", ["when_supported", "when_required"])
def test_checksums_can_be_left_out_for_older_servers(make, value):
    storage = make(request_checksums=value, response_checksums=value)
    sent = []
    with storage.connection_context() as connection:
        connection._client.meta.events.register(
            "before-send.s3", lambda request, **_: sent.append(dict(request.headers)) and None
        )
    storage.save_processed({"uuid": CRASH_ID})
    (headers,) = sent
    has = any("x-amz-checksum" in name.lower() for name in headers)
    assert has == (value == "when_supported")


class TestSecrets:
    def test_show_nowhere(self, make, caplog):
        caplog.set_level(logging.DEBUG, "socorro_fast")
        storage = make(secret_access_key=SECRET, session_token=SECRET, port=1, backoff_delays=(0,))
        with pytest.raises(StorageUnavailable) as caught:
            storage.get_raw_crash(CRASH_ID)
        context = storage.connection_context
        error = caught.value
        objects = [storage, context, storage.options, error, error.__cause__]
        shown = [*map(repr, objects), storage.describe(), str(error), caplog.text]
        assert "trying again" in caplog.text
        assert [text for text in shown if SECRET in text] == []
        assert SECRET.encode() not in pickle.dumps(caught.value)

    def test_show_in_no_message_about_options(self):
        with pytest.raises(ConfigurationError, match="secret_access_key") as caught:
            BotoCrashStorage(secret_access_key=[SECRET])
        assert SECRET not in str(caught.value)

    def test_show_in_no_error_about_a_client(self):
        with pytest.raises(ConfigurationError, match="cannot make a client") as caught:
            url(resource_class=PORT, host="no host", secret_access_key=SECRET)
        assert SECRET not in str(caught.value)


class TestClient:
    def test_is_one_for_all_threads(self, storage):
        start = threading.Barrier(16)

        def client(_number):
            start.wait()
            with storage.connection_context() as connection:
                return connection._client

        with ThreadPoolExecutor(16) as pool:
            assert len(set(map(id, pool.map(client, range(16))))) == 1

    def test_is_another_one_in_a_child(self, storage):
        with storage.connection_context() as connection:
            mine = connection._client

        def look():
            with storage.connection_context() as connection:
                assert connection._client is not mine
            storage.save_raw_crash(RAW, {None: b"child"}, CRASH_ID)

        assert in_child(look) == 0
        assert storage.get_raw_dump(CRASH_ID) == b"child"

    def test_is_made_anew_after_close_only_by_who_asks(self, storage):
        storage.save_processed({"uuid": CRASH_ID})
        storage.close()
        assert storage.connection_context._client is None

    def test_does_not_outlive_its_storage(self, make, moto, bucket):
        before = _open_sockets()
        for _ in range(5):
            with BotoCrashStorage(**moto.options(bucket)) as storage:
                storage.save_raw_crash(RAW, {None: b"m", "b": b"b"}, CRASH_ID)
        del storage
        gc.collect()
        assert _open_sockets() <= before


def _open_sockets():
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += str(each.readlink()).startswith("socket:")
    return found


def test_boto3_is_loaded_by_constructing_only():
    script = (
        "import sys, socorro_fast as s\n"
        "s.SimplifiedCrashData, s.S3CrashData, s.HostPortS3ConnectionContext\n"
        "assert 'boto3' not in sys.modules\n"
        "s.BotoS3CrashStorage()\n"
        "assert 'boto3' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_missing_boto3_names_the_extra():
    script = (
        "import sys, socorro_fast as s\n"
        "sys.modules['boto3'] = None\n"
        "try: s.BotoS3CrashStorage()\n"
        "except s.ConfigurationError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout
    assert told.decode().strip() == (
        "BotoS3CrashStorage needs boto3, not installed here: pip install 'socorro-fast[s3]'"
    )


@pytest.mark.parametrize("given", ["Nonsense", "no.such.Context", int, 5])
def test_what_is_no_context_is_refused(given):
    with pytest.raises(ConfigurationError, match="'resource_class' of BotoCrashStorage cannot"):
        BotoCrashStorage(resource_class=given)


def test_a_bucket_is_made_where_that_is_wanted(make, moto, bucket):
    missing = f"{bucket}-missing"
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        make(bucket_name=missing).save_raw_crash(RAW, {None: b"m"}, CRASH_ID)
    for region in (None, "eu-west-1"):
        name = f"{missing}-{region or 'first'}"
        storage = make(bucket_name=name, create_bucket=True, region=region)
        storage.save_raw_crash(RAW, {None: b"m", "b": b"b"}, CRASH_ID)
        assert storage.get_raw_dumps(CRASH_ID) == {"upload_file_minidump": b"m", "b": b"b"}


def test_contexts_know_what_may_pass():
    for cls in (S3ConnectionContext, HostPortS3ConnectionContext):
        assert cls.conditional_exceptions == (StorageUnavailable,)
    with BotoCrashStorage() as storage:
        is_operational = storage.connection_context.is_operational_exception
        assert is_operational(StorageUnavailable("x"))
        assert not is_operational(StorageUnavailable("x", retryable=False))
        assert not is_operational(ValueError())
