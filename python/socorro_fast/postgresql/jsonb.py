"""JSON for jsonb columns, and what to keep beside them where jsonb would change it."""

from __future__ import annotations

import re
from typing import NamedTuple

from socorro_fast._rust import survives_jsonb
from socorro_fast.errors import InvalidCrash

MOST_BYTES = (1 << 28) - 1
"""What the server takes of one document."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
_ESCAPE = re.compile(rb"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\(u.{4}|.)")
_REPLACEMENT = rb"\ufffd"


class StoredJSON(NamedTuple):
    """One document as two columns.

    Attributes:
        jsonb: What the jsonb column gets: for queries.
        exact: The document itself, where jsonb would refuse or change it; else None.
    """

    jsonb: str
    exact: str | None


def stored_json(data: bytes) -> StoredJSON:
    """Return the columns for the JSON `data`.

    In the jsonb of a document that jsonb refuses, NaN and infinities are null, null characters and
    lone surrogates are U+FFFD.

    Raises:
        InvalidCrash: No jsonb may be that long.
    """
    if len(data) > MOST_BYTES:
        raise InvalidCrash(f"a crash of {len(data)} bytes is too long for jsonb: {MOST_BYTES} fit")
    text = data.decode()
    if survives_jsonb(data):
        return StoredJSON(text, None)
    return StoredJSON(_TOKEN.sub(_acceptable, data).decode(), text)


def _acceptable(token: re.Match[bytes]) -> bytes:
    if token[0].startswith(b'"'):
        return _ESCAPE.sub(_acceptable_escape, token[0])
    return b"null"


def _acceptable_escape(escape: re.Match[bytes]) -> bytes:
    alone = (escape[3] or b"").lower()
    if alone == b"u0000" or re.match(rb"ud[89a-f]", alone):
        return _REPLACEMENT
    return escape[0]
