"""Conditions over the keys of a crash, as text that a configuration can hold; never `eval`.

    expression = term {"or" term}
    term       = factor {"and" factor}
    factor     = "not" factor | "(" expression ")" | comparison
    comparison = operand [ operator operand | ["not"] "in" "(" operand {"," operand} ")" ]
    operator   = "==" "!=" "<" "<=" ">" ">=" "startswith" "endswith" "contains"
    operand    = name | text | number | "true" | "false" | "null"

A name is a key of the crash: an ASCII letter or underscore, then those, digits, '.' and '-'. Text
stands in single or double quotes, in which a backslash quotes a quote or a backslash. A missing key
is null. An operand alone is true if Python finds it true. Things of different types are not equal,
and neither less nor more than each other; numbers, true and false compare as in Python.
"""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from socorro_fast.errors import ConfigurationError, shown

Crash = Mapping[str, Any]
_Value = Callable[[Crash], Any]

_MAX_DEPTH = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_.-]*)
      | (?P<sign>==|!=|<=|>=|<|>|\(|\)|,)
      | (?P<end>$)
    )""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS = {"true": True, "false": False, "null": None}


class Predicate:
    """A condition over the keys of a crash, ready to be asked.

    Args:
        text: An expression of the grammar above.

    Raises:
        ConfigurationError: `text` is none; the message has the position, counted from 0.

    Attributes:
        text: The expression.
        value: The same as a function that returns what is found true or false, without a call more.
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise ConfigurationError(f"a condition is text, not {shown(text)}")
        self.text = text
        self.value = _Parser(text).parse()

    def __call__(self, crash: Crash) -> bool:
        """Return whether the condition holds for `crash`; this never raises for data from JSON."""
        return bool(self.value(crash))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> _Value:
        found = self._expression()
        if self._token.kind != "end":
            self._fail("'and', 'or' or the end")
        return found

    def _split(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while not tokens or tokens[-1].kind != "end":
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                self._refuse(at, f"cannot read {shown(text[at:], 30)}")
            tokens.append(
                _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
            )
            at = match.end()
        return tokens

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> str | None:
        token = self._token
        if token.kind not in ("word", "sign") or token.text not in texts:
            return None
        self._next += 1
        return token.text

    def _expression(self) -> _Value:
        terms = [self._term()]
        while self._take("or"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda crash: any(term(crash) for term in terms)

    def _term(self) -> _Value:
        factors = [self._factor()]
        while self._take("and"):
            factors.append(self._factor())
        if len(factors) == 1:
            return factors[0]
        return lambda crash: all(factor(crash) for factor in factors)

    def _factor(self) -> _Value:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._refuse(self._token.at, f"nested deeper than {_MAX_DEPTH}")
        try:
            if self._take("not"):
                inner = self._factor()
                return lambda crash: not inner(crash)
            if self._take("("):
                inner = self._expression()
                self._need(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Value:
        left = self._operand()
        if self._take("not"):
            self._need("in")
            isin = self._isin(left)
            return lambda crash: not isin(crash)
        if self._take("in"):
            return self._isin(left)
        name = self._take(*_OPERATORS)
        if name is None:
            return left
        compare, right = _OPERATORS[name], self._operand()
        return lambda crash: compare(left(crash), right(crash))

    def _isin(self, left: _Value) -> _Value:
        self._need("(")
        members = [self._operand()]
        while self._take(","):
            members.append(self._operand())
        self._need(")")
        return lambda crash: any(_equal(left(crash), member(crash)) for member in members)

    def _operand(self) -> _Value:
        token = self._token
        if token.kind not in ("text", "number", "word") or token.text in _KEYWORDS:
            self._fail("a name or a value")
        self._next += 1
        if token.kind == "word" and token.text not in _CONSTANTS:
            return lambda crash: crash.get(token.text)
        value = self._constant(token)
        return lambda _crash: value

    def _constant(self, token: _Token) -> str | float | None:
        if token.kind == "word":
            return _CONSTANTS[token.text]
        if token.kind == "text":
            return self._unquoted(token)
        try:
            return int(token.text)
        except ValueError:  # not an integer, or one longer than Python reads
            return float(token.text)

    def _unquoted(self, token: _Token) -> str:
        body = token.text[1:-1]
        for escape in re.finditer(r"\\(.)", body, re.DOTALL):
            if escape[1] not in "\\\"'":
                self._refuse(token.at + 1 + escape.start(), f"unknown escape {escape[0]!r}")
        return re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL)

    def _need(self, text: str) -> None:
        if not self._take(text):
            self._fail(repr(text))

    def _fail(self, wanted: str) -> NoReturn:
        token = self._token
        found = shown(token.text, 30) if token.text else "the end"
        self._refuse(token.at, f"{wanted} must be where {found} is")

    def _refuse(self, at: int, why: str) -> NoReturn:
        raise ConfigurationError(f"condition {shown(self._text)}, position {at}: {why}")


def _same_kind(left: object, right: object) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return numbers or (isinstance(left, str) and isinstance(right, str))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: _same_kind(left, right) and compare(left, right)


def _equal(left: object, right: object) -> bool:
    return bool(left == right)


def _of_text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: (
        isinstance(left, str) and isinstance(right, str) and test(left, right)
    )


def _contains(left: object, right: object) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list | tuple | dict) and any(_equal(each, right) for each in left)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(op.lt),
    "<=": _ordered(op.le),
    ">": _ordered(op.gt),
    ">=": _ordered(op.ge),
    "startswith": _of_text(str.startswith),
    "endswith": _of_text(str.endswith),
    "contains": _contains,
}
_KEYWORDS = {"and", "or", "not", "in", "startswith", "endswith", "contains"}
