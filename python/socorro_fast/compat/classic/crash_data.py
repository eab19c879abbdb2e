"""The service `crash_data`, made from a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from socorro_fast.compat.classic.config import ABSENT, class_named, find, find_own
from socorro_fast.compat.classic.crashstorage_base import adapted
from socorro_fast.services import CrashDataBase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socorro_fast.base import CrashStorageBase

_STORAGES = ("filesystem.filesystem_class", "database.crashstorage_class", "crashstorage_class")


class CrashData(CrashDataBase):
    """A crash's dump, annotations or processed crash; see `socorro_fast.services`.

    Args:
        config: Has the storage: `filesystem.filesystem_class`, `database.crashstorage_class` or
            `crashstorage_class`, with its options beside it. Default: an
            `FSLegacyRadixTreeStorage` with the options in `filesystem`.
        all_services: Of a middleware, by name. `Priorityjobs` is told of crashes that are asked for
            and not processed yet.

    Raises:
        ConfigurationError: There is no such class, or an option is wrong.
    """

    default_storage: ClassVar[tuple[str, str]] = (
        "filesystem.filesystem_class",
        "FSLegacyRadixTreeStorage",
    )
    """Where a configuration would have named it, and the class where it does not."""

    def __init__(self, config: Any = None, all_services: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.all_services = all_services or {}
        super().__init__(self.get_storage(), priority_jobs=self.all_services.get("Priorityjobs"))
        self._owned = True

    def get_storage(self) -> CrashStorageBase:
        """Return the storage that `config` names, newly made."""
        named = ((path, find_own(self.config, path)) for path in _STORAGES)
        path, storage_class = next(
            (it for it in named if it[1] is not ABSENT), self.default_storage
        )
        namespace = path.rpartition(".")[0]
        own = find(self.config, namespace) if namespace else self.config
        return adapted(class_named(storage_class))(self.config if own is ABSENT else own)


class SimplifiedCrashData(CrashData):
    """`CrashData` of 2017, by default over `BotoS3CrashStorage`."""

    default_storage: ClassVar[tuple[str, str]] = ("crashstorage_class", "BotoS3CrashStorage")
