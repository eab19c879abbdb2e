"""JSON in and out, always as the standard library would bring it."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import orjson

from socorro_fast._rust import is_plain_json, needs_exact_json
from socorro_fast.errors import InvalidCrash, shown
from socorro_fast.options import CodecName

DateText = Callable[[dt.date], str]
"""How dates and datetimes are written."""


def iso_text(date: dt.date) -> str:
    """Return what `isoformat()` says."""
    return date.isoformat()


class Codec:
    """The standard library's JSON, byte for byte, with dates as text.

    Args:
        date_text: How dates and datetimes are written; default: as their `isoformat()`.
        sort_keys: Whether objects are written in the order of their keys.
    """

    def __init__(self, date_text: DateText = iso_text, *, sort_keys: bool = False) -> None:
        self._date_text = date_text
        self._encoder = json.JSONEncoder(default=self._default, sort_keys=sort_keys)

    def dumps(self, value: object) -> bytes:
        """Return `value` as JSON.

        Raises:
            InvalidCrash: The standard library refuses `value`.
        """
        try:
            return self._encoder.encode(value).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidCrash(
                f"{self._culprit(value)}cannot be stored as JSON: {error}"
            ) from error

    def _culprit(self, value: object) -> str:
        """Return the first field that cannot be written, for a message."""
        for name, each in value.items() if isinstance(value, dict) else ():
            try:
                self._encoder.encode(each)
            except (TypeError, ValueError, RecursionError):
                return f"field {shown(name)} "
        return ""

    def loads(self, data: bytes) -> Any:
        """Return what `data` says.

        Raises:
            ValueError: `data` is not JSON, or nested too deep.
        """
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("JSON nested too deep") from error

    def _default(self, value: object) -> str:
        if isinstance(value, dt.date):
            return self._date_text(value)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class FastCodec(Codec):
    """orjson where it agrees with the standard library, else the standard library.

    orjson refuses some things that the standard library takes: those go there. It also *changes*
    some without a word (NaN becomes null, 2**64 a float) and takes types that are not JSON's
    (UUID, enumerations): those are looked for before it is asked.
    """

    def __init__(self, date_text: DateText = iso_text) -> None:
        super().__init__(date_text)

    def dumps(self, value: object) -> bytes:
        """Return `value` as JSON, equal as data to what the standard library writes.

        Raises:
            InvalidCrash: The standard library refuses `value`.
        """
        if is_plain_json(value, _DATES):
            try:
                return orjson.dumps(value, self._default, orjson.OPT_PASSTHROUGH_DATETIME)
            except orjson.JSONEncodeError:
                pass
        return super().dumps(value)

    def loads(self, data: bytes) -> Any:
        """Return what `data` says.

        Raises:
            ValueError: `data` is not JSON, or nested too deep.
        """
        if not needs_exact_json(data):
            try:
                return orjson.loads(data)
            except orjson.JSONDecodeError:
                pass
        return super().loads(data)


_CODECS: dict[CodecName, type[Codec]] = {"orjson": FastCodec, "json": Codec}


def get_codec(name: CodecName, date_text: DateText = iso_text) -> Codec:
    """Return the codec that the option `codec` names."""
    return _CODECS[name](date_text)


_DATES = (dt.datetime, dt.date)
