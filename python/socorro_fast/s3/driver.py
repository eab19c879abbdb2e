"""The way to boto3: importing this module loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3.session
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from socorro_fast.errors import ConfigurationError
from socorro_fast.fork_safe import ForkSafeLock, no_fork_meanwhile, renew_in_children
from socorro_fast.s3.connection import S3Connection

if TYPE_CHECKING:
    from pydantic import SecretStr

    from socorro_fast.s3.options import S3Options

__all__ = ["S3Connection", "new_client"]


class _ProcessSession:
    """The boto3 session of this process, which finds credentials.

    It is not safe in threads, so that clients are made of it one by one. What botocore has read of
    its description of S3 is kept in children of a fork: that is most of the time a client takes.
    """

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._session: Any = None
        self._loader: Any = None
        renew_in_children(self)

    def client(self, **arguments: Any) -> Any:
        """Return a new client of S3."""
        # It sets up TLS, which takes locks of the process, even if it will not speak it.
        with self._lock, no_fork_meanwhile():
            if self._session is None:
                self._session = self._new_session()
            return self._session.client("s3", **arguments)

    def _new_session(self) -> Any:
        below = botocore.session.Session()
        if self._loader is None:
            self._loader = below.get_component("data_loader")
        below.register_component("data_loader", self._loader)
        return boto3.session.Session(botocore_session=below)

    def renew_after_fork(self) -> None:
        """Make another one: this one may have been in use."""
        self._session = None


_SESSION = _ProcessSession()


def new_client(options: S3Options, addressing_style: str, endpoint: dict[str, Any]) -> Any:
    """Return a client of boto3, which any number of threads may use.

    Args:
        options: Of the storage.
        addressing_style: Where the bucket's name goes: "path", "virtual" or "auto".
        endpoint: Where it goes to, as arguments of a client.

    Raises:
        ConfigurationError: boto3 refuses the options.
    """
    config = Config(
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        max_pool_connections=options.max_connections,
        retries={"total_max_attempts": 1},  # the transaction executor tries again
        request_checksum_calculation=options.request_checksums,
        response_checksum_validation=options.response_checksums,
        s3={"addressing_style": addressing_style},
    )
    try:
        return _SESSION.client(
            aws_access_key_id=options.access_key,
            aws_secret_access_key=_revealed(options.secret_access_key),
            aws_session_token=_revealed(options.session_token),
            config=config,
            **endpoint,
        )
    except (BotoCoreError, ValueError) as error:
        where = f"for bucket {options.bucket_name!r} at {endpoint}"
        raise ConfigurationError(f"cannot make a client {where}: {error}") from error


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
