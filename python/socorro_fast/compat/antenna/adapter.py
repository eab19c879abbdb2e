"""Antenna's crashes in the storages of this package."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast import errors
from socorro_fast.base import CrashStorageBase
from socorro_fast.compat.antenna.health import State, check_answers, check_writable
from socorro_fast.compat.antenna.report import CrashIDNotFound, new_report, parts_of
from socorro_fast.compat.everett_config import EverettConfig, configured
from socorro_fast.compat.opening import check_openable, opened
from socorro_fast.fs.dated import FSDatedRadixTreeStorage
from socorro_fast.fs.options import FSDatedOptions
from socorro_fast.options import StorageOptions


class AdapterOptions(StorageOptions):
    """Options of `CrashStorageAdapter`."""

    storage: Annotated[Any, BeforeValidator(check_openable)] = Field(
        description="the configuration of a storage: the path of a TOML or JSON file, or JSON "
        "itself; in Python also a mapping or a storage",
    )
    app: str | None = Field(
        default=None, description="the app of the configuration whose storage is meant"
    )


class _Adapter:
    """What Antenna calls, over a storage of this package."""

    Config = EverettConfig()
    Options: ClassVar[type[StorageOptions]]

    def __init__(self, config: Any) -> None:
        self.config, values = configured(config, self)
        self.options = self.Options.build(type(self).__name__, values)
        self.storage = self._opened(values)

    def _opened(self, values: dict[str, Any]) -> CrashStorageBase:
        raise NotImplementedError

    def save_crash(self, crash_report: Any) -> None:
        """Save a crash, in place of what there was of it; what has a queue queues it.

        Args:
            crash_report: An object with `raw_crash` (a dict), `dumps` (name -> bytes) and
                `crash_id`.

        Raises:
            InvalidCrashID, InvalidDumpName, InvalidCrash: Nothing was touched.
            CrashStorageError: It could not be saved.
        """
        raw_crash, dumps, crash_id = parts_of(crash_report)
        self.storage.save_raw_crash(raw_crash, dumps, crash_id)

    def load_crash(self, crash_id: str) -> Any:
        """Return a crash as `save_crash` takes it.

        Raises:
            CrashIDNotFound: There is no such raw crash.
            CrashStorageError: It could not be read.
        """
        try:
            raw_crash = self.storage.get_raw_crash(crash_id)
            dumps = dict(self.storage.get_raw_dumps(crash_id))
        except errors.CrashIDNotFound as error:
            raise CrashIDNotFound(error.crash_id, error.kind, error.where) from error
        return new_report(raw_crash, dumps, crash_id)

    def check_health(self, state: State) -> None:
        """Tell `state` if the storage does not answer."""
        check_answers(self.storage, type(self).__name__, state)

    def close(self) -> None:
        """Close the storage; a second call does nothing."""
        self.storage.close()


class CrashStorageAdapter(_Adapter):
    """Any storage of this package in the place of one of Antenna's.

    Args:
        config: everett's configuration, or anything with the options of `AdapterOptions` as keys or
            attributes.

    Raises:
        ConfigurationError: An option, or anything in the configuration of the storage, is wrong.
        CrashStorageError: The storage could not be opened.
    """

    Options = AdapterOptions
    options: AdapterOptions

    def _opened(self, _values: dict[str, Any]) -> CrashStorageBase:
        return opened(self.options.storage, self.options.app)


class RadixFSCrashStorage(_Adapter):
    """Antenna's crashes in a radix tree with a queue: an `FSDatedRadixTreeStorage`.

    Args:
        config: everett's configuration, or anything with the options of `FSDatedOptions` as keys or
            attributes.

    Raises:
        ConfigurationError: An option is wrong, or the tree is of another family.
        StorageIOError: `fs_root` can be neither opened nor made.
    """

    Options = FSDatedOptions
    options: FSDatedOptions

    def _opened(self, values: dict[str, Any]) -> CrashStorageBase:
        return FSDatedRadixTreeStorage(**values)

    def check_health(self, state: State) -> None:
        """Tell `state` if the storage does not answer, or if `fs_root` cannot be written to."""
        super().check_health(state)
        check_writable(str(self.options.fs_root), type(self).__name__, state)
