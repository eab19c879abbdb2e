"""What the options of all containers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from socorro_fast.base import CrashStorageBase
from socorro_fast.options import StorageOptions, _redactor
from socorro_fast.redactor import Redactor


def _named(value: object) -> object:
    if isinstance(value, Mapping) or not isinstance(value, list | tuple):
        return value
    return {str(number): member for number, member in enumerate(value)}


Member = CrashStorageBase
"""One storage."""

Members = Annotated[dict[str, CrashStorageBase], BeforeValidator(_named), Field(min_length=1)]
"""Storages by name, in order; those given as a list are named by their place: "0", "1", ..."""


class ContainerOptions(StorageOptions):
    """Options of every container. The members come with options of their own."""

    redactor: Annotated[Redactor, BeforeValidator(_redactor)] = Field(
        default_factory=lambda: Redactor(()),
        description="what get_processed takes out beside what the members take out; default: "
        "nothing",
    )

    @field_validator("dump_field")
    @classmethod
    def _not_here(cls, _value: str) -> str:
        raise ValueError("it is an option of the members")
