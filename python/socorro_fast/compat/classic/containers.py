"""The containers under their old names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast import containers, predicate
from socorro_fast.compat.classic.config import ABSENT, find
from socorro_fast.compat.classic.container_base import ContainerBase, ManyMembers
from socorro_fast.compat.classic.criteria import criteria_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socorro_fast.base import CrashStorageBase as NativeStorage


class PolyCrashStorage(ManyMembers, containers.PolyCrashStorage):
    """Saves every crash to every member, also when one of them fails; see `ManyMembers`."""


class _Primary(ContainerBase):
    primary: Any

    @property
    def primary_store(self) -> NativeStorage:
        """The primary storage."""
        store: NativeStorage = self.primary
        return store


class FallbackCrashStorage(_Primary, containers.FallbackCrashStorage):
    """Saves to `primary.storage_class`, and to `fallback.storage_class` when that fails."""

    class_options: ClassVar[Mapping[str, str]] = {
        "primary.storage_class": "",
        "fallback.storage_class": "",
    }

    @property
    def fallback_store(self) -> NativeStorage:
        """The storage for when the primary one fails."""
        return self.fallback


class MigrationCrashStorage(_Primary, containers.MigrationCrashStorage):
    """Asks `primary` about crashes of `date_threshold`, yymmdd, and later, else `fallback`."""

    class_options: ClassVar[Mapping[str, str]] = FallbackCrashStorage.class_options

    @property
    def fallback_store(self) -> NativeStorage:
        """The storage of older crashes."""
        return self.fallback


class PrimaryDeferredStorage(_Primary, containers.PrimaryDeferredStorage):
    """Saves crashes to `primary.storage_class`, those that are deferred to `deferred`'s.

    `deferral_criteria` may be a lambda as text: see `criteria_from`.
    """

    class_options: ClassVar[Mapping[str, str]] = {
        "primary.storage_class": "",
        "deferred.storage_class": "",
    }

    def _find_options(
        self, config: Any, quit_check_callback: Any, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        criteria = given.get("deferral_criteria", find(config, "deferral_criteria"))
        if criteria is ABSENT:
            criteria = predicate.Predicate("legacy_processing")
        given = dict(given) | {"deferral_criteria": criteria_from(criteria)}
        return super()._find_options(config, quit_check_callback, given)

    @property
    def deferred_store(self) -> NativeStorage:
        """The storage of deferred crashes."""
        return self.deferred


class PrimaryDeferredProcessedStorage(
    PrimaryDeferredStorage, containers.PrimaryDeferredProcessedStorage
):
    """As `PrimaryDeferredStorage`, with `processed.storage_class` for processed crashes."""

    class_options: ClassVar[Mapping[str, str]] = {
        **PrimaryDeferredStorage.class_options,
        "processed.storage_class": "",
    }

    @property
    def processed_store(self) -> NativeStorage:
        """The storage of processed crashes."""
        return self.processed
