"""The storage that takes the place of Socorro's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socorro_fast.compat.socorro.adapter import CrashStorageAdapter, as_socorro_raises
from socorro_fast.compat.socorro.tree import SocorroRadixTreeStorage
from socorro_fast.dumps import MAIN_DUMP

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from socorro_fast.dumps import FileDumpsMapping


class _Setting:
    """An attribute that is an option of the storage: setting it opens the tree anew."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: FSPermanentStorage | None, _owner: type) -> Any:
        return self if instance is None else instance.settings[self._name]

    def __set__(self, instance: FSPermanentStorage, value: object) -> None:
        instance.reopen({**instance.settings, self._name: value})


class _Tree(SocorroRadixTreeStorage):
    pass


# What messages say: the class that the settings name.
_Tree.__name__ = "FSPermanentStorage"


class FSPermanentStorage(CrashStorageAdapter):
    """Socorro's file system storage: the same options, methods and tree.

    The options are attributes too: what is set there holds for every call that begins later. May be
    shared by threads.

    Args:
        fs_root: Directory of the tree; made where it is missing.
        umask: Permission bits that files and directories do not get.
        json_file_suffix: Suffix of raw crashes.
        jsonz_file_suffix: Suffix of processed crashes.
        dump_file_suffix: Suffix of dumps.
        dump_field: The name of the main dump, which None and '' stand for.
        name_branch_base: Directory of the crashes below a day.
        **options: The other options of `SocorroOptions`, such as `durability`.

    Raises:
        ConfigurationError: An option is wrong, or the tree is of another family.
        StorageIOError: `fs_root` can be neither opened nor made.
    """

    catalog_prefix = "fs"

    fs_root = _Setting()
    umask = _Setting()
    json_file_suffix = _Setting()
    jsonz_file_suffix = _Setting()
    dump_file_suffix = _Setting()
    dump_field = _Setting()
    name_branch_base = _Setting()

    def __init__(  # noqa: PLR0917 - Socorro's own may be called so
        self,
        fs_root: str | os.PathLike[str],
        umask: int | str = 0o022,
        json_file_suffix: str = ".json",
        jsonz_file_suffix: str = ".jsonz",
        dump_file_suffix: str = ".dump",
        dump_field: str = MAIN_DUMP,
        name_branch_base: str = "name",
        **options: Any,
    ) -> None:
        self.settings = {
            "fs_root": fs_root,
            "umask": umask,
            "json_file_suffix": json_file_suffix,
            "jsonz_file_suffix": jsonz_file_suffix,
            "dump_file_suffix": dump_file_suffix,
            "dump_field": dump_field,
            "name_branch_base": name_branch_base,
            **options,
        }
        super().__init__(_Tree(**self.settings))

    def __repr__(self) -> str:
        return repr(self.storage)

    def reopen(self, settings: dict[str, Any]) -> None:
        """Go on with other options.

        Raises:
            ConfigurationError, StorageIOError: As the constructor; the options are the old ones.
        """
        self.storage, self.settings = _Tree(**settings), settings

    @as_socorro_raises
    def get_dumps_as_files(
        self,
        crash_id: str,
        tmpdir: str | os.PathLike[str] | None = None,  # noqa: ARG002 - the signature is Socorro's
    ) -> FileDumpsMapping:
        """Return the paths of a crash's dumps by name.

        The files are the storage's own: read them, but neither change nor remove them.

        Raises:
            CrashIDNotFound: There is no such raw crash.
        """
        return self.storage.get_raw_dumps_as_files(crash_id)

    def _dumps_to_name(self, crash_id: str) -> Mapping[str, Any]:
        return self.storage.get_raw_dumps_as_files(crash_id)
