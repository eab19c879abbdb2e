"""What the containers share: members that a configuration names."""

from __future__ import annotations

from contextlib import ExitStack
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

from socorro_fast.base import CrashStorageBase as NativeStorage
from socorro_fast.compat.classic.config import (
    ABSENT,
    Config,
    class_named,
    find_own,
    names_in,
    namespace_in,
)
from socorro_fast.compat.classic.crashstorage_base import CrashStorageBase, adapted
from socorro_fast.compat.classic.dotdict import DotDict
from socorro_fast.compat.classic.poly_storage_error import PolyStorageError
from socorro_fast.errors import ConfigurationError, PolyCrashStorageError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ContainerBase(CrashStorageBase):
    """What the containers share: members from a configuration, failures as `PolyStorageError`.

    Attributes:
        class_options: Where the configuration has the class of each member.
    """

    class_options: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Members that were made are closed again when the container cannot be.
        with ExitStack() as self._opened:
            super().__init__(*args, **kwargs)
            self._opened.pop_all()

    def _find_options(
        self, config: Any, quit_check_callback: Any, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = super()._find_options(config, quit_check_callback, given)
        if config is not None:
            for option, it in self._members_of(config, found, self._opened, quit_check_callback):
                found[option] = it
        return found

    @classmethod
    def _named_options(cls, config: Any) -> dict[str, Any]:
        found = super()._named_options(config)
        return {name: value for name, value in found.items() if name not in cls._not_read()}

    @classmethod
    def _not_read(cls) -> frozenset[str]:
        """Return the options that no configuration has: where it says so, it speaks of members."""
        members: tuple[str, ...] = getattr(cls, "member_options", ())
        return frozenset({*members, "dump_field"})

    def _members_of(
        self, config: Any, found: Mapping[str, Any], opened: ExitStack, quit_check: Any
    ) -> Iterator[tuple[str, Any]]:
        """Yield the members by option, each one entered into `opened` when it is made."""
        for path in self.class_options:
            option, _dot, _name = path.partition(".")
            if option not in found:
                yield option, self._made(config, option, path, opened, quit_check)

    def _made(
        self, config: Any, namespace: str, path: str, opened: ExitStack, quit_check: Any
    ) -> Any:
        named = find_own(config, path)
        if named is ABSENT or named == "":
            raise ConfigurationError(f"{type(self).__name__} needs a class in {path!r}")
        own = namespace_in(config, namespace)
        label = ".".join(name for name in (self.namespace, namespace) if name)
        made = _construct(path, named, own, label, quit_check)
        opened.callback(made.close)
        return made

    def _save(self, operation: str, crash_id: str, *args: Any) -> None:
        try:
            super()._save(operation, crash_id, *args)  # type: ignore[misc] # of the container
        except PolyCrashStorageError as error:
            raise _classic(error) from error.__cause__

    def _read(self, operation: str, crash_id: str, *args: Any) -> Any:
        try:
            return super()._read(operation, crash_id, *args)  # type: ignore[misc] # likewise
        except PolyCrashStorageError as error:
            raise _classic(error) from error.__cause__

    def _new_crashes(self) -> Iterator[str]:
        try:
            yield from super()._new_crashes()  # type: ignore[misc] # likewise
        except PolyCrashStorageError as error:
            raise _classic(error) from error.__cause__

    def remove(self, crash_id: str) -> None:
        """Remove a crash from every member that has it."""
        try:
            super().remove(crash_id)
        except PolyCrashStorageError as error:
            raise _classic(error) from error.__cause__

    def close(self) -> None:
        """Close every member; one that has no `close` is left alone.

        Raises:
            PolyStorageError: What each member that failed raised.
        """
        try:
            super().close()
        except PolyCrashStorageError as error:
            failed = [
                each for each in error.exceptions if not isinstance(each, NotImplementedError)
            ]
            if failed:
                raise PolyStorageError(error.message, failed) from error.__cause__


def _classic(error: PolyCrashStorageError) -> PolyStorageError:
    return PolyStorageError(error.message, error.exceptions)


def _construct(path: str, named: Any, config: Config, label: str, quit_check: Any) -> Any:
    storage_class = class_named(named)
    if not isinstance(storage_class, type) or not issubclass(storage_class, NativeStorage):
        raise ConfigurationError(f"{path} is {shown(named)}, which is no storage class")
    storage_class = adapted(storage_class)
    parameters = signature(storage_class).parameters
    kinds = {each.kind for each in parameters.values()}
    if "namespace" in parameters or Parameter.VAR_POSITIONAL in kinds:
        return storage_class(config, label, quit_check)
    if Parameter.VAR_KEYWORD in kinds:
        return storage_class(config, quit_check_callback=quit_check)
    # A constructor of the years before 2018.
    return storage_class(config, quit_check)


class ManyMembers(ContainerBase):
    """A container of any number of members.

    They are `storage_namespaces`, a list of namespaces that have a `crashstorage_class`, or
    `storage_classes`, a list of classes with the namespaces `storage0`, `storage1` and so on.

    Attributes:
        listed_option: The option that has these members.
    """

    class_lists: ClassVar[Mapping[str, str]] = {
        "storage_namespaces": "",
        "storage_classes": "storage{}",
    }
    listed_option: ClassVar[str] = "storages"

    def _members_of(
        self, config: Any, found: Mapping[str, Any], opened: ExitStack, quit_check: Any
    ) -> Iterator[tuple[str, Any]]:
        yield from super()._members_of(config, found, opened, quit_check)
        if self.listed_option in found:
            return
        members = {}
        for namespace, named in _listed_members(config, type(self).__name__).items():
            own = namespace_in(config, namespace)
            label = ".".join(name for name in (self.namespace, namespace) if name)
            path = f"{namespace}.crashstorage_class".lstrip(".")
            members[namespace] = _construct(path, named, own, label, quit_check)
            opened.callback(members[namespace].close)
        yield self.listed_option, members

    @property
    def stores(self) -> DotDict:
        """The members by namespace, in their order."""
        return DotDict(getattr(self.options, self.listed_option))


def _listed_members(config: Any, owner: str) -> dict[str, Any]:
    """Return the classes of the members by their namespaces."""
    named = find_own(config, "storage_namespaces")
    if named is not ABSENT and names_in(named):
        return {name: _class_in(config, name, owner) for name in names_in(named)}
    listed = find_own(config, "storage_classes")
    own = getattr(listed, "subordinate_namespace_names", None)
    if own:
        return {name: _class_in(config, name, owner) for name in own}
    if listed is ABSENT or not names_in(listed):
        return {"": _class_in(config, "", owner)}
    classes = {f"storage{number}": each for number, each in enumerate(names_in(listed))}
    return {name: _class_in(config, name, owner, each) for name, each in classes.items()}


def _class_in(config: Any, namespace: str, owner: str, default: Any = ABSENT) -> Any:
    path = f"{namespace}.crashstorage_class".lstrip(".")
    found = find_own(config, path)
    if found is ABSENT:
        found = default
    if found is ABSENT:
        raise ConfigurationError(f"{owner} needs a class in {path!r}")
    return found


def base_for(native: type[NativeStorage]) -> tuple[type[ContainerBase], dict[str, Any]]:
    """Return the base of a classic class over a container of this package, and its attributes."""
    options: tuple[str, ...] = getattr(native, "member_options", ())
    fields = native.Options.model_fields
    listed = [option for option in options if get_origin(fields[option].annotation) is dict]
    paths = {f"{option}.storage_class": "" for option in options if option not in listed}
    own: dict[str, Any] = {"class_options": paths}
    return (ManyMembers, own | {"listed_option": listed[0]}) if listed else (ContainerBase, own)
