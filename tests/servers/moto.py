"""moto's S3 server: quick to start, takes any secret. `TEST_MOTO` names one that runs already."""

import functools
import shutil
import sys
import tempfile
from pathlib import Path

from servers.process import Server, free_ports
from servers.s3_endpoint import S3Endpoint, running_elsewhere, started


@functools.cache
def moto() -> S3Endpoint:
    """Return the server of this session, started at the first call."""
    return running_elsewhere("TEST_MOTO") or started(_new())


def _new() -> S3Endpoint:
    (port,) = free_ports()
    program = Path(sys.executable).with_name("moto_server")
    argv = [program if program.exists() else shutil.which("moto_server"), "-H", "127.0.0.1"]
    endpoint = S3Endpoint(port, "test", "testtest")
    log = Path(tempfile.mkdtemp(prefix="moto-")) / "log"
    endpoint.server = Server([*argv, "-p", str(port)], endpoint.is_ready, log)
    return endpoint
