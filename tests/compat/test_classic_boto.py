"""S3 with the original's constructors, over a server."""

import pytest

from fs.trees import DEPTH_2, DUMPS, PROCESSED, RAW
from servers.moto import moto
from socorro_fast import CrashIDNotFound
from socorro_fast.compat import classic


@pytest.fixture
def config(tmp_path):
    server = moto()
    return classic.DotDict(server.options(f"made-by-{tmp_path.name[-40:].replace('_', '-')}0")) | {
        "resource_class": "socorro.external.boto.connection_context.HostPortS3ConnectionContext",
        "keybuilder_class": "socorro.external.boto.connection_context.DatePrefixKeyBuilder",
        "temporary_file_system_storage_path": str(tmp_path),
    }


def test_a_bucket_is_made_and_filled_as_in_the_original(config, tmp_path):
    with classic.BotoS3CrashStorage(config, "destination.s3", lambda: None) as storage:
        storage.save_raw_crash(classic.DotDict(RAW), DUMPS, DEPTH_2)
        storage.save_processed(PROCESSED | {"url": "u"})
        assert storage.get_raw_crash(DEPTH_2).ProductName == "Firefox"
        assert storage.get_processed(DEPTH_2) == PROCESSED
        files = storage.get_raw_dumps_as_files(DEPTH_2)
        assert all(path.startswith(str(tmp_path)) for path in files.values())
        assert sorted(files.as_memory_dumps_mapping().values()) == sorted(DUMPS.values())
        with pytest.raises(CrashIDNotFound):
            storage.get_raw_crash("99990000-0000-4000-8000-000002180601")
    keys = moto().keys(config["bucket_name"])
    assert f"/v2/raw_crash/{DEPTH_2[:3]}/20180601/{DEPTH_2}" in keys
    assert f"/v1/browser/{DEPTH_2}" in keys
    assert f"/v1/processed_crash/{DEPTH_2}" in keys


def test_in_a_container_and_as_crash_data(config):
    spaces = {"primary": {"storage_class": "NullCrashStorage"}, "fallback": dict(config)}
    spaces["fallback"]["storage_class"] = "socorro.external.boto.crashstorage.BotoS3CrashStorage"
    with classic.FallbackCrashStorage(spaces) as storage:
        storage.fallback_store.save_raw_and_processed(RAW, DUMPS, PROCESSED, DEPTH_2)
    with classic.SimplifiedCrashData(config) as service:
        found = service.get(uuid=DEPTH_2, datatype="raw", name="browser")
        assert found == (DUMPS["browser"], "application/octet-stream")


def test_a_port_of_nought_was_none():
    config = {"port": 0, "host": "", "bucket_name": "b"}
    with classic.BotoCrashStorage(config) as storage:
        assert storage.options.port is None
        assert (storage.options.create_bucket, storage.options.codec) == (True, "json")
