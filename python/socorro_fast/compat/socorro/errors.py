"""Errors that Socorro catches by its own classes: these are those as well, where it is there."""

from socorro_fast import errors
from socorro_fast.compat.foreign import also


@also("socorro.external.crashstorage_base", "CrashIDNotFound")
class CrashIDNotFound(errors.CrashIDNotFound):
    """The storage has no such thing."""


@also("socorro.lib", "MissingArgumentError")
class MissingArgumentError(errors.CrashStorageError, ValueError):
    """A request without an argument that it must have: `param` names it."""

    def __init__(self, param: str) -> None:
        Exception.__init__(self, param)
        self.param = param

    def __str__(self) -> str:
        return f"argument {self.param!r} is missing"


@also("socorro.lib", "BadArgumentError")
class BadArgumentError(errors.CrashStorageError, ValueError):
    """A request with a wrong argument: `param` names it."""

    def __init__(self, param: str) -> None:
        Exception.__init__(self, param)
        self.param = param

    def __str__(self) -> str:
        return f"argument {self.param!r} is wrong"
