"""Moving one crash from a storage where it waited to the one where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.errors import CrashIDNotFound, CrashStorageError, OperationNotSupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from socorro_fast.base import CrashStorageBase


def bring_home(
    source: CrashStorageBase,
    target: CrashStorageBase,
    crash_id: str,
    *,
    is_new: bool,
    replace: bool,
) -> bool:
    """Save a crash of `source` in `target`, and remove it from `source`.

    Args:
        source: Where it waited.
        target: Where it belongs.
        crash_id: Its ID.
        is_new: Whether it is still queued; if so, or if it is not processed, `target` queues it.
        replace: Whether it replaces what `target` has of it, where that differs.

    Returns:
        Whether it was there: a queued crash may have been removed.

    Raises:
        CrashStorageError: It differs in the two and may not replace, was saved to `source` again
            meanwhile, or one of them failed. It still is in `source`.
    """
    raw_crash = _found(source.get_raw_crash, crash_id)
    if raw_crash is None:
        return False
    # A save without dumps leaves those that the target may have from before.
    dumps = source.get_raw_dumps(crash_id) or None
    processed = _there(source.get_unredacted_processed, crash_id)
    if not replace:
        _compare(_there(target.get_raw_crash, crash_id), raw_crash, crash_id)
        _compare(_there(target.get_raw_dumps, crash_id) or None, dumps, crash_id)
        _compare(_there(target.get_unredacted_processed, crash_id), processed, crash_id)
    if processed is None:
        target.save_raw_crash(raw_crash, dumps, crash_id)
    elif is_new:
        target.save_raw_crash(raw_crash, dumps, crash_id)
        target.save_processed(processed)
    else:
        target.save_raw_and_processed(raw_crash, dumps, processed, crash_id)
    if source.get_raw_crash(crash_id) != raw_crash:
        raise CrashStorageError(f"crash {crash_id} was saved again while it was moved")
    source.remove(crash_id)
    return True


def _found(get: Callable[[str], Any], crash_id: str) -> Any:
    try:
        return get(crash_id)
    except CrashIDNotFound:
        return None


def _there(get: Callable[[str], Any], crash_id: str) -> Any:
    # What cannot be read, a queue for example, cannot differ either.
    try:
        return _found(get, crash_id)
    except OperationNotSupported:
        return None


def _compare(there: object, here: object, crash_id: str) -> None:
    if there is not None and here is not None and there != here:
        raise CrashStorageError(
            f"crash {crash_id} differs in primary and fallback; replace=True takes the fallback's"
        )
