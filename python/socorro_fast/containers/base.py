"""What all containers share: they are storages made of storages."""

from __future__ import annotations

import heapq
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.base import CrashStorageBase
from socorro_fast.checks import (
    check_crash_id,
    check_dump_names,
    check_same_crash,
    processed_crash_id,
)
from socorro_fast.containers.failures import MISTAKES, SOFT, attempt, group, verdict
from socorro_fast.containers.handed_out import HandedOut
from socorro_fast.containers.options import ContainerOptions
from socorro_fast.errors import CrashStorageError
from socorro_fast.operations import OPERATIONS, QUEUE, REMOVALS, SAVES, with_derived

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from socorro_fast.containers.failures import Failure
    from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping

logger = logging.getLogger(__name__)


class ContainerBase(CrashStorageBase):
    """A storage made of storages, its members, which it closes when it is closed.

    A subclass names the options that hold members in `member_options`, each one storage or several
    (`Members`), and says in `_save` which member a crash goes to. Here, reads ask the members in
    their order until one has the answer, removals go to all, and the queue is that of all.

    Attributes:
        member_options: The options that hold members.
        roles: The members by role: the name of an option, or `option.name` for one of several.
    """

    Options: ClassVar[type[ContainerOptions]] = ContainerOptions
    options: ContainerOptions
    is_container: ClassVar[bool] = True
    member_options: ClassVar[tuple[str, ...]] = ()

    roles: dict[str, CrashStorageBase]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.roles = dict(self._named_members())
        self.members = tuple(self.roles.values())
        self._asked = self.roles
        # One that saves nothing has nothing to remove, though it may say that it did.
        self._keepers = {
            role: each for role, each in self.roles.items() if each.capabilities & SAVES
        }
        self.exceptions_eligible_for_retry = tuple(
            {each for member in self.members for each in member.exceptions_eligible_for_retry}
        )
        own = (each for each in self.exceptions_eligible_for_retry if issubclass(each, Exception))
        self._excused: tuple[type[Exception], ...] = (CrashStorageError, OSError, *own)
        self._handed_out = HandedOut(self._with("new_crashes", self._queues()))

    @property
    def _asked(self) -> dict[str, CrashStorageBase]:
        return dict(self._reading)

    @_asked.setter
    def _asked(self, roles: dict[str, CrashStorageBase]) -> None:
        self._reading = tuple(roles.items())

    def _named_members(self) -> Iterator[tuple[str, CrashStorageBase]]:
        for option in self.member_options:
            value = getattr(self.options, option)
            if isinstance(value, dict):
                yield from ((f"{option}.{name}", member) for name, member in value.items())
            else:
                yield option, value

    def _queues(self) -> dict[str, CrashStorageBase]:
        """Return the members whose queues are drained, in that order."""
        return self.roles

    @staticmethod
    def _with(operation: str, roles: Mapping[str, CrashStorageBase]) -> dict[str, CrashStorageBase]:
        return {role: each for role, each in roles.items() if operation in each.capabilities}

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must say where {operation} goes")

    def save_raw_crash(
        self, raw_crash: dict[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps, and queue it, where this container puts it."""
        self._save("save_raw_crash", crash_id, raw_crash, dumps, crash_id)

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a processed crash where this container puts it."""
        self._save("save_processed", processed_crash_id(processed_crash), processed_crash)

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save both where this container puts them, without queueing the crash."""
        check_same_crash(processed_crash, crash_id)
        args = (raw_crash, dumps, processed_crash, crash_id)
        self._save("save_raw_and_processed", crash_id, *args)

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        if self._closed:
            self._check_open()
        failures: list[Failure] = []
        for role, member in self._reading:
            try:
                call = getattr(member, operation)
                return call(crash_id, *args) if args else call(crash_id)
            except MISTAKES:
                raise
            except self._excused as error:
                failures.append((role, error))
                if not isinstance(error, SOFT):
                    logger.warning("%s of %s in %s: %s", operation, crash_id, role, error)
        check_crash_id(crash_id)
        raise verdict(f"{operation} of {crash_id}", failures) or self._unsupported(operation)

    def get_raw_crash(self, crash_id: str) -> dict[str, Any]:
        """Return the annotations of a crash, from the member that has it."""
        raw_crash: dict[str, Any] = self._read("get_raw_crash", crash_id)
        return raw_crash

    def get_raw_crash_bytes(self, crash_id: str) -> bytes:
        """Return the annotations of a crash as JSON, from the member that has it."""
        data: bytes = self._read("get_raw_crash_bytes", crash_id)
        return data

    def get_raw_dump(self, crash_id: str, name: str | None = None) -> bytes:
        """Return one dump, from the member that has it; None and '' mean the main dump."""
        dump: bytes = self._read("get_raw_dump", crash_id, name)
        return dump

    def get_raw_dumps(
        self, crash_id: str, names: Iterable[str | None] | None = None
    ) -> MemoryDumpsMapping:
        """Return the dumps of a crash, from the member that has them: all, or those named."""
        wanted = check_dump_names(names)
        dumps: MemoryDumpsMapping = self._read("get_raw_dumps", crash_id, wanted)
        return dumps

    def get_raw_dumps_as_files(self, crash_id: str) -> FileDumpsMapping:
        """Return the dumps of a crash as paths, from the member that has them, which owns them."""
        dumps: FileDumpsMapping = self._read("get_raw_dumps_as_files", crash_id)
        return dumps

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return all of a processed crash, from the member that has it."""
        processed_crash: dict[str, Any] = self._read("get_unredacted_processed", crash_id)
        return processed_crash

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return all of a processed crash as JSON, from the member that has it."""
        data: bytes = self._read("get_unredacted_processed_bytes", crash_id)
        return data

    def get_processed(self, crash_id: str) -> dict[str, Any]:
        """Return a processed crash without what its storage or this container forbids."""
        processed_crash: dict[str, Any] = self._read("get_processed", crash_id)
        self.redactor.redact(processed_crash)
        return processed_crash

    def remove(self, crash_id: str) -> None:
        """Remove a crash from every member that has it.

        Raises:
            CrashIDNotFound: No member has it.
            CrashStorageError: A member failed; the others have removed it.
        """
        self._check_open()
        check_crash_id(crash_id)
        failures: list[Failure] = []
        for role, member in self._keepers.items():
            try:
                member.remove(crash_id)
            except Exception as error:  # noqa: BLE001 - kept, and raised when all had a turn
                failures.append((role, error))
        if len(failures) < len(self._keepers):
            failures = [each for each in failures if not isinstance(each[1], SOFT)]
            if not failures:
                return
        raise verdict(f"remove of {crash_id}", failures) or self._unsupported("remove")

    def list_crashes(self, date: dt.date | None = None) -> Iterator[str]:
        """Yield the IDs that any member has a raw crash of, dates ascending, each once.

        What remembers which were there already is as big as a day.

        Raises:
            OperationNotSupported: No member can list.
        """
        self._check_open()
        listing = self._with("list_crashes", self._asked)
        if not listing:
            raise self._unsupported("list_crashes")
        return self._merged([each.list_crashes(date) for each in listing.values()])

    def _merged(self, listings: list[Iterator[str]]) -> Iterator[str]:
        day, seen = "", set[str]()
        for crash_id in heapq.merge(*listings, key=_day_and_id):
            if crash_id[-6:] != day:
                day = crash_id[-6:]
                seen.clear()
            if crash_id not in seen:
                self.quit_check()
                seen.add(crash_id)
                yield crash_id

    def new_crashes(self) -> Iterator[str]:
        """Yield the queued crashes of every member, one member after the other.

        Raises:
            CrashStorageError: When all had their turn: a member failed.
        """
        self._check_open()
        return self._new_crashes()

    def _new_crashes(self) -> Iterator[str]:
        failures: list[Failure] = []
        yield from self._handed_out.walk(self._check_walk, failures)
        if failures:
            raise verdict("new_crashes", failures) or self._unsupported("new_crashes")

    def _check_walk(self) -> None:
        self.quit_check()
        self._check_open()

    def ack_crash(self, crash_id: str) -> str:
        """Acknowledge a crash to the member that handed it out; return its ID."""
        self._handed_out.give_back("ack_crash", crash_id)
        return crash_id

    def release_crash(self, crash_id: str) -> str:
        """Give a crash back to the member that handed it out; return its ID."""
        self._handed_out.give_back("release_crash", crash_id)
        return crash_id

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of the operations that any member has; of the queue, if it is drained."""
        reads = _offered(self._asked) - SAVES - REMOVALS - QUEUE
        own = (_offered(self.roles) & SAVES) | reads | (_offered(self._keepers) & REMOVALS)
        return with_derived(own | (_offered(self._handed_out.queues) & QUEUE))

    def describe(self) -> str:
        """Draw the tree of this composition: roles, classes, options and capabilities."""
        has = ", ".join(name for name in OPERATIONS if name in self.capabilities) or "nothing"
        lines = [f"{self!r}: {has}"]
        for role, member in self.roles.items():
            first, *more = member.describe().splitlines()
            lines += [f"  {role} = {first}", *(f"  {line}" for line in more)]
        return "\n".join(lines)

    def close(self) -> None:
        """Close every member, also when one of them fails; a second call does nothing.

        Raises:
            PolyCrashStorageError: What each member that failed raised.
        """
        if self._closed:
            return
        super().close()
        failures: list[Failure] = []
        with ExitStack() as rest:  # goes on after what is no Exception, too
            for role, member in reversed(self.roles.items()):
                rest.callback(attempt, role, member.close, failures)
        if failures:
            raise group("close", failures, len(self.members))

    def __repr__(self) -> str:
        members = [f"{role}={type(member).__name__}" for role, member in self.roles.items()]
        others = self.options.model_fields_set - set(self.member_options)
        options = [f"{name}={getattr(self.options, name)!r}" for name in sorted(others)]
        return f"{type(self).__name__}({', '.join(members + options)})"


def _offered(roles: Mapping[str, CrashStorageBase]) -> frozenset[str]:
    return frozenset[str]().union(*(member.capabilities for member in roles.values()))


def _day_and_id(crash_id: str) -> tuple[str, str]:
    return crash_id[-6:], crash_id
