"""The one place where errors of boto3 become errors of this package.

Imported by `driver` only: this loads boto3.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import botocore.exceptions as botocore
from boto3.exceptions import Boto3Error
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from socorro_fast.errors import CrashStorageError, StorageIOError, StorageUnavailable
from socorro_fast.s3.missing import NoSuchBucketError, NoSuchObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY = frozenset(
    {
        "InternalError", "OperationAborted", "RequestLimitExceeded", "RequestTimeout",
        "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequests",
    }
)  # fmt: skip
_TOO_MANY = 429
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501

# What gets past boto3 as it is, at times.
_LESS_USUAL = (
    Boto3Error, ConnectionError, HTTPError, ResponseParserError, TimeoutError, ssl.SSLError
)  # fmt: skip
# HEAD has no words to tell what is missing: it says 404 of a missing bucket, too.
_KINDS: dict[str, type[StorageUnavailable]] = {
    "404": NoSuchObjectError,
    "NoSuchKey": NoSuchObjectError,
    "NoSuchBucket": NoSuchBucketError,
}


@contextmanager
def translated(action: str, where: str) -> Iterator[None]:
    """Raise what boto3 raises in the block as an error of ours.

    Args:
        action: What is being done, as a verb phrase with its object: "read 'v1/raw_crash/x'".
        where: To which bucket of which server.

    Raises:
        StorageUnavailable: Retryable if the same may work later. A missing object and a missing
            bucket are classes of their own.
        StorageIOError: A local file cannot be read or written.
    """
    try:
        yield
    except botocore.ClientError as error:
        raise _refused(action, where, error) from error
    except (botocore.BotoCoreError, *_LESS_USUAL) as error:
        why = f"{type(error).__name__}: {_one_line(str(error))}"
        what = f"cannot {action} in {where}: {why}"
        raise StorageUnavailable(what, retryable=_may_pass(error)) from error
    except CrashStorageError:
        raise
    except OSError as error:
        raise StorageIOError.during(
            f"{action} in {where} by way of", _file(error), error
        ) from error


def _refused(action: str, where: str, error: Any) -> StorageUnavailable:
    """Return what the server answered, a `ClientError`, as one of our errors."""
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    words = str(error.response.get("Error", {}).get("Message", "")) or "no message"
    why = f"{code} ({status}): {_one_line(words)}"
    kind = _KINDS.get(code, StorageUnavailable)
    return kind(f"cannot {action} in {where}: {why}", retryable=_is_busy(code, status))


def _is_busy(code: str, status: int) -> bool:
    return (
        code in _BUSY
        or status == _TOO_MANY
        or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED)
    )


def _may_pass(error: Exception) -> bool:
    """Return whether an error without an answer that makes sense may pass."""
    if not isinstance(error, botocore.BotoCoreError):
        return True
    passing = (
        botocore.ConnectionError,
        botocore.CredentialRetrievalError,
        botocore.FlexibleChecksumError,
        botocore.HTTPClientError,
        botocore.IncompleteReadError,
    )
    return isinstance(error, passing)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _file(error: OSError) -> str:
    return str(error.filename or "a local file")
