"""Storages from TOML, JSON or a dict: compositions that are checked whole before any is opened.

A configuration is a table. Either it is a storage itself, a `class` with its options, or it has

- `storages`: storages by name;
- `storage`: the one to open, a table or the name of one of `storages`;
- `apps`: tables by name, each with a `storage` of its own.

Where a container takes a member, a table makes a new storage, and a text names one of `storages`;
what is named twice is opened once. Environment variables go over all of it:
`SOCORRO_FAST_STORAGE__FS_ROOT` is the `fs_root` of `storage`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import socorro_fast
from socorro_fast.base import CrashStorageBase
from socorro_fast.containers.base import ContainerBase
from socorro_fast.drivers import check_drivers
from socorro_fast.errors import ConfigurationError, shown
from socorro_fast.null import NullCrashStorage
from socorro_fast.options import ENV_PREFIX, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SECTIONS = ("storage", "storages", "apps")
_FAMILIES = {"leaf": "a directory for each crash", "legacy": "crashes sharing directories"}


@dataclass
class Plan:
    """A storage that is to be opened: its class, its options, and the plans of its members.

    Attributes:
        path: Where in the configuration it stands: "storages.disk".
        storage_class: The class to construct.
        values: The options that are not members.
        members: Plans by option; of several: by name.
    """

    path: str
    storage_class: type[CrashStorageBase]
    values: dict[str, Any]
    members: dict[str, Plan | dict[str, Plan]] = field(default_factory=dict)

    def within(self) -> Iterator[Plan]:
        """Yield this plan and those of all members below it."""
        yield self
        for member in self.members.values():
            for each in member.values() if isinstance(member, dict) else [member]:
                yield from each.within()

    def check(self) -> None:
        """Validate the options without opening anything.

        Raises:
            ConfigurationError: Naming the path and every option that is wrong.
        """
        stand_in = NullCrashStorage()
        values = self.values | {
            name: _each(plan, lambda _: stand_in) for name, plan in self.members.items()
        }
        try:
            check_drivers(self.storage_class)
            self.storage_class.Options.build(self.storage_class.__name__, values)
        except ConfigurationError as error:
            raise ConfigurationError(_at(self.path, str(error))) from None

    def open(self, opened: dict[int, CrashStorageBase]) -> CrashStorageBase:
        """Open the members and then the storage; `opened` has what is open already, by plan."""
        if id(self) not in opened:
            members = {
                name: _each(plan, lambda it: it.open(opened)) for name, plan in self.members.items()
            }
            opened[id(self)] = self.storage_class(**self.values, **members)
        return opened[id(self)]


class Configuration:
    """A checked configuration: what can be opened, by name.

    Args:
        source: A dict, or the path of a `.toml` or `.json` file.
        environment: Variables that go over it; default: those of the process.

    Raises:
        ConfigurationError: The file cannot be read, or anything in it is wrong.

    Attributes:
        plans: Plans by path, in the order of the configuration: "storage", "storages.disk",
            "apps.mover.storage"; "" for a configuration that is a storage itself.
    """

    def __init__(
        self,
        source: Mapping[str, Any] | str | os.PathLike[str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._tables = _copied(source) if isinstance(source, Mapping) else _read(Path(source))
        _override(self._tables, os.environ if environment is None else environment)
        self._named: dict[str, Plan] = {}
        self.plans = self._planned()
        _refuse_mixed([each for plan in self.plans.values() for each in plan.within()])

    def _planned(self) -> dict[str, Plan]:
        tables = self._tables
        if "class" in tables:
            return {"": self._plan("", tables, ())}
        refuse_unknown(tables, _SECTIONS, "a configuration")
        plans = {}
        for name in _table("storages", tables.get("storages", {})):
            plans[f"storages.{name}"] = self._named_plan("storages", name, ())
        for name, app in _table("apps", tables.get("apps", {})).items():
            path = f"apps.{name}"
            refuse_unknown(_table(path, app), ("storage",), path)
            if "storage" in app:
                plans[f"{path}.storage"] = self._member(f"{path}.storage", app["storage"], ())
        if "storage" in tables:
            plans["storage"] = self._member("storage", tables["storage"], ())
        return plans

    def _member(self, path: str, value: object, above: tuple[str, ...]) -> Plan:
        if isinstance(value, str):
            return self._named_plan(path, value, above)
        return self._plan(path, _table(path, value), above)

    def _named_plan(self, path: str, name: str, above: tuple[str, ...]) -> Plan:
        if name in above:
            ring = " -> ".join([*above[above.index(name) :], name])
            raise ConfigurationError(_at(path, f"a storage cannot be its own member: {ring}"))
        if name not in self._named:
            known = _table("storages", self._tables.get("storages", {}))
            if name not in known:
                raise ConfigurationError(_at(path, _no_such("storage", name, known)))
            here = f"storages.{name}"
            self._named[name] = self._plan(here, _table(here, known[name]), (*above, name))
        return self._named[name]

    def _plan(self, path: str, table: dict[str, Any], above: tuple[str, ...]) -> Plan:
        if not isinstance(table.get("class"), str):
            raise ConfigurationError(
                _at(path, "a storage needs a class, such as 'FSRadixTreeStorage'")
            )
        try:
            storage_class = find_class(table["class"])
        except ConfigurationError as error:
            raise ConfigurationError(_at(path, str(error))) from error
        plan = Plan(path, storage_class, {k: v for k, v in table.items() if k != "class"})
        if issubclass(storage_class, ContainerBase):
            for option in storage_class.member_options:
                if option in plan.values:
                    here = f"{path}.{option}".lstrip(".")
                    plan.members[option] = self._members(here, plan.values.pop(option), above)
        plan.check()
        return plan

    def _members(self, path: str, value: object, above: tuple[str, ...]) -> Plan | dict[str, Plan]:
        if isinstance(value, list):
            value = {str(number): each for number, each in enumerate(value)}
        if isinstance(value, dict) and "class" not in value:
            return {name: self._member(f"{path}.{name}", it, above) for name, it in value.items()}
        return self._member(path, value, above)

    def open(self, app: str | None = None) -> CrashStorageBase:
        """Open the storage of the configuration, or that of one of its apps.

        Without a `storage`, an only one of `storages` is meant.

        Raises:
            ConfigurationError: There is no such storage, or it refuses its options.
            CrashStorageError: It could not be opened; what was opened before it is closed again.
        """
        opened: dict[int, CrashStorageBase] = {}
        try:
            return self._chosen(app).open(opened)
        except BaseException:
            for each in reversed(opened.values()):
                each.close()
            raise

    def _chosen(self, app: str | None) -> Plan:
        if app is not None:
            apps = [path.split(".")[1] for path in self.plans if path.startswith("apps.")]
            if app not in apps:
                raise ConfigurationError(_no_such("app with a storage", app, apps))
            return self.plans[f"apps.{app}.storage"]
        for path in ("", "storage"):
            if path in self.plans:
                return self.plans[path]
        if len(self.plans) == 1:
            return next(iter(self.plans.values()))
        raise ConfigurationError("the configuration does not say which 'storage' to open")


def open_storage(
    config: Mapping[str, Any] | str | os.PathLike[str], *, app: str | None = None
) -> CrashStorageBase:
    """Open the storage that a configuration describes.

    Args:
        config: A dict, or the path of a `.toml` or `.json` file; see `socorro_fast.config`.
        app: Open the storage of this one of its `apps`.

    Raises:
        ConfigurationError: Anything in the configuration is wrong; nothing was opened.
        CrashStorageError: A storage could not be opened.
    """
    return Configuration(config).open(app)


def find_class(name: str) -> type[CrashStorageBase]:
    """Return a storage class by a name that `socorro_fast` exports, or by its dotted path.

    Raises:
        ConfigurationError: There is none; the nearest name is in the message.
    """
    module, dot, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module) if dot else socorro_fast, attribute)
    except (ImportError, AttributeError) as error:
        if not dot:
            known = [each for each in socorro_fast.__all__ if each.endswith(("Storage", "Store"))]
            nearest = get_close_matches(name, known, n=1, cutoff=0)
            why = f"no storage class {name!r}; the nearest is {nearest[0]!r}"
            raise ConfigurationError(why) from None
        raise ConfigurationError(f"cannot import storage class {name!r}: {error}") from error
    if isinstance(found, type) and issubclass(found, CrashStorageBase):
        return found
    raise ConfigurationError(f"{name!r} is not a storage class")


def _each(plan: Plan | dict[str, Plan], make: Callable[[Plan], CrashStorageBase]) -> Any:
    if isinstance(plan, dict):
        return {name: make(each) for name, each in plan.items()}
    return make(plan)


def _at(path: str, why: str) -> str:
    return f"{path}: {why}" if path else why


def _no_such(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
    return f"there is no {what} {shown(name)}; {hint}"


def _table(path: str, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ConfigurationError(_at(path, f"a table is wanted, not {shown(value)}"))


def _copied(value: Any) -> Any:
    return (
        {key: _copied(each) for key, each in value.items()} if isinstance(value, Mapping) else value
    )


def _read(path: Path) -> dict[str, Any]:
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise ConfigurationError(f"{str(path)!r} is neither a .toml nor a .json file")
    try:
        return _table(str(path), readers[path.suffix](path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot read {str(path)!r}: {error}") from error


def _override(tables: dict[str, Any], environment: Mapping[str, str]) -> None:
    known: Iterable[str] = _SECTIONS
    if "class" in tables:
        known = find_class(str(tables["class"])).Options.model_fields
    for variable in sorted(environment):
        steps = variable.removeprefix(ENV_PREFIX).lower().split("__")
        if variable.startswith(ENV_PREFIX) and steps[0] in known:
            _put(tables, steps, variable, environment[variable])


def _put(table: Any, steps: list[str], variable: str, value: str) -> None:
    *groups, last = steps
    for step in groups:
        table = table.setdefault(_spelled(table, step), {})
        if not isinstance(table, dict):
            raise ConfigurationError(f"{variable} goes into {step!r}, which is no table")
    table[_spelled(table, last)] = value


def _spelled(table: dict[str, Any], name: str) -> str:
    """Return the key as the table has it: names of variables have no case."""
    return next((key for key in table if key.lower() == name), name)


def _refuse_mixed(plans: list[Plan]) -> None:
    """Two families of radix trees in one directory would each see half of the crashes."""
    seen: dict[str, Plan] = {}
    for plan in plans:
        family = plan.storage_class.tree_family
        if family is None:
            continue
        options = plan.storage_class.Options.build(plan.storage_class.__name__, plan.values)
        other = seen.setdefault(os.path.realpath(getattr(options, "fs_root", "")), plan)
        if other.storage_class.tree_family != family:
            raise ConfigurationError(
                _at(
                    plan.path,
                    f"its fs_root is that of {other.path or 'the other storage'}, a tree ",
                )
                + f"with {_FAMILIES[other.storage_class.tree_family or family]}; "
                f"{plan.storage_class.__name__} has {_FAMILIES[family]}"
            )
