"""An S3 server that tests use, ours or one that runs already, with a bucket for each test."""

import atexit
import itertools
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from servers.process import Server

_NUMBERS = itertools.count()


@dataclass
class S3Endpoint:
    """Where an S3 server answers, and who may ask.

    `server` is the process, if it is ours: only then may a test pause or kill it. It lives in
    `home`, which goes with it.
    """

    port: int
    access_key: str
    secret_access_key: str
    server: Server | None = None
    home: Path | None = None

    @cached_property
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_access_key,
            config=Config(
                connect_timeout=2,
                read_timeout=20,
                retries={"max_attempts": 0},
                s3={"addressing_style": "path"},
            ),
        )

    def new_bucket(self) -> str:
        """Make an empty bucket; its name is given to nobody else, in other processes neither."""
        name = f"test-{os.getpid()}-{next(_NUMBERS)}"
        self.client.create_bucket(Bucket=name)
        return name

    def options(self, bucket: str, port: int | None = None) -> dict[str, Any]:
        """Return the options of a storage over that bucket, behind a proxy at `port`."""
        return {
            "resource_class": "HostPortS3ConnectionContext",
            "host": "127.0.0.1",
            "port": port or self.port,
            "secure": False,
            "access_key": self.access_key,
            "secret_access_key": self.secret_access_key,
            "bucket_name": bucket,
        }

    def keys(self, bucket: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def stop(self) -> None:
        """End our server by force: it keeps nothing that is wanted."""
        assert self.server is not None
        assert self.home is not None
        self.server.kill()
        shutil.rmtree(self.home)

    def is_ready(self) -> None:
        self.new_bucket()


def running_elsewhere(variable: str) -> S3Endpoint | None:
    """Return the server that an environment variable names: `PORT:ACCESS_KEY:SECRET`."""
    if variable not in os.environ:
        return None
    port, access_key, secret = os.environ[variable].split(":")
    return S3Endpoint(int(port), access_key, secret)


def started(endpoint: S3Endpoint) -> S3Endpoint:
    """Start the server, to be stopped when this process ends."""
    assert endpoint.server is not None
    endpoint.server.start()
    atexit.register(endpoint.stop)
    return endpoint
