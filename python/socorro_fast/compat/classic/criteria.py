"""Deferral criteria of the original, which were Python code, as conditions that are safe."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.predicate import Predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPARISONS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "==", ast.IsNot: "!=", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_METHODS = ("startswith", "endswith")
_FALSE = ("None", "False", "0", "''")
_CONSTANTS = {True: "true", False: "false", None: "null"}


def criteria_from(value: Any) -> Any:
    """Return deferral criteria: a callable as it is, text as a `Predicate`.

    Text is a condition as in `socorro_fast.predicate`, or a lambda of the kind that configurations
    of the original have: keys of the crash by `get`, `[]` or as attributes, compared with constants
    by operators, `in`, `startswith` and `endswith`, and joined by `and`, `or` and `not`. It is
    read, never run.

    Raises:
        ConfigurationError: The text is neither.
    """
    if not isinstance(value, str) or not value.strip().startswith("lambda"):
        return value
    return Predicate(condition_from(value))


def condition_from(text: str) -> str:
    """Return such a lambda as a condition.

    Raises:
        ConfigurationError: It is none, or what it says is beyond conditions.
    """
    try:
        return Predicate(_Translation(ast.parse(text.strip(), mode="eval").body).text).text
    except (SyntaxError, _Untranslatable, RecursionError) as error:
        why = f"cannot translate deferral_criteria {shown(text)}: {error}"
        raise ConfigurationError(f"{why}; write a condition, or hand in a callable") from error


class _Untranslatable(Exception):  # noqa: N818 - it never leaves this module
    pass


class _Translation:
    """A lambda of one argument, the crash, as the text of a condition."""

    def __init__(self, node: ast.expr) -> None:
        if not isinstance(node, ast.Lambda) or len(node.args.args) != 1:
            raise _Untranslatable("it is no lambda with one argument")
        self._crash = node.args.args[0].arg
        text = self._test(node.body)
        self.text = text[1:-1] if text.startswith("(") else text

    def _test(self, node: ast.expr) -> str:
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            return f"({word.join(map(self._test, node.values))})"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"not {self._test(node.operand)}"
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        # What is no more than true or false may be anything false where it is missing.
        return self._method(node) or self._key(node, missing=_FALSE) or self._operand(node)

    def _comparison(self, node: ast.Compare) -> str:
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            raise _Untranslatable(f"cannot compare like {ast.unparse(node)!r}")
        sign, right = _COMPARISONS[type(node.ops[0])], node.comparators[0]
        left = self._operand(node.left)
        if not sign.endswith("in"):
            return f"({left} {sign} {self._operand(right)})"
        if isinstance(right, ast.Tuple | ast.List | ast.Set) and right.elts:
            return f"({left} {sign} ({', '.join(map(self._operand, right.elts))}))"
        if isinstance(node.left, ast.Constant):
            test = f"({self._operand(right)} contains {left})"
            return test if sign == "in" else f"(not {test})"
        raise _Untranslatable(f"cannot look into {ast.unparse(right)!r}")

    def _method(self, node: ast.expr) -> str | None:
        match node:
            case ast.Call(func=ast.Attribute(value=subject, attr=name), args=[argument]) if (
                name in _METHODS and not node.keywords
            ):
                return f"({self._operand(subject)} {name} {self._operand(argument)})"
        return None

    def _operand(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return _quoted(node.value)
        key = self._key(node)
        if key is not None:
            return key
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise _Untranslatable(f"cannot read {ast.unparse(node)!r}") from None
        if value is None or isinstance(value, bool):
            return _CONSTANTS[value]
        if isinstance(value, int | float):
            return repr(value)
        raise _Untranslatable(f"cannot use {ast.unparse(node)!r}")

    def _key(self, node: ast.expr, missing: Sequence[str] = ("None",)) -> str | None:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(key)), *default],
                keywords=[],
            ) if name == self._crash:
                if default and ast.unparse(default[0]) not in missing:
                    raise _Untranslatable(f"a default other than None: {ast.unparse(node)!r}")
                return key
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if (
                name == self._crash
            ):
                return key
            case ast.Attribute(value=ast.Name(id=name), attr=key) if name == self._crash:
                return key
        return None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
