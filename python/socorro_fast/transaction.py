"""Running functions in transactions, and again when the connection is to blame."""

from __future__ import annotations

import logging
import random
import sys
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.quit_check import never_quit

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_C = TypeVar("_C", bound="Connection")
_C_co = TypeVar("_C_co", bound="Connection", covariant=True)

BACKOFF_DELAYS = (10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds between tries, as in the original."""

_STEP = 1.0


class Connection(Protocol):
    """What a transaction needs of a connection. A store without transactions does nothing here."""

    def commit(self) -> None:
        """Make what was done lasting."""

    def rollback(self) -> None:
        """Undo what was done since the last commit."""


class ConnectionContext(Protocol[_C_co]):
    """A factory of connections that knows the errors of its service.

    Calling it gives a context manager: entering it connects, or takes a connection from a pool;
    leaving it closes the connection, or puts it back. It neither commits nor rolls back: the
    executor does. Any thread may call.
    """

    @property
    def operational_exceptions(self) -> tuple[type[BaseException], ...]:
        """Errors of the connection or the service, not of the request: trying again may help."""

    @property
    def conditional_exceptions(self) -> tuple[type[BaseException], ...]:
        """Errors that are operational if `is_operational_exception` says so."""

    def __call__(self) -> AbstractContextManager[_C_co]:
        """Return a context manager that gives a connection."""

    def is_operational_exception(self, error: BaseException, /) -> bool:
        """Return whether `error`, one of the conditional exceptions, is operational."""

    def force_reconnect(self) -> None:
        """Have the next call in this thread give a new connection, not one out of a pool."""


class TransactionExecutor:
    """Calls a function in a transaction, once.

    The function's connection is committed when it returns, rolled back when it raises anything. An
    exception with a true attribute `abandon_transaction` is not an error: after the rollback, the
    executor returns None. After any other, the next call gets a new connection. A connection that
    cannot be closed once the commit is done fails nothing: that is logged.

    Args:
        connection_context: Where connections come from.
        quit_check_callback: Called before each try, and every second between two; what it raises
            ends the call. Default: none.
    """

    is_infinite = False

    def __init__(
        self,
        connection_context: ConnectionContext[Any],
        *,
        quit_check_callback: Callable[[], object] | None = None,
    ) -> None:
        self.connection_context = connection_context
        self._quit_check = quit_check_callback or never_quit

    def __call__(
        self, function: Callable[Concatenate[Any, _P], _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R | None:
        """Return `function(connection, *args, **kwargs)`, or None if it was abandoned.

        Raises:
            Exception: What the last try raised.
        """
        delays = self._delays()
        while True:
            self._quit_check()
            try:
                return _transact(self.connection_context, lambda c: function(c, *args, **kwargs))
            except BaseException as error:
                if getattr(error, "abandon_transaction", False):
                    logger.debug("transaction abandoned: %r", error)
                    return None
                if not self._recovered(error, delays):
                    raise

    def _delays(self) -> Iterator[float]:
        return iter(())

    def _recovered(self, error: BaseException, delays: Iterator[float]) -> bool:
        """Return whether to try again, after a wait out of `delays`."""
        _reconnect(self.connection_context, error)
        return next(delays, None) is not None


class TransactionExecutorWithBackoff(TransactionExecutor):
    """What the two executors that try again have in common.

    They try again after operational errors; what is not operational is raised at once.

    Args:
        connection_context: Where connections come from.
        quit_check_callback: Called before each try, and every second between two; what it raises
            ends the call. Default: none.
        backoff_delays: Seconds between tries, as numbers or comma text.
        wait_log_interval: Seconds between two log lines while waiting; 0 for none.
        jitter: The part, 0 to 1, of each delay that is left to chance, so that many that failed
            together do not come back together. Default: none.
        quit_event: Ends a wait at once when it is set; the last error is raised.
        sleep: Waits for so many seconds; unused with a `quit_event`.

    Raises:
        ConfigurationError: An option is wrong.
    """

    def __init__(
        self,
        connection_context: ConnectionContext[Any],
        *,
        quit_check_callback: Callable[[], object] | None = None,
        backoff_delays: str | Iterable[float] = BACKOFF_DELAYS,
        wait_log_interval: float = 10,
        jitter: float = 0,
        quit_event: threading.Event | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(connection_context, quit_check_callback=quit_check_callback)
        self.backoff_delays = checked_delays(backoff_delays)
        self.wait_log_interval = _checked("wait_log_interval", wait_log_interval)
        self.jitter = _checked("jitter", jitter, most=1)
        self._quit_event = quit_event
        self._sleep = sleep if quit_event is None else quit_event.wait

    def _recovered(self, error: BaseException, delays: Iterator[float]) -> bool:
        if not self._is_operational(error):
            return False
        _reconnect(self.connection_context, error)
        delay = next(delays, None)
        return delay is not None and self._waited(delay, error)

    def _is_operational(self, error: BaseException) -> bool:
        context = self.connection_context
        if isinstance(error, context.conditional_exceptions):
            try:
                return context.is_operational_exception(error)
            except Exception as second:  # noqa: BLE001 - the cause is what the caller must see
                _also(error, "judging it", second)
                return False
        return isinstance(error, context.operational_exceptions)

    def _waited(self, seconds: float, error: BaseException) -> bool:
        """Wait to the end of the delay, or return False when it is time to quit."""
        left = seconds * (1 - self.jitter * random.random())  # noqa: S311 - spreads load only
        logger.warning("trying again in %.1f s: %r", left, error)
        log_at = left - self.wait_log_interval
        while left > 0 and not self._is_quitting():
            self._sleep(min(_STEP, left))
            self._quit_check()
            left -= _STEP
            if self.wait_log_interval and 0 < left <= log_at:
                logger.info("trying again in %.1f s", left)
                log_at -= self.wait_log_interval
        return not self._is_quitting()

    def _is_quitting(self) -> bool:
        return self._quit_event is not None and self._quit_event.is_set()


class TransactionExecutorWithInfiniteBackoff(TransactionExecutorWithBackoff):
    """Tries again until it works; the last delay repeats."""

    is_infinite = True

    def __init__(self, connection_context: ConnectionContext[Any], **options: Any) -> None:
        super().__init__(connection_context, **options)
        if not self.backoff_delays:
            raise ConfigurationError("backoff_delays must name a delay, where tries are infinite")

    def _delays(self) -> Iterator[float]:
        return chain(self.backoff_delays, repeat(self.backoff_delays[-1]))


class TransactionExecutorWithLimitedBackoff(TransactionExecutorWithBackoff):
    """Tries again once after each delay: n delays are n + 1 tries. The last error is raised."""

    def _delays(self) -> Iterator[float]:
        return iter(self.backoff_delays)


def _transact(context: ConnectionContext[_C], call: Callable[[_C], _R]) -> _R:
    cause: BaseException | None = None
    is_committed = False
    try:
        with context() as connection:
            try:
                result = call(connection)
                connection.commit()
                is_committed = True
            except BaseException as error:
                cause = error
                _roll_back(context, connection, error)
                raise
    except Exception as error:
        if is_committed:
            # Trying again would do twice what is done.
            logger.warning("closing the connection failed, after the commit: %r", error)
            _reconnect(context, error)
        elif cause is None or error is cause:
            raise
        else:
            _also(cause, "closing the connection", error)
    if cause is not None:
        raise cause
    return result


def _roll_back(
    context: ConnectionContext[Any], connection: Connection, cause: BaseException
) -> None:
    try:
        connection.rollback()
    except Exception as error:  # noqa: BLE001 - the cause is what the caller must see
        _also(cause, "rolling back", error)
        _reconnect(context, cause)


def _reconnect(context: ConnectionContext[Any], cause: BaseException) -> None:
    try:
        context.force_reconnect()
    except Exception as error:  # noqa: BLE001 - the cause is what the caller must see
        _also(cause, "giving up the connection", error)


def _also(cause: BaseException, doing: str, error: Exception) -> None:
    cause.add_note(f"{doing} failed as well: {error!r}")
    logger.warning("%s after %r failed as well: %r", doing, cause, error)


def checked_delays(given: str | Iterable[float]) -> tuple[float, ...]:
    """Return delays as numbers of seconds.

    Raises:
        ConfigurationError: `given` is neither numbers nor comma text of them.
    """
    parts: Any = given.strip("\"' ").split(",") if isinstance(given, str) else given
    try:
        delays = [float(part) for part in parts if part != ""]
    except (TypeError, ValueError):
        wanted = "numbers of seconds, or comma text of them"
        raise ConfigurationError(f"backoff_delays must be {wanted}, not {shown(given)}") from None
    return tuple(_checked("backoff_delays", delay) for delay in delays)


def _checked(option: str, value: Any, most: float = sys.float_info.max) -> float:
    if isinstance(value, int | float) and 0 <= value <= most:
        return value
    raise ConfigurationError(f"{option} must be 0 to {most:g}, not {shown(value)}")
