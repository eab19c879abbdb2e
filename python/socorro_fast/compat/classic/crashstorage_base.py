"""The base class, and what makes any storage of this package one of the original's."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from socorro_fast import base, null
from socorro_fast.compat.classic.backends import BACKENDS, Backend
from socorro_fast.compat.classic.config import ABSENT, Config, as_ours, find
from socorro_fast.compat.classic.dotdict import DotDict, as_crash, as_dotdict
from socorro_fast.compat.classic.redactor import find_redactor
from socorro_fast.compat.classic.required_config import required_config_of
from socorro_fast.dumps import FileDumpsMapping, MemoryDumpsMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_DEFAULTS = {"ack": "advance", "codec": "json"}
_PACKAGE = __name__.partition(".")[0]
_HERE = __name__.rpartition(".")[0]


class CrashStorageBase(base.CrashStorageBase):
    """A storage with the original's constructor and results.

    It comes before a storage of this package among the bases of a class, or alone below a storage
    of your own. Options are found on the configuration by their names; the defaults are
    `ack="advance"` and `codec="json"`, where a storage has these. Crashes are returned as
    `DotDict`.

    Args:
        config: Has the options as keys or attributes: a DotDict, a mapping, a namespace of
            argparse, ...
        namespace: What `config` is called in the configuration it is from; or the callback, which
            stood here until 2018.
        quit_check_callback: Called inside long loops; what it raises ends them. Default: none.
        **options: Options that go over those of `config`.

    Raises:
        ConfigurationError: An option is unknown, missing or wrong, or a driver is not installed.

    Attributes:
        config: The configuration, with attributes and keys, and the defaults of the options.
        namespace: As given.
        logger: That of the configuration, else one named like the module of the class.
    """

    classic_defaults: ClassVar[Mapping[str, Any]] = {}
    """Defaults of options that differ from those of the storage."""
    classic_names: ClassVar[Mapping[str, str]] = {}
    """What options of the storage are called in configurations, where that differs."""
    classic_unset: ClassVar[Mapping[str, Any]] = {}
    """Values of options that mean nothing in configurations."""

    def __init__(
        self,
        config: Any = None,
        namespace: str | Callable[[], object] | None = "",
        quit_check_callback: Callable[[], object] | None = None,
        **options: Any,
    ) -> None:
        if callable(namespace):
            quit_check_callback = namespace
        self.namespace = namespace if isinstance(namespace, str) else ""
        found = self._find_options(config, quit_check_callback, options)
        super().__init__(quit_check_callback=quit_check_callback, **found)
        self.config = Config(config, options=self.options)
        self.logger = self.config.get("logger") or logging.getLogger(type(self).__module__)

    def _find_options(
        self, config: Any, quit_check_callback: Any, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options that `config` and `given` have; a container makes its members here."""
        del quit_check_callback
        return self._default_options() | self._named_options(config) | dict(given)

    @classmethod
    def _default_options(cls) -> dict[str, Any]:
        known = cls.Options.model_fields
        general = {name: value for name, value in _DEFAULTS.items() if name in known}
        return general | dict(cls.classic_defaults)

    @classmethod
    def _named_options(cls, config: Any) -> dict[str, Any]:
        names = {name: cls.classic_names.get(name, name) for name in cls.Options.model_fields}
        found = {name: find(config, path) for name, path in names.items()}
        found |= {"redactor": find_redactor(config)} if found["redactor"] is ABSENT else {}
        return {
            name: as_ours(value)
            for name, value in found.items()
            if value is not ABSENT and value != cls.classic_unset.get(name, ABSENT)
        }

    @classmethod
    def _not_read(cls) -> frozenset[str]:
        return frozenset()

    @classmethod
    def from_config(
        cls, config: object, quit_check_callback: Callable[[], object] | None = None
    ) -> Self:
        """Construct a storage, as calling the class does."""
        return cls(config, quit_check_callback=quit_check_callback)

    @classmethod
    def get_required_config(cls) -> Any:
        """Return the options as a configman `Namespace`, with those that subclasses declare.

        Raises:
            ConfigurationError: configman cannot be imported.
        """
        return required_config_of(cls)

    def is_mutator(self) -> bool:
        """Return whether this storage changes what it is given to save; here: False."""
        return any(isinstance(m, CrashStorageBase) and m.is_mutator() for m in self.members)

    def save_raw_crash(
        self, raw_crash: Mapping[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash and its dumps, and queue it; any mapping is a crash."""
        super().save_raw_crash(as_crash(raw_crash), dumps, crash_id)

    def save_raw_crash_with_file_dumps(
        self, raw_crash: Mapping[str, Any], dumps: Mapping[str, Any] | None, crash_id: str
    ) -> None:
        """Save a raw crash whose dumps are files: name -> path.

        A `save_raw_crash` of your own, here or in a member, gets them as a `MemoryDumpsMapping`.

        Raises:
            StorageIOError: A file cannot be read.
        """
        files = None if dumps is None else FileDumpsMapping(dumps)
        if files is None or _takes_files(self):
            self.save_raw_crash(raw_crash, files, crash_id)
        else:
            self.save_raw_crash(raw_crash, files.as_memory_dumps_mapping(), crash_id)

    def save_processed(self, processed_crash: Mapping[str, Any]) -> None:
        """Save a processed crash under its `uuid`, else its `crash_id`; any mapping is one."""
        super().save_processed(as_crash(processed_crash))

    def save_raw_and_processed(
        self,
        raw_crash: Mapping[str, Any],
        dumps: Mapping[str, Any] | None,
        processed_crash: Mapping[str, Any],
        crash_id: str,
    ) -> None:
        """Save both, the raw crash first. Unlike `save_raw_crash`, this never queues the crash."""
        raw, processed = as_crash(raw_crash), as_crash(processed_crash)
        super().save_raw_and_processed(raw, dumps, processed, crash_id)

    def get_raw_crash(self, crash_id: str) -> DotDict:
        """Return the annotations of a crash."""
        return cast("DotDict", as_dotdict(super().get_raw_crash(crash_id)))

    def get_unredacted_processed(self, crash_id: str) -> DotDict:
        """Return all of a processed crash."""
        return cast("DotDict", as_dotdict(super().get_unredacted_processed(crash_id)))

    def get_processed(self, crash_id: str) -> DotDict:
        """Return a processed crash without what the redactor forbids."""
        return cast("DotDict", as_dotdict(super().get_processed(crash_id)))

    def get_many(self, crash_ids: Iterable[str]) -> list[Any]:
        """Return raw crashes, each a `DotDict` or the error, in order."""
        return [as_dotdict(each) for each in super().get_many(crash_ids)]

    def _overrides(self, name: str) -> bool:
        # What stands above only translates: it is no operation that the storage has.
        owner = next(c for c in type(self).__mro__ if c is not CrashStorageBase and name in vars(c))
        return owner is not base.CrashStorageBase


def _takes_files(storage: base.CrashStorageBase) -> bool:
    owner = next(c for c in type(storage).__mro__ if "save_raw_crash" in vars(c))
    return owner.__module__.partition(".")[0] == _PACKAGE and all(
        map(_takes_files, storage.members)
    )


def adapted(native: type[base.CrashStorageBase]) -> type[CrashStorageBase]:
    """Return a storage class of this package with the original's constructor and results."""
    if issubclass(native, CrashStorageBase):
        return native
    if native not in _ADAPTED and native.__name__ not in BACKENDS:
        known: Any = getattr(import_module(_HERE), native.__name__, None)
        if isinstance(known, type) and issubclass(known, native):
            return cast("type[CrashStorageBase]", known)
    if native not in _ADAPTED:
        backend = BACKENDS.get(native.__name__, Backend(""))
        before, own = CrashStorageBase, dict[str, Any]()
        if native.is_container:
            before, own = import_module(f"{_HERE}.container_base").base_for(native)
        members = own | {
            "__module__": __name__,
            "__doc__": native.__doc__,
            "classic_defaults": backend.defaults,
            "classic_names": backend.names,
            "classic_unset": backend.unset,
        }
        _ADAPTED.setdefault(native, type(native.__name__, (before, native), members))
    return _ADAPTED[native]


_ADAPTED: dict[type[base.CrashStorageBase], type[CrashStorageBase]] = {}


class NullCrashStorage(CrashStorageBase, null.NullCrashStorage):
    """Accepts every crash, keeps none, and finds every crash to be empty."""


__all__ = [
    "CrashStorageBase",
    "FileDumpsMapping",
    "MemoryDumpsMapping",
    "NullCrashStorage",
    "adapted",
]
