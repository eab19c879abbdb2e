"""JSON in and out, always as the standard library would bring it."""

import datetime as dt
import json
from typing import Any

import orjson

from socorro_fast._rust import is_plain_json, needs_exact_json
from socorro_fast.errors import InvalidCrash
from socorro_fast.options import CodecName


class Codec:
    """The standard library's JSON, byte for byte, with dates as their `isoformat()`."""

    def dumps(self, value: object) -> bytes:
        """Return `value` as JSON.

        Raises:
            InvalidCrash: The standard library refuses `value`.
        """
        try:
            return _ENCODER.encode(value).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidCrash(f"cannot be stored as JSON: {error}") from error

    def loads(self, data: bytes) -> Any:
        """Return what `data` says.

        Raises:
            ValueError: `data` is not JSON, or nested too deep.
        """
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("JSON nested too deep") from error


class FastCodec(Codec):
    """orjson where it agrees with the standard library, else the standard library.

    orjson refuses some things that the standard library takes: those go there. It also *changes*
    some without a word (NaN becomes null, 2**64 a float) and takes types that are not JSON's
    (UUID, enumerations): those are looked for before it is asked.
    """

    def dumps(self, value: object) -> bytes:
        """Return `value` as JSON, equal as data to what the standard library writes.

        Raises:
            InvalidCrash: The standard library refuses `value`.
        """
        if is_plain_json(value, _DATES):
            try:
                return orjson.dumps(value, _isoformat, orjson.OPT_PASSTHROUGH_DATETIME)
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


_CODECS: dict[CodecName, Codec] = {"orjson": FastCodec(), "json": Codec()}


def get_codec(name: CodecName) -> Codec:
    """Return the codec that the option `codec` names."""
    return _CODECS[name]


def _isoformat(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_DATES = (dt.datetime, dt.date)
_ENCODER = json.JSONEncoder(default=_isoformat)
