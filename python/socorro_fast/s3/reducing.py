"""Leaving out of a document what a JSON schema does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.errors import ConfigurationError, InvalidCrash, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]

_IS_OF: dict[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list | tuple),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


class Reducer:
    """Reduces documents to what a JSON schema names.

    Of the schema, these count: `type`, `properties`, `additionalProperties`, `items`, `required`,
    and `$ref` to a place within it. A property that it does not name is left out, unless
    `additionalProperties` is there and true or a schema.

    Args:
        schema: Of an object.

    Raises:
        ConfigurationError: The schema is not one, or a `$ref` in it leads nowhere.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._root = dict(schema)
        self._check(self._root, "#", set())

    def reduce(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a new document with what the schema names.

        Raises:
            InvalidCrash: A value is of a type that the schema does not allow, or one that it
                requires is missing; the message has its path.
        """
        reduced: dict[str, Any] = self._reduced(self._root, document, "")
        return reduced

    def _reduced(self, schema: Schema, value: Any, path: str) -> Any:
        schema = self._resolved(schema)
        self._check_type(schema, value, path)
        if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
            return self._reduced_object(schema, value, path)
        if isinstance(value, list | tuple) and isinstance(schema.get("items"), dict):
            items = schema["items"]
            return [self._reduced(items, each, f"{path}[{n}]") for n, each in enumerate(value)]
        return value

    def _reduced_object(self, schema: Schema, value: dict[str, Any], path: str) -> dict[str, Any]:
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            raise InvalidCrash(f"{_at(path)} lacks {missing[0]!r}, which the schema requires")
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", False)
        kept = {}
        for name, each in value.items():
            below = known.get(name, others)
            if below is not False:
                rule = below if isinstance(below, dict) else {}
                kept[name] = self._reduced(rule, each, f"{path}.{name}" if path else name)
        return kept

    def _check_type(self, schema: Schema, value: Any, path: str) -> None:
        types = _types(schema)
        if types and not any(_IS_OF[each](value) for each in types):
            allowed = " or ".join(types)
            raise InvalidCrash(f"{_at(path)} must be {allowed} by the schema, not {shown(value)}")

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._target(schema["$ref"])
        return schema

    def _target(self, reference: object) -> Schema:
        found: Any = self._root
        for step in str(reference).removeprefix("#").split("/")[1:]:
            found = found.get(step) if isinstance(found, dict) else None
        if isinstance(found, dict) and str(reference).startswith("#"):
            return found
        raise ConfigurationError(f"a JSON schema refers to {shown(reference)}, which it has not")

    def _check(self, schema: Any, where: str, seen: set[str]) -> None:
        """Refuse a schema that could not be used later, at any depth."""
        if not isinstance(schema, dict):
            raise ConfigurationError(f"the JSON schema has no object at {where}: {shown(schema)}")
        unknown = [each for each in _types(schema) if each not in _IS_OF]
        if unknown:
            raise ConfigurationError(f"the JSON schema has type {shown(unknown[0])} at {where}")
        if "$ref" in schema:
            self._check_reference(str(schema["$ref"]), where, seen)
        for name, each in dict(schema.get("properties", {})).items():
            if not isinstance(each, bool):
                self._check(each, f"{where}/properties/{name}", seen)
        for name in ("items", "additionalProperties"):
            if isinstance(schema.get(name), dict):
                self._check(schema[name], f"{where}/{name}", seen)

    def _check_reference(self, reference: str, where: str, seen: set[str]) -> None:
        target = self._target(reference)
        if target.get("$ref") == reference:
            raise ConfigurationError(f"the JSON schema refers to itself at {where}")
        if reference not in seen:
            seen.add(reference)
            self._check(target, reference, seen)


def _types(schema: Schema) -> list[Any]:
    given = schema.get("type", [])
    return given if isinstance(given, list) else [given]


def _at(path: str) -> str:
    return f"field {path!r}" if path else "a crash report"
