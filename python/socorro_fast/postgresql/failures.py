"""The driver's exceptions: which may be tried again, and which of ours each one becomes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from socorro_fast.errors import CrashStorageError, InvalidCrash, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_RETRYABLE = (
    "08",  # the connection broke
    "40",  # rolled back: a deadlock, a conflict of transactions
    "53",  # out of disk, memory or connections
    "57",  # cancelled, shutting down, starting up
    "55P03",  # a lock was not to be had in time
    "58030",  # an error of the server's disk
)
_OF_THE_DATA = ("22", "23", "54")

# Where no connection came about the driver gives text only.
_REFUSALS = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "not permitted to log in",
    "invalid ",
    "certificate",
)
_CHECK_VIOLATION = "23514"
_NO_SCHEMA = ("42P01", "42883", "42703")


def is_retryable(error: BaseException) -> bool:
    """Return whether the same may work later: the connection or the server is to blame."""
    import psycopg2  # noqa: PLC0415 - the driver is loaded by those who have it

    if isinstance(error, StorageUnavailable):
        return error.retryable
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is not None:
        return error.pgcode.startswith(_RETRYABLE)
    if isinstance(error, psycopg2.OperationalError):
        return not any(words in str(error) for words in _REFUSALS)
    # A connection that broke in the middle of an answer is a plain DatabaseError without a code.
    return isinstance(error, psycopg2.InterfaceError) or type(error) is psycopg2.DatabaseError


def is_missing_partition(error: Exception) -> bool:
    """Return whether a driver's exception says that there is no partition for a row."""
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    return getattr(error, "pgcode", None) == _CHECK_VIOLATION and constraint is None


def translated(error: Exception, action: str, where: str, password: str = "") -> CrashStorageError:
    """Return `error` of the driver, which happened in `action` on `where`, as one of ours."""
    code = getattr(error, "pgcode", None) or ""
    why = _one_line(error)
    if password:
        why = why.replace(password, "***")
    if code in _NO_SCHEMA:
        why += "; 'socorro-fast postgresql setup' or 'migrate' makes what is missing"
    no_partition = is_missing_partition(error)
    if no_partition:
        why += "; 'socorro-fast postgresql partitions' makes those to come"
    message = f"cannot {action} in {where}: {why}"
    if code.startswith(_OF_THE_DATA) and not no_partition:
        return InvalidCrash(message)
    return StorageUnavailable(message, is_retryable(error))


@contextmanager
def translating(action: str, where: str, password: str = "") -> Iterator[None]:
    """Have what the driver raises in the block come out as our errors.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses; `retryable` says whether
            trying again later makes sense.
        InvalidCrash: The server cannot store such data.
    """
    import psycopg2  # noqa: PLC0415 - the driver is loaded by those who have it

    try:
        yield
    except psycopg2.Error as error:
        raise translated(error, action, where, password) from error
    except StorageUnavailable as error:
        raise StorageUnavailable(f"cannot {action} in {where}: {error}", error.retryable) from error


def _one_line(error: Exception) -> str:
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    lines = (primary or str(error) or type(error).__name__).split("\n")
    return " ".join(line.strip() for line in lines if line.strip())
