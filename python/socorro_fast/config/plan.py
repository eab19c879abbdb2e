"""A storage that is to be opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socorro_fast.config.tables import at
from socorro_fast.drivers import check_drivers
from socorro_fast.errors import ConfigurationError
from socorro_fast.null import NullCrashStorage
from socorro_fast.options import StorageOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from socorro_fast.base import CrashStorageBase


@dataclass
class Plan:
    """A storage that is to be opened: its class, its options, and the plans of its members.

    Attributes:
        path: Where in the configuration it stands: "storages.disk".
        storage_class: The class to construct.
        values: The options that are not members.
        members: Plans by option; of several: by name.
        name: Its name among `storages`; None for one that stands where it is used.
        options: The options as checked, with stand-ins for the members.
    """

    path: str
    storage_class: type[CrashStorageBase]
    values: dict[str, Any]
    members: dict[str, Plan | dict[str, Plan]] = field(default_factory=dict)
    name: str | None = None
    options: StorageOptions = field(default_factory=StorageOptions)

    @property
    def family(self) -> str | None:
        """The family of trees, if this is one; its name of days belongs to it."""
        family = self.storage_class.tree_family
        return f"{family}, DD" if getattr(self.storage_class, "_day_of_month", False) else family

    def within(self) -> Iterator[Plan]:
        """Yield this plan and those of all members below it."""
        yield self
        for member in self.members.values():
            for each in member.values() if isinstance(member, dict) else [member]:
                yield from each.within()

    def check(self, *, drivers: bool = True) -> None:
        """Validate the options without opening anything or loading a driver.

        Args:
            drivers: Whether to look for the drivers as well.

        Raises:
            ConfigurationError: Naming the path and every option that is wrong.
        """
        stand_in = NullCrashStorage()
        members = {name: _each(plan, lambda _: stand_in) for name, plan in self.members.items()}
        owner = self.storage_class.__name__
        try:
            self.options = self.storage_class.Options.build(owner, self.values | members)
            if drivers:
                check_drivers(self.storage_class)
        except ConfigurationError as error:
            raise ConfigurationError(at(self.path, str(error))) from None

    def open(
        self,
        opened: dict[int, CrashStorageBase],
        quit_check_callback: Callable[[], object] | None = None,
    ) -> CrashStorageBase:
        """Open the members and then the storage; `opened` has what is open already, by plan."""
        if id(self) not in opened:
            members = {
                name: _each(plan, lambda it: it.open(opened, quit_check_callback))
                for name, plan in self.members.items()
            }
            opened[id(self)] = self.storage_class(
                quit_check_callback=quit_check_callback, **self.values, **members
            )
        return opened[id(self)]


def _each(plan: Plan | dict[str, Plan], make: Callable[[Plan], CrashStorageBase]) -> Any:
    if isinstance(plan, dict):
        return {name: make(each) for name, each in plan.items()}
    return make(plan)
