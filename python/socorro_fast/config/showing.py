"""A configuration as it is understood: defaults and the environment in it, secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.config.declared import FROM_PYTHON, Declared, declared
from socorro_fast.config.toml import header, key, plain, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socorro_fast.config.configuration import Configuration
    from socorro_fast.config.plan import Plan


def as_toml(configuration: Configuration) -> str:
    """Return the whole configuration as TOML that says where each value comes from."""
    lines = list(_entries(configuration))
    return "\n".join([*lines[lines[:1] == [""] :], ""])


def as_data(plan: Plan) -> dict[str, Any]:
    """Return a storage with all its options, as data for JSON; dates and the like are text."""
    members = {
        option: {name: as_data(each) for name, each in member.items()}
        if isinstance(member, dict)
        else as_data(member)
        for option, member in plan.members.items()
    }
    options = {
        option.name: _jsonable(_value(plan, option.name))
        for option in declared(plan.storage_class)
        if option.name not in members
    }
    return {"class": _class_name(plan), "path": plan.path, "options": options, "members": members}


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _jsonable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_jsonable(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _entries(configuration: Configuration) -> Iterator[str]:
    main = configuration.storage
    if main is not None and main.name is not None:
        # A key of the top: it must come before the first table.
        yield f"storage = {written(main.name)}"
    elif main is not None:
        yield from _storage(configuration, ("storage",) if main.path else (), main)
    for name, plan in configuration.storages.items():
        yield from _storage(configuration, ("storages", name), plan)
    for name, plan in configuration.apps.items():
        if plan.name is not None:
            yield from ["", header("apps", name), f"storage = {written(plan.name)}"]
        else:
            yield from _storage(configuration, ("apps", name, "storage"), plan)


def _storage(configuration: Configuration, steps: tuple[str, ...], plan: Plan) -> Iterator[str]:
    yield from ["", header(*steps)] if steps else []
    yield f"class = {written(_class_name(plan))}"
    below: list[tuple[tuple[str, ...], Plan]] = []
    tables: list[tuple[tuple[str, ...], list[str]]] = []
    for option, member in plan.members.items():
        if not isinstance(member, dict):
            yield from _member(option, member, (*steps, option), below)
            continue
        lines: list[str] = []
        for name, one in member.items():
            lines += _member(name, one, (*steps, option, name), below)
        tables.append(((*steps, option), lines))
    for each in declared(plan.storage_class):
        if each.name not in plan.members:
            yield _option(configuration, plan, each)
    for table_steps, lines in tables:
        yield from ["", header(*table_steps), *lines]
    for member_steps, member_plan in below:
        yield from _storage(configuration, member_steps, member_plan)


def _member(
    name: str, plan: Plan, steps: tuple[str, ...], below: list[tuple[tuple[str, ...], Plan]]
) -> list[str]:
    if plan.name is not None:
        return [f"{key(name)} = {written(plan.name)}"]
    below.append((steps, plan))
    return []


def _option(configuration: Configuration, plan: Plan, option: Declared) -> str:
    value = _value(plan, option.name)
    if value is None:
        why = FROM_PYTHON if option.kind == FROM_PYTHON else "not set"
        return f"# {option.name}: {why}"
    line = f"{option.name} = {written(value, octal=option.octal)}"
    start = f"{plan.path}.".lstrip(".") + option.name
    used = configuration.from_environment.items()
    origins = [name for path, name in used if path == start or path.startswith(f"{start}.")]
    if origins:
        return f"{line}  # from {', '.join(origins)}"
    return line if option.name in plan.values else f"{line}  # default"


def _value(plan: Plan, option: str) -> Any:
    value = plain(getattr(plan.options, option))
    # What became an object of some other kind is shown as it was given.
    return plain(plan.values.get(option)) if value is None else value


def _class_name(plan: Plan) -> str:
    found = plan.storage_class
    ours = found.__module__.partition(".")[0] == __name__.partition(".")[0]
    return found.__name__ if ours else f"{found.__module__}.{found.__name__}"
