"""One crash, saved by many storages."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from socorro_fast.checks import check_crash_id
from socorro_fast.containers.base import ContainerBase
from socorro_fast.containers.failures import group, is_mistake
from socorro_fast.containers.isolation import leaves_arguments_alone, own_arguments
from socorro_fast.containers.options import ContainerOptions, Members
from socorro_fast.fork_safe import ForkSafeLock
from socorro_fast.options import refuse_unknown
from socorro_fast.quit_check import never_quit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from socorro_fast.base import CrashStorageBase
    from socorro_fast.containers.failures import Failure

logger = logging.getLogger(__name__)


class PolyOptions(ContainerOptions):
    """Options of `PolyCrashStorage`."""

    storages: Members = Field(description="what to save to, in this order: a list, or by name")
    required: tuple[str | int, ...] | None = Field(
        default=None,
        description="names, or places in the list, of the storages that a save must reach; "
        "failures of the others are counted and logged; default: all of them",
    )

    @field_validator("required")
    @classmethod
    def _known(
        cls, required: tuple[str | int, ...] | None, info: ValidationInfo
    ) -> tuple[str | int, ...] | None:
        # Storages that are wrong themselves are not there, and reported apart.
        if "storages" in info.data and required is not None:
            refuse_unknown(map(str, required), info.data["storages"], "'required'")
        return required

    parallel: bool = Field(
        default=False,
        description="whether each save uses a thread for each storage; for slow, remote ones",
    )


class PolyCrashStorage(ContainerBase):
    """Saves every crash to every member, also when one of them fails.

    Members get it in their order, or all at once with `parallel=True`. A member that might change
    its arguments gets copies of them (never of dumps): see `leaves_arguments_alone`. What is
    refused by every member is the caller's mistake and raised as it is. Nothing is rolled back.

    Reads ask the members that save something, in their order, until one has the answer; removals
    go to all of them. The queue is that of the first member that has one: the same crash in a
    second queue is somebody else's.

    Options: `PolyOptions`.

    Raises:
        PolyCrashStorageError: From saves: what each required member raised. From `close`: what any
            did.
    """

    Options: ClassVar[type[ContainerOptions]] = PolyOptions
    options: PolyOptions
    member_options: ClassVar[tuple[str, ...]] = ("storages",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        required = self.options.required
        names = [*self.options.storages] if required is None else [str(name) for name in required]
        self._asked = self._keepers
        self._required = {f"storages.{name}" for name in names}
        self._copies = {
            role for role, member in self.roles.items() if not leaves_arguments_alone(member)
        }
        self._parallel = self.options.parallel
        overridden = type(self)._save is not PolyCrashStorage._save  # noqa: SLF001 - our own
        self._is_plain = not (self._parallel or self._copies or overridden)
        self._failures: Counter[str] = Counter()
        self._lock = ForkSafeLock()

    def _queues(self) -> dict[str, CrashStorageBase]:
        return dict([*self._with("new_crashes", self.roles).items()][:1])

    @property
    def failures(self) -> Mapping[str, int]:
        """How many saves each member that is not required has failed, by role."""
        with self._lock:
            return dict(self._failures)

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps, and queue it, in every member."""
        if self._closed or not self._is_plain or self.quit_check is not never_quit:
            self._save("save_raw_crash", crash_id, raw_crash, dumps, crash_id)
            return
        # As `_save` would, in a third of the time: nothing is asked, copied or started.
        failures: list[Failure] = []
        for role, member in self.roles.items():
            try:
                member.save_raw_crash(raw_crash, dumps, crash_id)
            except Exception as error:  # noqa: BLE001 - kept, and raised when all had a turn
                failures.append((role, error))
        if failures:
            self._report("save_raw_crash", crash_id, (raw_crash, dumps, crash_id), failures)

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        if self._closed:
            self._check_open()
        # Asked once, before anything is saved: a crash goes to all members or to none.
        if self.quit_check is not never_quit:
            self.quit_check()
        failures: list[Failure] = []
        if self._parallel:
            self._save_in_threads(operation, args, failures)
        else:
            for role, member in self.roles.items():
                try:
                    own = own_arguments(args) if role in self._copies else args
                    getattr(member, operation)(*own)
                except Exception as error:  # noqa: BLE001 - kept, and raised when all had a turn
                    failures.append((role, error))
        if failures:
            self._report(operation, crash_id, args, failures)

    def _save_in_threads(
        self, operation: str, args: tuple[Any, ...], failures: list[Failure]
    ) -> None:
        raised: list[tuple[str, BaseException]] = []

        def save(role: str, own: tuple[Any, ...]) -> None:
            try:
                getattr(self.roles[role], operation)(*own)
            except BaseException as error:  # noqa: BLE001 - kept, and raised when all had a turn
                raised.append((role, error))

        # Copied before the first thread may change what is copied.
        calls = [(role, own) for role, own in self._calls(args, raised)]
        threads = [_started(save, role, own) for role, own in calls[1:]]
        try:
            if calls:
                save(*calls[0])
        finally:
            for thread in filter(None, threads):
                thread.join()
        for role, error in sorted(raised, key=lambda each: [*self.roles].index(each[0])):
            if not isinstance(error, Exception):
                raise error
            failures.append((role, error))

    def _calls(
        self, args: tuple[Any, ...], raised: list[tuple[str, BaseException]]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for role in self.roles:
            try:
                yield role, own_arguments(args) if role in self._copies else args
            except Exception as error:  # noqa: BLE001 - kept, and raised when all had a turn
                raised.append((role, error))

    def _report(
        self, operation: str, crash_id: str, args: tuple[Any, ...], failures: list[Failure]
    ) -> None:
        check_crash_id(crash_id)
        dumps = args[1] if len(args) > 1 else None
        refused = {role for role, error in failures if is_mistake(error, dumps)}
        if refused >= self._with(operation, self.roles).keys():
            raise failures[0][1]
        what = f"{operation} of {crash_id}"
        serious = [failure for failure in failures if failure[0] in self._required]
        for role, error in failures:
            if role not in self._required:
                self._count(role)
                logger.warning("%s in %s, which is not required: %s", what, role, error)
        if serious:
            raise group(what, serious, len(self.roles))

    def _count(self, role: str) -> None:
        with self._lock:
            self._failures[role] += 1


def _started(call: Callable[..., None], *args: Any) -> threading.Thread | None:
    thread = threading.Thread(target=copy_context().run, args=(call, *args), name="poly-save")
    try:
        thread.start()
    except RuntimeError:  # there are too many: this one does it, without hurry
        call(*args)
        return None
    return thread
