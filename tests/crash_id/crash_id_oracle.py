"""What a crash ID is, slowly and obviously, and texts that nearly are one."""

import re
from datetime import date

from hypothesis import strategies as st

ORIGINAL = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6}[0-9]{6}$")
"""The check of Socorro since 2017. It asks `match`, so `$` lets a newline pass at the end."""


def is_crash_id(text: object) -> bool:
    """Read the text character by character, and its date with the standard library's calendar."""
    if not isinstance(text, str) or len(text) != 36:
        return False
    dashes = {at for at, character in enumerate(text) if character == "-"}
    rest = text.replace("-", "")
    return (
        dashes == {8, 13, 18, 23}
        and set(rest) <= set("0123456789abcdef")
        and set(text[29:]) <= set("0123456789")
        and has_a_day(text)
    )


def has_a_day(text: str) -> bool:
    try:
        day_of(text)
    except ValueError:
        return False
    return True


def day_of(text: str) -> date:
    return date(2000 + int(text[30:32]), int(text[32:34]), int(text[34:36]))


HEAD = st.from_regex(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{5}", fullmatch=True)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
CRASH_IDS = st.builds(
    lambda head, depth, day: f"{head}{depth}{day:%y%m%d}", HEAD, st.integers(0, 9), DAYS
)
_LOOSE_TAILS = st.from_regex(r"[0-9a-f][0-9]{2}[01][0-9][0-3][0-9]", fullmatch=True)


@st.composite
def _spoilt(draw: st.DrawFn) -> str:
    text, at = draw(CRASH_IDS), draw(st.integers(0, 36))
    cut = draw(st.integers(0, 2))
    # Look-alikes of digits, letters and dashes, and what ends a line.
    odd = st.sampled_from(["\n", "\r", "\0", "A", "F", "g", "-", "\u0661", "\uff11", "\u2010", ""])
    return text[:at] + draw(odd | st.text(max_size=2)) + text[at + cut :]


TEXTS = CRASH_IDS | st.builds(str.__add__, HEAD, _LOOSE_TAILS) | _spoilt() | st.text()
