"""moto's S3 server: quick to start, takes any secret.

`SOCORRO_FAST_TEST_MOTO` names one that runs already, as PORT:ACCESS_KEY:SECRET.
"""

import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

from servers.process import Server, quiet_ports
from servers.s3_endpoint import S3Endpoint, running_elsewhere, started

PAGE = 50
"""How many keys it lists in a page."""


@functools.cache
def moto() -> S3Endpoint:
    """Return the server of this session, started at the first call."""
    return running_elsewhere("SOCORRO_FAST_TEST_MOTO") or started(_new())


def _new() -> S3Endpoint:
    (port,) = quiet_ports(1, range(18_000, 20_000))
    program = Path(sys.executable).with_name("moto_server")
    argv = [program if program.exists() else shutil.which("moto_server"), "-H", "127.0.0.1"]
    endpoint = S3Endpoint(port, "test", "testtest")
    env = os.environ | {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
    endpoint.home = Path(tempfile.mkdtemp(prefix="moto-"))
    endpoint.server = Server(
        [*argv, "-p", str(port)], endpoint.is_ready, log=endpoint.home / "log", env=env
    )
    return endpoint
