"""SeaweedFS: a real S3 server, which checks signatures and keeps what it has when it is killed.

`SOCORRO_FAST_TEST_SEAWEEDFS` names one that runs already, as PORT:ACCESS_KEY:SECRET.
"""

import functools
import json
import sys
import tempfile
from pathlib import Path

from servers.process import Server, quiet_ports
from servers.s3_endpoint import S3Endpoint, running_elsewhere, started

_GRPC = 10_000  # each of its ports takes one so much higher as well


@functools.cache
def seaweedfs() -> S3Endpoint:
    """Return the server of this session, started at the first call."""
    return running_elsewhere("SOCORRO_FAST_TEST_SEAWEEDFS") or started(new_seaweedfs())


def new_seaweedfs() -> S3Endpoint:
    """Return a server of the caller's own, not started yet."""
    home = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
    master, volume, filer, s3 = quiet_ports(4, range(11_000, 15_000), twin=_GRPC)
    endpoint = S3Endpoint(s3, "test", "testtest", home=home)
    allowed = {
        "name": "test",
        "credentials": [
            {"accessKey": endpoint.access_key, "secretKey": endpoint.secret_access_key}
        ],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (home / "s3.json").write_text(json.dumps({"identities": [allowed]}))
    # One that is started again waits for that long for other masters, by default 10 seconds.
    alone = "-master.electionTimeout=1s"
    argv = [
        Path(sys.executable).with_name("weed"), f"-logdir={home}", "server", f"-dir={home}",
        "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}",
        "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}", "-s3.port.iceberg=0",
        "-s3.port.lance=0", f"-s3.config={home / 's3.json'}", "-master.volumeSizeLimitMB=64",
        "-volume.max=100", "-webdav=false", alone,
    ]  # fmt: skip
    endpoint.server = Server(argv, endpoint.is_ready, home / "log", cwd=home)
    return endpoint
