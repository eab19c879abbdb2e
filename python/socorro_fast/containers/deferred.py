"""Crashes to process now in one storage, the others in a second one."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.options import ContainerOptions, Member
from socorro_fast.errors import ConfigurationError, CrashStorageError
from socorro_fast.predicate import Predicate

if TYPE_CHECKING:
    from socorro_fast.base import CrashStorageBase


def _criteria(value: object) -> object:
    try:
        return Predicate(value) if isinstance(value, str) else value
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


class DeferredOptions(ContainerOptions):
    """Options of `PrimaryDeferredStorage`."""

    primary: Member = Field(description="where crashes go that are to be processed")
    deferred: Member = Field(description="where the others go")
    deferral_criteria: Annotated[Callable[[Any], object], BeforeValidator(_criteria)] = Field(
        default=Predicate("legacy_processing"),
        description="which crashes are deferred: a condition as in socorro_fast.predicate, or a "
        "callable that is given the crash",
    )


class PrimaryDeferredStorage(ContainerBase):
    """Saves crashes to the primary, and those that the criteria hold for to the deferred storage.

    The criteria are asked about the raw crash, and about the processed one when it is saved alone.
    Reads ask the primary, then the deferred storage; removals go to both. Only the primary's queue
    is drained: deferred crashes are there to be found, not to be processed. Options:
    `DeferredOptions`.

    Raises:
        CrashStorageError: The criteria raised something: it is the `__cause__`.
    """

    Options: ClassVar[type[ContainerOptions]] = DeferredOptions
    options: DeferredOptions
    member_options: ClassVar[tuple[str, ...]] = ("primary", "deferred")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.primary = self.options.primary
        self.deferred = self.options.deferred
        criteria = self.options.deferral_criteria
        self._is_deferred = criteria.value if isinstance(criteria, Predicate) else criteria

    def _queues(self) -> dict[str, CrashStorageBase]:
        return {"primary": self.options.primary}

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        if self._closed:
            self._check_open()
        getattr(self._destination(args[0], crash_id), operation)(*args)

    def _destination(self, crash: Any, crash_id: str) -> CrashStorageBase:
        if not isinstance(crash, dict):
            return self.primary  # which refuses it, in its own words
        try:
            return self.deferred if self._is_deferred(crash) else self.primary
        except Exception as error:
            what = f"deferral_criteria failed on crash {crash_id}: {error!r}"
            raise CrashStorageError(what) from error
