"""What is checked of a crash before any storage is touched."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from socorro_fast.crash_id import date_of
from socorro_fast.errors import InvalidCrash, InvalidCrashID, InvalidDumpName, shown

_Item = TypeVar("_Item")


def check_crash_id(crash_id: object) -> str:
    """Return `crash_id` if it is one.

    Raises:
        InvalidCrashID: It is not.
    """
    if not isinstance(crash_id, str):
        raise InvalidCrashID(f"crash ID {shown(crash_id)} is not text")
    date_of(crash_id)
    return crash_id


def check_raw_crash(raw_crash: object) -> dict[str, Any]:
    """Return `raw_crash` if it is a dict.

    Raises:
        InvalidCrash: It is not.
    """
    if not isinstance(raw_crash, dict):
        raise InvalidCrash(f"a raw crash is a dict, not {type(raw_crash).__name__}")
    return raw_crash


def processed_crash_id(processed_crash: object) -> str:
    """Return the ID of a processed crash: its `uuid`, else its `crash_id`.

    Raises:
        InvalidCrash: It is no dict, has neither, or has both and they differ.
        InvalidCrashID: What it has is no crash ID.
    """
    if not isinstance(processed_crash, dict):
        raise InvalidCrash(f"a processed crash is a dict, not {type(processed_crash).__name__}")
    given = [processed_crash.get(key) for key in ("uuid", "crash_id")]
    ids = [crash_id for crash_id in given if crash_id is not None]
    if not ids:
        raise InvalidCrash("processed crash has neither uuid nor crash_id")
    if len(ids) == len(given) and ids[0] != ids[1]:
        raise InvalidCrash(f"processed crash has uuid {shown(ids[0])}, crash_id {shown(ids[1])}")
    return check_crash_id(ids[0])


def check_same_crash(processed_crash: object, crash_id: str) -> None:
    """Refuse a processed crash that is not that of `crash_id`.

    Raises:
        InvalidCrash: It has no ID, or another one.
        InvalidCrashID: Its ID is none.
    """
    own = processed_crash_id(processed_crash)
    if own != crash_id:
        raise InvalidCrash(f"processed crash {own} was to be saved as {shown(crash_id)}")


def check_day(date: object) -> dt.date | None:
    """Return the day that `date` is, or is on; None for None.

    Raises:
        InvalidCrash: It is neither a date nor a datetime.
    """
    if isinstance(date, dt.datetime):
        return date.date()
    if date is None or isinstance(date, dt.date):
        return date
    raise InvalidCrash(f"the day to list must be a date, not {shown(date)}")


def check_batch(items: Iterable[_Item]) -> Iterator[_Item]:
    """Return an iterator over what is to be done many times.

    Raises:
        InvalidCrash: It is no iterable.
    """
    try:
        return iter(items)
    except TypeError:
        raise InvalidCrash(f"a batch is an iterable, not {shown(items)}") from None


def check_item(item: object) -> tuple[Any, Any, Any]:
    """Return an item of `save_many` if it is three things; what they are is checked elsewhere.

    Raises:
        InvalidCrash: It is not.
    """
    if isinstance(item, tuple | list) and len(item) == 3:  # noqa: PLR2004 - as it says
        return item[0], item[1], item[2]
    raise InvalidCrash(f"an item is (raw_crash, dumps, crash_id), not {shown(item)}")


def check_dump_names(names: Iterable[str | None] | None) -> list[str | None] | None:
    """Return the names of wanted dumps as a list, if they are not None.

    Raises:
        InvalidDumpName: They are no iterable.
    """
    try:
        return None if names is None else list(names)
    except TypeError:
        raise InvalidDumpName(f"names of dumps are an iterable, not {shown(names)}") from None
