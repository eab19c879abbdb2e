"""Every exception this package raises. Catching `CrashStorageError` catches them all.

Each one survives `pickle` and `copy`, so that it can cross a process border.
"""
# ruff: noqa: N818 - the names are those of the original and of the documentation

from collections.abc import Sequence
from typing import Self


def shown(value: object, limit: int = 100) -> str:
    """Return `repr(value)` for a message: one line of at most `limit` characters."""
    text = repr(value).replace("\n", " ")
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


class CrashStorageError(Exception):
    """The base of all errors of this package."""


class InvalidCrashID(CrashStorageError, ValueError):
    """A crash ID that is not one: the message names the text and the position."""


class InvalidDumpName(CrashStorageError, ValueError):
    """A dump name that cannot be part of a file name, or one that is given twice."""


class ConfigurationError(CrashStorageError, ValueError):
    """An option that is unknown, missing or of the wrong type or value."""


class InvalidCrash(CrashStorageError, ValueError, TypeError):
    """Data that cannot be stored as given: not JSON, of a wrong type, or with IDs that disagree."""


class OperationNotSupported(CrashStorageError, NotImplementedError):
    """The storage does not have this operation; `capabilities` says what it has."""


class CrashIDNotFound(CrashStorageError, LookupError):
    """The storage has no such thing.

    Args:
        crash_id: The ID that was asked for.
        kind: What is missing: "crash", "raw crash", "dump 'NAME'" or "processed crash".
        where: The storage or the place that was searched.

    Code written for the original raises it with less, or without anything.
    """

    def __init__(
        self, crash_id: str = "not named", kind: str = "crash", where: str = "the storage"
    ) -> None:
        super().__init__(crash_id, kind, where)
        self.crash_id = crash_id
        self.kind = kind
        self.where = where

    def __str__(self) -> str:
        return f"no {self.kind} for crash {self.crash_id} in {self.where}"


class ResourceNotFound(CrashIDNotFound):
    """A read service has no such thing; the place that was searched is not told."""


class ResourceUnavailable(CrashStorageError):
    """A read service has no processed crash yet, and has asked for it: come back later.

    Args:
        crash_id: The ID that was asked for.
    """

    def __init__(self, crash_id: str) -> None:
        super().__init__(crash_id)
        self.crash_id = crash_id

    def __str__(self) -> str:
        return f"crash {self.crash_id} is not processed yet; it has been asked for"


class MissingArgumentError(CrashStorageError, ValueError):
    """An argument that a read service must have.

    Args:
        param: Its name.
    """

    def __init__(self, param: str) -> None:
        super().__init__(param)
        self.param = param

    def __str__(self) -> str:
        return f"mandatory argument {self.param!r} is missing"


class BadArgumentError(CrashStorageError, ValueError):
    """An argument that a read service cannot use.

    Args:
        param: Its name.
        received: What was given.
        msg: What is wrong with it.
    """

    def __init__(self, param: str, received: object = None, msg: str = "") -> None:
        super().__init__(param, received, msg)
        self.param = param
        self.received = received
        self.msg = msg

    def __str__(self) -> str:
        return f"argument {self.param!r} cannot be {shown(self.received)}: {self.msg}"


class CorruptCrash(CrashStorageError):
    """Something stored cannot be read back; the decoder's own error is the `__cause__`.

    Args:
        path: What is damaged: a file, a key, a row.
        why: What is wrong with it.
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"{self.path} is damaged: {self.why}"


class StorageIOError(CrashStorageError, OSError):
    """The operating system refused.

    Args:
        errno: The error number, as in `OSError`.
        strerror: The system's words for it.
        filename: What it was done to.
        action: What was being done, as a verb phrase: "create directory".
    """

    def __init__(self, errno: int, strerror: str, filename: str, action: str) -> None:
        super().__init__(errno, strerror, filename)
        self.action = action

    @classmethod
    def during(cls, action: str, filename: str, error: OSError) -> Self:
        """Return `error`, which happened in `action` on `filename`, as one of ours."""
        return cls(error.errno or 0, error.strerror or str(error), filename, action)

    def __str__(self) -> str:
        what = f"{self.action} {str(self.filename)!r}"
        return f"cannot {what}: {self.strerror} [errno {self.errno}]"

    def __reduce__(self) -> tuple[object, ...]:
        args = (self.errno, self.strerror, self.filename, self.action)
        return type(self), args, self.__dict__


class StorageUnavailable(CrashStorageError):
    """The service behind the storage cannot be reached or does not answer.

    Args:
        msg: What was being done, and the service's answer.
        retryable: Whether trying the same again later makes sense.
    """

    def __init__(self, msg: str, retryable: bool = True) -> None:  # noqa: FBT001, FBT002 - positional from Rust
        super().__init__(msg, retryable)
        self.msg = msg
        self.retryable = retryable

    def __str__(self) -> str:
        return self.msg


class PolyCrashStorageError(CrashStorageError, ExceptionGroup[Exception]):
    """Several storages of a container failed; `exceptions` holds what each of them raised."""

    def derive(self, excs: Sequence[Exception], /) -> Self:  # type: ignore[override] # typeshed wants it generic over the members
        """Return a group of the same class and message round `excs` (for `split` and `except*`)."""
        return type(self)(self.message, excs)


PolyStorageError = PolyCrashStorageError
