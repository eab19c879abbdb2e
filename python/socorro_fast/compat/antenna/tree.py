"""The storage that takes the place of Antenna's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast import errors
from socorro_fast._rust import AntennaTree
from socorro_fast.checks import check_crash_id
from socorro_fast.codec import Codec
from socorro_fast.compat.antenna.health import State, check_writable
from socorro_fast.compat.antenna.report import CrashIDNotFound, new_report, parts_of
from socorro_fast.compat.everett_config import EverettConfig, configured
from socorro_fast.dumps import check_stored_dump_name, normalise_dumps
from socorro_fast.errors import CorruptCrash, InvalidDumpName
from socorro_fast.fork_safe import renew_in_children
from socorro_fast.fs.arguments import rust_dumps
from socorro_fast.fs.options import FSRootOptions, as_path

_CODEC = Codec(sort_keys=True)
_TRIES = 20


class AntennaFSOptions(FSRootOptions):
    """The options of Antenna's file system storage, and ours."""

    fs_root: Annotated[Path, BeforeValidator(as_path)] = Field(
        default=Path("/tmp/antenna_crashes"),  # noqa: S108 - Antenna's own
        description="path to where files should be stored",
    )


class FSCrashStorage:
    """Antenna's file system storage: the same option, methods and tree.

    `<fs_root>/<YYYYMMDD>/` holds `dump_names/<crash_id>.json`, `<name>/<crash_id>` for each dump
    and `raw_crash/<crash_id>.json`, which is written last: without it nothing is read. Saving a
    crash again replaces it. Safe to share between threads and processes.

    Args:
        config: everett's configuration, or anything with the options of `AntennaFSOptions` as keys
            or attributes.

    Raises:
        ConfigurationError: An option is wrong.
        StorageIOError: `fs_root` can be neither opened nor made.
    """

    Config = EverettConfig()
    Options: ClassVar[type[AntennaFSOptions]] = AntennaFSOptions

    def __init__(self, config: Any) -> None:
        self.config, values = configured(config, self)
        self.options = self.Options.build(type(self).__name__, values)
        file_mode, dir_mode = self.options.modes()
        self._tree = AntennaTree(
            self.options.fs_root,
            file_mode=file_mode,
            dir_mode=dir_mode,
            sync=self.options.durability == "disk",
        )
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        """Forget the locks of threads that are not here."""
        self._tree = self._tree.renewed()

    @property
    def root(self) -> str:
        """The root of the tree, absolute."""
        return str(self._tree.path)

    def save_crash(self, crash_report: Any) -> None:
        """Save a crash: whole or not at all, and in place of what there was of it.

        Args:
            crash_report: An object with `raw_crash` (a dict), `dumps` (name -> bytes) and
                `crash_id`.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            StorageIOError: The disk refused; what was stored before is still there.
        """
        raw_crash, dumps, crash_id = parts_of(crash_report)
        raw = _CODEC.dumps(raw_crash)
        # Antenna has no main dump that goes without its name: '' is a name like any other.
        checked = normalise_dumps(dumps, dump_field="", dump_file_suffix="") or []
        names = _CODEC.dumps(sorted(name for name, _ in checked))
        self._tree.save_crash(check_crash_id(crash_id), raw, names, rust_dumps(checked))

    def load_crash(self, crash_id: str) -> Any:
        """Return a crash as `save_crash` takes it.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CorruptCrash: A part of it is missing or damaged.
            StorageIOError: It cannot be read.
        """
        try:
            raw = self._tree.get_raw_crash(check_crash_id(crash_id))
        except errors.CrashIDNotFound as error:
            raise CrashIDNotFound(error.crash_id, error.kind, error.where) from error
        raw_crash = self._decode(raw, crash_id, "raw_crash", dict)
        return new_report(raw_crash, self._dumps(crash_id), crash_id)

    def _dumps(self, crash_id: str) -> dict[str, bytes]:
        # A crash that is saved again may lose dumps between the reading of their names and of them.
        for _ in range(_TRIES):
            names = self._dump_names(crash_id)
            try:
                return {name: self._get_dump(crash_id, name) for name in names}
            except errors.CrashIDNotFound as error:
                missing = str(error)
        raise CorruptCrash(self._path(crash_id, "dump_names"), missing)

    def _get_dump(self, crash_id: str, name: object) -> bytes:
        try:
            return self._tree.get_dump(crash_id, check_stored_dump_name(name))
        except InvalidDumpName as error:
            raise CorruptCrash(self._path(crash_id, "dump_names"), str(error)) from error

    def _dump_names(self, crash_id: str) -> list[str]:
        try:
            data = self._tree.get_dump_names(crash_id)
        except errors.CrashIDNotFound as error:
            raise CorruptCrash(self._path(crash_id, "dump_names"), "it is missing") from error
        names: list[str] = self._decode(data, crash_id, "dump_names", list)
        return names

    def _decode(self, data: bytes, crash_id: str, kind: str, wanted: type[Any]) -> Any:
        try:
            found = _CODEC.loads(data)
        except ValueError as error:
            raise CorruptCrash(self._path(crash_id, kind), str(error)) from error
        if not isinstance(found, wanted):
            why = f"it is a JSON {type(found).__name__}, not a {wanted.__name__}"
            raise CorruptCrash(self._path(crash_id, kind), why)
        return found

    def _path(self, crash_id: str, kind: str) -> str:
        return f"{self.root}/20{crash_id[-6:]}/{kind}/{crash_id}.json"

    def check_health(self, state: State) -> None:
        """Tell `state` if `fs_root` cannot be written to."""
        check_writable(self.root, type(self).__name__, state)
