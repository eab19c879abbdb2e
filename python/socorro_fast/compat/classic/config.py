"""Finding options on configurations of any kind, and the classes that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from socorro_fast.compat.classic.dotdict import MissingKey
from socorro_fast.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from socorro_fast.options import StorageOptions

ABSENT: Any = object()
"""What `look_up` returns where there is nothing."""

_HERE = __name__.rpartition(".")[0]
_THEIR_CLASS = re.compile(r"socorro(\.\w+)+\.[A-Z]\w*", re.ASCII)


class Config:
    """A configuration with attributes and keys, whatever it was: what storages have as `config`.

    What it does not have is an option's value, and where there is no such option, looked up in the
    configuration that this one is a namespace of. Setting goes to the configuration itself.

    Args:
        source: A mapping, or anything with attributes; None for nothing.
        parent: The configuration that it is a namespace of.
        options: The options of the storage, which have the defaults.
    """

    def __init__(
        self, source: Any, parent: Any = None, options: StorageOptions | None = None
    ) -> None:
        # A namespace says of itself where it falls back.
        parent = source if isinstance(source, Config) and parent is None else parent
        vars(self).update(_source=source, _parent=parent, _options=options)

    @property
    def source(self) -> Any:
        """The configuration as it was given."""
        return self._source

    def local(self, name: str) -> Any:
        """Return what the configuration itself has, or `ABSENT`."""
        if self._source is None:
            return vars(self).get(name, ABSENT)
        found = look_up(self._source, name)
        return Config(found, self) if type(found) is dict else found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        found = self.local(name)
        if found is ABSENT:
            found = getattr(self._options, name, ABSENT)
        if found is ABSENT:
            found = _look_up_from(self._parent, name)
        if found is ABSENT:
            raise MissingKey(name)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        source = self._source
        if source is None:
            vars(self)[name] = value
        elif isinstance(source, Mapping):
            source[name] = value  # type: ignore[index] # one that cannot be set says so itself
        else:
            setattr(source, name, value)

    __setitem__ = __setattr__

    def __getitem__(self, name: str) -> Any:
        found: Any = self
        for step in name.split("."):
            found = look_up(found, step) if found is not self else getattr(self, step)
            if found is ABSENT:
                raise MissingKey(name)
        return found

    def __contains__(self, name: str) -> bool:
        return self.get(name, ABSENT) is not ABSENT

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, dotted or not, or `default`."""
        try:
            return self[name]
        except KeyError:
            return default


def look_up(config: Any, name: str) -> Any:
    """Return what `config` itself has by that name, as a key or an attribute, or `ABSENT`."""
    if isinstance(config, Config):
        return config.local(name)
    try:
        return config[name] if isinstance(config, Mapping) else getattr(config, name)
    except (KeyError, AttributeError):
        return ABSENT


def _look_up_from(config: Any, name: str) -> Any:
    return getattr(config, name, ABSENT) if isinstance(config, Config) else look_up(config, name)


def find(config: Any, path: str) -> Any:
    """Return what stands at a dotted path, or `ABSENT`. None counts as nothing."""
    for step in path.split("."):
        config = look_up(config, step)
        if config is ABSENT or config is None:
            return ABSENT
    return config


def namespace_in(config: Any, path: str) -> Config:
    """Return the namespace at a dotted path, which falls back on `config`; '' is all of it."""
    own = find(config, path) if path else config
    return Config(None if own is ABSENT else own, config)


def find_own(config: Any, path: str) -> Any:
    """Return what `find` does, but nothing that a configuration has from the one above it.

    configman's look there for what they do not have. A storage whose class is not named would be
    made of the class that it is in, for ever.
    """
    *above, name = path.split(".")
    owner = find(config, ".".join(above)) if above else config
    source = owner
    while isinstance(source, Config):
        source = source.source
    if isinstance(source, Mapping) and name not in list(source):
        return ABSENT
    return find(owner, name)


def names_in(value: Any) -> list[Any]:
    """Return the items of a comma list, or of a list."""
    if isinstance(value, str):
        return [name for name in (part.strip() for part in value.split(",")) if name]
    return list(value)


def as_ours(value: Any) -> Any:
    """Return the last name of a dotted path in the original, by which options know its classes."""
    # Names of queues begin so too; those of classes have a capital.
    is_class = isinstance(value, str) and re.fullmatch(
        r"socorro(\.\w+)+\.[A-Z]\w*", value, re.ASCII
    )
    return value.rpartition(".")[2] if is_class else value


def class_named(value: Any) -> Any:
    """Return a class by its dotted path; a class as it is.

    The paths of the original lead to the classes of this package, as names without a dot do.

    Raises:
        ConfigurationError: There is no such class.
    """
    if not isinstance(value, str):
        return value
    module, _dot, name = as_ours(value).rpartition(".")
    try:
        return getattr(import_module(module or _HERE), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"cannot import class {shown(value)}: {error}") from error
