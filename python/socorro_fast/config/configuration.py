"""Configurations: checked whole, then opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socorro_fast.config.classes import find_class
from socorro_fast.config.families import refuse_mixed
from socorro_fast.config.plan import Plan
from socorro_fast.config.tables import at, copied, no_such, override, read, table
from socorro_fast.containers.base import ContainerBase
from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from socorro_fast.base import CrashStorageBase

_SECTIONS = ("storage", "storages", "apps")


class Configuration:
    """A checked configuration: what can be opened, by name.

    Args:
        source: A dict, or the path of a `.toml` or `.json` file.
        environment: Variables that go over it; default: those of the process.
        drivers: Whether a storage whose driver is not installed is refused now, or when opened.

    Raises:
        ConfigurationError: The file cannot be read, or anything in it is wrong.

    Attributes:
        storage: The plan of `storage`, or of a configuration that is a storage itself.
        storages: The plans of `storages`, by name.
        apps: The plan of each of `apps` that has a `storage`, by name.
        from_environment: The variables that were used, by the path of what they set.
    """

    def __init__(
        self,
        source: Mapping[str, Any] | str | os.PathLike[str],
        environment: Mapping[str, str] | None = None,
        *,
        drivers: bool = True,
    ) -> None:
        self._drivers = drivers
        self.storage: Plan | None = None
        self.storages: dict[str, Plan] = {}
        self.apps: dict[str, Plan] = {}
        try:
            self._tables = copied(source) if isinstance(source, Mapping) else read(_path(source))
            self.from_environment = self._override(
                os.environ if environment is None else environment
            )
            self._plan_all()
        except RecursionError:
            raise ConfigurationError("the configuration is nested too deep") from None
        refuse_mixed(each for plan in self.plans.values() for each in plan.within())

    @property
    def plans(self) -> dict[str, Plan]:
        """All plans by path: "storages.disk", "apps.mover.storage", "storage"; "" for one alone."""
        plans = {f"storages.{name}": plan for name, plan in self.storages.items()}
        plans |= {f"apps.{name}.storage": plan for name, plan in self.apps.items()}
        if self.storage is not None:
            plans["" if "class" in self._tables else "storage"] = self.storage
        return plans

    def _override(self, environment: Mapping[str, str]) -> dict[str, str]:
        known: Iterable[str] = _SECTIONS
        if isinstance(self._tables.get("class"), str):
            known = find_class(self._tables["class"]).Options.model_fields
        return override(self._tables, environment, known)

    def _plan_all(self) -> None:
        tables = self._tables
        if "class" in tables:
            self.storage = self._plan("", tables, ())
            return
        refuse_unknown(tables, _SECTIONS, "a configuration")
        named = table("storages", tables.get("storages", {}))
        for name in named:
            self._named_plan("storages", name, ())
        self.storages = {name: self.storages[name] for name in named}
        for name, app in table("apps", tables.get("apps", {})).items():
            path = f"apps.{name}"
            refuse_unknown(table(path, app), ("storage",), path)
            if "storage" in app:
                self.apps[name] = self._member(f"{path}.storage", app["storage"], ())
        if "storage" in tables:
            self.storage = self._member("storage", tables["storage"], ())

    def _member(self, path: str, value: object, above: tuple[str, ...]) -> Plan:
        if isinstance(value, str):
            return self._named_plan(path, value, above)
        return self._plan(path, table(path, value), above)

    def _named_plan(self, path: str, name: str, above: tuple[str, ...]) -> Plan:
        if name in above:
            ring = " -> ".join([*above[above.index(name) :], name])
            raise ConfigurationError(at(path, f"a storage cannot be its own member: {ring}"))
        if name not in self.storages:
            known = table("storages", self._tables.get("storages", {}))
            if name not in known:
                raise ConfigurationError(at(path, no_such("storage", name, known)))
            here = f"storages.{name}"
            plan = self._plan(here, table(here, known[name]), (*above, name))
            plan.name = name
            self.storages[name] = plan
        return self.storages[name]

    def _plan(self, path: str, tables: dict[str, Any], above: tuple[str, ...]) -> Plan:
        if not isinstance(tables.get("class"), str):
            given = f", not {shown(tables['class'])}" if "class" in tables else ""
            why = f"a storage needs a class, such as 'FSRadixTreeStorage'{given}"
            raise ConfigurationError(at(path, f"{why}{self._hint(path)}"))
        try:
            storage_class = find_class(tables["class"])
        except ConfigurationError as error:
            raise ConfigurationError(at(path, str(error))) from error
        plan = Plan(path, storage_class, {k: v for k, v in tables.items() if k != "class"})
        if issubclass(storage_class, ContainerBase):
            for option in storage_class.member_options:
                if option in plan.values:
                    here = f"{path}.{option}".lstrip(".")
                    plan.members[option] = self._members(here, plan.values.pop(option), above)
        self._check(plan)
        return plan

    def _check(self, plan: Plan) -> None:
        try:
            plan.check(drivers=self._drivers)
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}{self._hint(plan.path)}") from None

    def _hint(self, place: str) -> str:
        used = self.from_environment.items()
        mine = [name for path, name in used if path.rpartition(".")[0] == place]
        return f" (set in the environment: {', '.join(mine)})" if mine else ""

    def _members(self, path: str, value: object, above: tuple[str, ...]) -> Plan | dict[str, Plan]:
        if isinstance(value, list | tuple):
            value = {str(number): each for number, each in enumerate(value)}
        if isinstance(value, dict) and "class" not in value:
            return {name: self._member(f"{path}.{name}", it, above) for name, it in value.items()}
        return self._member(path, value, above)

    def open(
        self, app: str | None = None, *, quit_check_callback: Callable[[], object] | None = None
    ) -> CrashStorageBase:
        """Open the storage of the configuration, or that of one of its apps.

        Without a `storage`, an only one of `storages` is meant.

        Raises:
            ConfigurationError: There is no such storage, or it refuses its options.
            CrashStorageError: It could not be opened; what was opened before it is closed again.
        """
        opened: dict[int, CrashStorageBase] = {}
        try:
            return self._chosen(app).open(opened, quit_check_callback)
        except BaseException as error:
            for note in _closed(reversed(opened.values())):
                error.add_note(note)
            raise

    def _chosen(self, app: str | None) -> Plan:
        if app is not None:
            if app not in self.apps:
                raise ConfigurationError(no_such("app with a storage", app, self.apps))
            return self.apps[app]
        if self.storage is not None:
            return self.storage
        if len(self.plans) == 1:
            return next(iter(self.plans.values()))
        raise ConfigurationError("the configuration does not say which 'storage' to open")


def open_storage(
    config: Mapping[str, Any] | str | os.PathLike[str],
    *,
    app: str | None = None,
    quit_check_callback: Callable[[], object] | None = None,
) -> CrashStorageBase:
    """Open the storage that a configuration describes.

    Args:
        config: A dict, or the path of a `.toml` or `.json` file; see `socorro_fast.config`.
        app: Open the storage of this one of its `apps`.
        quit_check_callback: What every storage in it calls inside long loops. Default: none.

    Raises:
        ConfigurationError: Anything in the configuration is wrong; nothing was opened.
        CrashStorageError: A storage could not be opened.
    """
    return Configuration(config).open(app, quit_check_callback=quit_check_callback)


def _path(source: object) -> Path:
    if isinstance(source, str | os.PathLike):
        return Path(source)
    raise ConfigurationError(f"a configuration is a dict or a path, not {shown(source)}")


def _closed(storages: Iterable[CrashStorageBase]) -> Iterator[str]:
    """Close `storages`; yield what to say of those that failed."""
    for each in storages:
        try:
            each.close()
        except Exception as error:  # noqa: BLE001 - why it was not opened is what the caller must see
            yield f"closing {each!r} failed as well: {error!r}"
