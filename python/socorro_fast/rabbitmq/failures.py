"""The errors of pika, and of the broker behind it, each as one of ours."""

from __future__ import annotations

from typing import Final

from pika import exceptions as pika_errors

from socorro_fast.errors import StorageUnavailable

# Reply codes that the same request gets again: refused, not found, other arguments, not allowed,
# and what a client must not send.
_FINAL: Final = frozenset({403, 404, 406, 501, 502, 503, 504, 505, 530, 540})
# pika's guess when a connection ends while it logs in; it may as well have been lost.
_GUESSES: Final = (
    pika_errors.ProbableAuthenticationError,
    pika_errors.ProbableAccessDeniedError,
    pika_errors.IncompatibleProtocolError,
)
# What pika refuses to send, and a broker that knows none of our ways to log in.
_MISTAKES: Final = (
    pika_errors.AuthenticationError,
    pika_errors.ShortStringTooLong,
    ValueError,
    TypeError,
)
_WORDS: Final[dict[type[BaseException], str]] = {
    pika_errors.ConnectionBlockedTimeout: "it blocks publishers, as in a memory or disk alarm",
    pika_errors.AMQPHeartbeatTimeout: "it gives no signs of life",
    pika_errors.ProbableAuthenticationError: "it refused user or password",
    pika_errors.ProbableAccessDeniedError: "it refused the virtual host",
}


def unavailable(doing: str, where: str, error: BaseException) -> StorageUnavailable:
    """Return `error`, which pika reported, as one of ours, with it as the cause.

    Args:
        doing: What was being done, as a verb phrase: "open a channel".
        where: The broker.
        error: What pika raised, or said to a callback.
    """
    cause = _innermost(error)
    result = StorageUnavailable(
        f"cannot {doing} at {where}: {_why(cause)}", retryable=_is_retryable(cause)
    )
    result.__cause__ = cause
    return result


def is_not_found(error: BaseException | None) -> bool:
    """Return whether the broker said that there is no such queue."""
    return isinstance(error, pika_errors.ChannelClosed) and error.reply_code == 404  # noqa: PLR2004


def _innermost(error: BaseException) -> BaseException:
    # pika wraps what happened while connecting once for each layer of its connector.
    held = [*getattr(error, "exceptions", ()), getattr(error, "exception", None), *error.args]
    inner = [each for each in held if isinstance(each, BaseException)]
    return _innermost(inner[-1]) if inner else error


def _is_retryable(error: BaseException) -> bool:
    if isinstance(error, pika_errors.ConnectionClosed | pika_errors.ChannelClosed):
        # A consumer that kept a message for too long, half an hour by default, gets a 406.
        return error.reply_code not in _FINAL or "timed out" in error.reply_text
    return not (_is_refusal(error) or isinstance(error, _MISTAKES))


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, _GUESSES) and pika_errors.ConnectionClosedByBroker.__name__ in str(
        error
    )


def _why(error: BaseException) -> str:
    if isinstance(error, pika_errors.ConnectionClosed | pika_errors.ChannelClosed):
        return f"it closed with {error.reply_code} {error.reply_text}".replace("\n", " ")
    if isinstance(error, _GUESSES) and not _is_refusal(error):
        return f"the connection was lost: {error}".replace("\n", " ")
    if type(error) in _WORDS:
        return _WORDS[type(error)]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error) or type(error).__name__).replace("\n", " ")
