"""How a storage declares its options, once, for keywords, config objects, files and environment."""

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from socorro_fast.dumps import MAIN_DUMP, check_dump_name
from socorro_fast.errors import ConfigurationError, InvalidDumpName, shown
from socorro_fast.redactor import Redactor

ENV_PREFIX = "SOCORRO_FAST_"
"""What the name of every environment variable of ours begins with."""


def _octal(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return int(value, 8)
    except ValueError:
        raise ValueError("a mode as text is octal, such as '022'") from None


def _redactor(value: object) -> object:
    if isinstance(value, Mapping):
        refuse_unknown(value, ("forbidden_keys", "allowed_keys"), "the redactor")
        return Redactor(**value)
    return Redactor(value) if isinstance(value, str | list | tuple) else value


def _dump_field(value: object) -> object:
    try:
        return check_dump_name(value)
    except InvalidDumpName as error:
        raise ValueError(str(error)) from None


OCTAL = BeforeValidator(_octal)
"""What tells the mode among the numbers."""

FileMode = Annotated[int, OCTAL, Field(strict=True, ge=0, le=0o7777)]
"""Permission bits: a number as it is, or octal text ("022" is 0o022)."""

Ack = Literal["explicit", "advance"]
"""When a crash handed out by `new_crashes` is done with: at `ack_crash`, or at the next one."""

CodecName = Literal["orjson", "json"]
"""The JSON writer: "orjson" is fast, "json" gives the standard library's exact bytes."""

Secret = SecretStr
"""A password: never shown by `repr`, in messages or in logs."""


class StorageOptions(BaseModel):
    """The options that every storage has; a storage with more derives from this."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    redactor: Annotated[Redactor, BeforeValidator(_redactor)] = Field(
        default_factory=Redactor,
        description="what get_processed takes out: a Redactor, its options, or forbidden keys",
    )
    dump_field: Annotated[str, BeforeValidator(_dump_field)] = Field(
        default=MAIN_DUMP,
        description="the name of the main dump, which None and '' stand for",
    )

    @classmethod
    def build(cls, owner: str, values: Mapping[str, Any]) -> Self:
        """Return the options of the storage class named `owner`.

        Raises:
            ConfigurationError: Naming every option that is unknown, missing or wrong.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            problems = (_problem(cls, owner, detail) for detail in error.errors())
            raise ConfigurationError("; ".join(problems)) from None

    @classmethod
    def find(cls, config: object) -> dict[str, Any]:
        """Return those of these options that `config` has, as keys or as attributes."""
        found = ((name, _look_up(config, name)) for name in cls.model_fields)
        return {name: value for name, value in found if value is not _ABSENT}

    @classmethod
    def find_in_environment(cls, prefix: str = ENV_PREFIX) -> dict[str, Any]:
        """Return those of these options that the environment has.

        `fs_root` is `SOCORRO_FAST_FS_ROOT`; `__` goes into an option that is a mapping:
        `SOCORRO_FAST_REDACTOR__FORBIDDEN_KEYS`.

        Raises:
            ConfigurationError: A variable sets an option, and another one something inside it.
        """
        found: dict[str, Any] = {}
        for variable in sorted(os.environ):
            steps = variable.removeprefix(prefix).lower().split("__")
            if variable.startswith(prefix) and steps[0] in cls.model_fields:
                _put(found, steps, variable)
        return found

    def changed(self) -> str:
        """Return the options that were given, as they would be written in a call."""
        given = (name for name in type(self).model_fields if name in self.model_fields_set)
        return ", ".join(f"{name}={masked(repr(getattr(self, name)))}" for name in given)


MASK = "**********"
"""What is shown in the place of a password; pydantic's own is the same."""

_URL_PASSWORD = re.compile(r"(://[^\s/:@'\"]*:)[^\s/@'\"]+@")


def masked(text: str) -> str:
    """Return `text` without the passwords of the URLs in it."""
    return _URL_PASSWORD.sub(rf"\1{MASK}@", text)


def is_secret(option: FieldInfo) -> bool:
    """Return whether an option is declared as a `Secret`."""
    return SecretStr.__name__ in repr(option.annotation)


def refuse_unknown(names: Iterable[object], known: Iterable[str], owner: str) -> None:
    """Refuse the first of `names` that is not `known`.

    Raises:
        ConfigurationError: Naming it, `owner`, and the nearest known name.
    """
    known = tuple(known)
    for name in names:
        if name not in known:
            raise ConfigurationError(_unknown(str(name), known, owner))


def _unknown(name: str, known: tuple[str, ...], owner: str) -> str:
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are {', '.join(known)}"
    return f"unknown option {shown(name)} for {owner}; {hint}"


def _problem(options: type[StorageOptions], owner: str, detail: ErrorDetails) -> str:
    name = ".".join(str(step) for step in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown(name, tuple(options.model_fields), owner)
    if detail["type"] == "missing":
        return f"option {name!r} of {owner} is missing"
    why = detail["msg"].removeprefix("Value error, ")
    value = "that value" if _is_about_secret(options, detail) else masked(shown(detail["input"]))
    return f"option {name!r} of {owner} cannot be {value}: {why[:1].lower()}{why[1:]}"


def _is_about_secret(options: type[StorageOptions], detail: ErrorDetails) -> bool:
    option = options.model_fields.get(str(detail["loc"][0]))
    return option is not None and is_secret(option)


def _put(found: dict[str, Any], steps: list[str], variable: str) -> None:
    *groups, name = steps
    for group in groups:
        found = found.setdefault(group, {})
        if not isinstance(found, dict):
            raise ConfigurationError(f"{variable} goes into an option that is set as a whole")
    found[name] = os.environ[variable]


_ABSENT = object()


def _look_up(config: object, name: str) -> object:
    try:
        return config[name] if isinstance(config, Mapping) else getattr(config, name)
    except (KeyError, AttributeError):
        return _ABSENT
