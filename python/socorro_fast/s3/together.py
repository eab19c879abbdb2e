"""Several calls at once."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def together(calls: Sequence[Callable[[], Any]], at_once: int) -> list[Any]:
    """Return what the calls return, in order, after making up to `at_once` of them at a time.

    The caller's thread makes calls, too. The other threads live as long as this call: there is no
    pool to be closed, to be waited for at the end of the process, or to be lost in a fork.

    Raises:
        Exception: What the first call that failed raised, after those under way have ended; no
            further ones were begun. The errors of the others are notes on it.
    """
    todo: SimpleQueue[int] = SimpleQueue()
    for number in range(len(calls)):
        todo.put(number)
    results: dict[int, Any] = {}
    errors: dict[int, Exception] = {}

    ending = threading.Event()

    def work() -> None:
        while not ending.is_set():
            try:
                number = todo.get_nowait()
            except Empty:
                return
            try:
                results[number] = calls[number]()
            except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
                errors[number] = error
                ending.set()
            except (
                BaseException
            ):  # in the caller's thread: the others do no more than they have begun
                ending.set()
                raise

    helpers = [
        threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(calls)) - 1)
    ]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if errors:
        raise _first(errors)
    return [results[number] for number in range(len(calls))]


def _first(errors: dict[int, Exception]) -> Exception:
    first, *others = (errors[number] for number in sorted(errors))
    for other in others:
        first.add_note(f"beside it: {other!r}")
    return first
