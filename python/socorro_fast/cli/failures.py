"""How failures end the command: one line on standard error and a documented exit code."""

import os
import sys
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import ParamSpec

import typer

from socorro_fast.errors import (
    ConfigurationError,
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    InvalidCrashID,
    InvalidDumpName,
)

P = ParamSpec("P")


class ExitCode(IntEnum):
    """The exit codes of every verb; the lowest that applies, 0 aside, is the one given."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MISSING = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


_MISSING = (CrashIDNotFound, CorruptCrash)
_USAGE = (InvalidCrashID, InvalidDumpName, ConfigurationError)


def complain(message: object) -> None:
    """Print one line to standard error."""
    print(f"socorro-fast: {message}", file=sys.stderr)


def exit_code_of(error: CrashStorageError) -> ExitCode:
    """Return the exit code that `error` stands for."""
    if isinstance(error, _MISSING):
        return ExitCode.MISSING
    return ExitCode.USAGE if isinstance(error, _USAGE) else ExitCode.FAILED


class Failures:
    """Collects the failures of a verb that goes on with the next crash after one."""

    def __init__(self) -> None:
        self._code = ExitCode.DONE

    def add(self, error: CrashStorageError) -> None:
        """Report `error` now and remember its exit code."""
        complain(error)
        code = exit_code_of(error)
        self._code = min(self._code, code) if self._code else code

    def finish(self) -> None:
        """End the command with the exit code of the failures, if there were any."""
        if self._code:
            raise typer.Exit(self._code)


def verb(function: Callable[P, None]) -> Callable[P, None]:
    """Return `function` with every exception it lets out turned into an exit code."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()
        except CrashStorageError as error:
            complain(error)
            raise typer.Exit(exit_code_of(error)) from None
        except KeyboardInterrupt:
            complain("interrupted; the store is consistent")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            _drop_stdout()
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None

    return guarded


def _drop_stdout() -> None:
    # What is still buffered would raise again when the interpreter closes the stream.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
