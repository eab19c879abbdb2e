"""A second storage for when the first one is away."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.bringing_home import bring_home
from socorro_fast.containers.failures import group, is_mistake
from socorro_fast.containers.options import ContainerOptions, Member
from socorro_fast.errors import CrashStorageError, OperationNotSupported, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from socorro_fast.base import CrashStorageBase

logger = logging.getLogger(__name__)

_MOST_FAILURES = 100


class FallbackOptions(ContainerOptions):
    """Options of `FallbackCrashStorage`."""

    primary: Member = Field(description="the storage to use")
    fallback: Member = Field(description="the storage to use when `primary` fails")


class FallbackCrashStorage(ContainerBase):
    """Saves to the primary, and to the fallback when that fails.

    A save that the primary refuses as the caller's mistake is refused; one that fails otherwise
    goes to the fallback as a whole, and is logged. Reads ask the primary, and the fallback when
    that does not have the crash or cannot answer; while one of them cannot answer, nothing is
    called missing. Removals go to both. `new_crashes` hands out those of the fallback first.
    `drain` brings home what went to the fallback. Options: `FallbackOptions`.

    Raises:
        PolyCrashStorageError: Both failed; `exceptions` has the primary's error first.
    """

    Options: ClassVar[type[ContainerOptions]] = FallbackOptions
    options: FallbackOptions
    member_options: ClassVar[tuple[str, ...]] = ("primary", "fallback")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.primary = self.options.primary
        self.fallback = self.options.fallback

    def _queues(self) -> dict[str, CrashStorageBase]:
        return {"fallback": self.options.fallback, "primary": self.options.primary}

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        if self._closed:
            self._check_open()
        try:
            getattr(self.primary, operation)(*args)
        except Exception as error:
            if is_mistake(error, args[1] if len(args) > 1 else None):
                raise
            logger.error("%s of %s goes to the fallback: %s", operation, crash_id, error)  # noqa: TRY400 - the error says enough, often
            self._save_in_fallback(operation, crash_id, args, error)

    def _save_in_fallback(
        self, operation: str, crash_id: str, args: tuple[Any, ...], first: Exception
    ) -> None:
        try:
            getattr(self.fallback, operation)(*args)
        except Exception as second:
            failures = [("primary", first), ("fallback", second)]
            raise group(f"{operation} of {crash_id}", failures, len(failures)) from second

    def drain(self, *, replace: bool = False) -> int:
        """Bring home to the primary what went to the fallback, and remove it there.

        A crash that is queued in the fallback, or has no processed crash, is queued in the primary.
        One that somebody took from the fallback's queue through this container and has not given
        back is left for the next time, and so are processed crashes without a raw one. What was
        removed meanwhile is no failure.

        Args:
            replace: What happens to a crash that differs in the two: True takes the fallback's
                version, False leaves both where they are and reports it.

        Returns:
            How many crashes came home.

        Raises:
            OperationNotSupported: The fallback cannot name its crashes, or lacks a read.
            StorageUnavailable: A storage is away; the rest stays in the fallback.
            PolyCrashStorageError: What went wrong with single crashes; it stops at a hundred.
        """
        self._check_open()
        home = 0
        failed: dict[str, CrashStorageError] = {}
        for crash_id, is_new in self._strays(failed):
            try:
                home += self._brought_home(crash_id, is_new=is_new, replace=replace)
            except (StorageUnavailable, OperationNotSupported):
                raise
            except CrashStorageError as error:
                failed[crash_id] = error
            if len(failed) == _MOST_FAILURES:
                break
        if failed:
            failures = [(f"crash {crash_id}", error) for crash_id, error in failed.items()]
            raise group("drain", failures, home + len(failed), of="crashes")
        return home

    def _strays(self, failed: Container[str]) -> Iterator[tuple[str, bool]]:
        # Asked whether to go on while nothing is claimed: nobody would give it back.
        self._check_walk()
        offers = self.fallback.capabilities
        if "new_crashes" in offers:
            for crash_id in self.fallback.new_crashes():
                yield crash_id, True
                self._check_walk()
        if "list_crashes" in offers or "new_crashes" not in offers:
            for crash_id in self.fallback.list_crashes():
                if crash_id not in failed and not self._handed_out.holds(crash_id):
                    yield crash_id, False
                    self._check_walk()

    def _brought_home(self, crash_id: str, *, is_new: bool, replace: bool) -> bool:
        give_back = self.fallback.release_crash
        try:
            was_there = bring_home(
                self.fallback, self.primary, crash_id, is_new=is_new, replace=replace
            )
            give_back = self.fallback.ack_crash
        finally:
            if is_new:
                give_back(crash_id)
        return was_there
