"""Saving without what identifies a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast.checks import check_batch, check_item
from socorro_fast.containers.isolation import copied
from socorro_fast.containers.wrapper import WrapperContainer, WrapperOptions
from socorro_fast.errors import InvalidCrash
from socorro_fast.options import _redactor
from socorro_fast.redactor import FORBIDDEN_KEYS, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socorro_fast.containers.options import ContainerOptions
    from socorro_fast.errors import CrashStorageError

RAW_FORBIDDEN_KEYS = ("URL", "Email", "UserID", *FORBIDDEN_KEYS)
"""What is private in a raw crash: the annotations as clients name them, too."""

_IDS = ("uuid", "crash_id")


class RedactingOptions(WrapperOptions):
    """Options of `RedactingCrashStorage`."""

    redactor: Annotated[Redactor, BeforeValidator(_redactor)] = Field(
        default_factory=Redactor,
        description="what is taken out of processed crashes: a Redactor, its options, or keys",
    )
    raw_redactor: Annotated[Redactor, BeforeValidator(_redactor)] = Field(
        default_factory=lambda: Redactor(RAW_FORBIDDEN_KEYS),
        description="what is taken out of raw crashes, likewise",
    )


class RedactingCrashStorage(WrapperContainer):
    """Saves raw and processed crashes redacted: what is forbidden never reaches the member.

    The caller's crashes stay as they are. The ID of a processed crash is kept in any case. Dumps go
    through untouched. Options: `RedactingOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = RedactingOptions
    options: RedactingOptions
    mutates_arguments = False

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        if operation == "save_processed":
            super()._save(operation, crash_id, self._processed(args[0]))
            return
        raw_crash, dumps, *processed, _ = args
        own = (self._raw(raw_crash), dumps, *map(self._processed, processed), crash_id)
        super()._save(operation, crash_id, *own)

    def _raw(self, raw_crash: Any) -> Any:
        if not isinstance(raw_crash, dict):
            return raw_crash
        own = copied(raw_crash)
        self.options.raw_redactor.redact(own)
        return own

    def _processed(self, processed_crash: dict[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = copied(processed_crash)
        self.redactor.redact(own)
        return {key: processed_crash[key] for key in _IDS if key in processed_crash} | own

    def save_many(self, items: Any) -> list[Any]:
        """Save raw crashes, each `(raw_crash, dumps, crash_id)`, redacted, as one batch."""
        refused: dict[int, CrashStorageError] = {}
        outcomes = super().save_many(self._redacted(items, refused))
        for place, error in refused.items():  # in rising order, so that each gets to its place
            outcomes.insert(place, error)
        return outcomes

    def _redacted(self, items: Any, refused: dict[int, CrashStorageError]) -> Iterator[Any]:
        for place, item in enumerate(check_batch(items)):
            try:
                raw_crash, dumps, crash_id = check_item(item)
                own = self._raw(raw_crash)
            except InvalidCrash as error:
                refused[place] = error
            else:
                yield own, dumps, crash_id
