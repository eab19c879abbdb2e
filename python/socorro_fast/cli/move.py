"""The verbs that bring a crash into a store and out again: `put` and `get`."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from socorro_fast.base import CrashStorageBase
from socorro_fast.cli.failures import Failures
from socorro_fast.cli.lines import AsJson, CrashIds, read_ids, show
from socorro_fast.cli.stores import DEFAULT_CLASS, ClassName, FsRoot, Options, open_store
from socorro_fast.crash_id import new_crash_id
from socorro_fast.errors import (
    CrashIDNotFound,
    CrashStorageError,
    InvalidCrash,
    InvalidDumpName,
    OperationNotSupported,
    StorageIOError,
)


def put(
    raw_crash: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The raw crash; - is stdin.")
    ] = None,
    dump: Annotated[
        list[str] | None,
        typer.Option("--dump", "-d", metavar="[NAME=]FILE", help="A dump; repeatable."),
    ] = None,
    processed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The processed crash; - is stdin.")
    ] = None,
    crash_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Its ID. [default: its uuid, or a new one]"),
    ] = None,
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """Save a crash from files and print its ID.

    A raw crash is queued as new; with --processed beside it, it is not.
    """
    if raw_crash is None and (processed is None or dump):
        raise typer.BadParameter("give a raw crash, a processed crash or both")
    raw, done = _read_json(raw_crash), _read_json(processed)
    dumps = dict(_split_dump(text) for text in dump) if dump else {}
    saved_id = crash_id or _id_of(raw) or _id_of(done) or new_crash_id()
    with open_store(fs_root, class_name, option, create=True) as storage:
        _save(storage, raw, dumps, done, saved_id)
    show({"crash_id": saved_id}, saved_id, as_json)


def get(
    ids: CrashIds = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")] = Path(),
    dump: Annotated[
        list[str] | None,
        typer.Option("--dump", "-d", metavar="NAME", help="Only this dump; repeatable."),
    ] = None,
    unredacted: Annotated[
        bool, typer.Option("--unredacted", help="The processed crash with nothing taken out.")
    ] = False,
    fs_root: FsRoot = None,
    class_name: ClassName = DEFAULT_CLASS,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """Fetch crashes into files: ID.json, ID.NAME.dump, ID.processed.json."""
    failures = Failures()
    with open_store(fs_root, class_name, option) as storage:
        for crash_id in read_ids(ids):
            try:
                files = _fetch(storage, crash_id, to, dump, unredacted)
            except CrashStorageError as error:
                failures.add(error)
                continue
            show({"crash_id": crash_id, "files": files}, "\n".join(files), as_json)
    failures.finish()


def _read_json(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        value = json.loads(sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes())
    except OSError as error:
        raise _io_error(error, path, "read file") from error
    except ValueError as error:
        raise InvalidCrash(f"cannot read {str(path)!r} as JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidCrash(f"{str(path)!r} holds a {type(value).__name__}, not a JSON object")
    return value


def _split_dump(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    return (name, Path(path)) if equals else ("", Path(text))


def _id_of(crash: dict[str, Any] | None) -> str | None:
    return (crash or {}).get("uuid") or (crash or {}).get("crash_id")


def _save(
    storage: CrashStorageBase,
    raw: dict[str, Any] | None,
    dumps: dict[str, Path],
    processed: dict[str, Any] | None,
    crash_id: str,
) -> None:
    if raw is None:
        storage.save_processed({"uuid": crash_id, **(processed or {})})
    elif processed is None:
        storage.save_raw_crash(raw, dumps, crash_id)
    else:
        storage.save_raw_and_processed(raw, dumps, {"uuid": crash_id, **processed}, crash_id)


def _fetch(
    storage: CrashStorageBase, crash_id: str, to: Path, names: list[str] | None, unredacted: bool
) -> list[str]:
    get_processed = storage.get_unredacted_processed if unredacted else storage.get_processed
    parts: tuple[Callable[[], dict[str, bytes]], ...] = (
        lambda: {"json": _to_json(storage.get_raw_crash(crash_id))},
        lambda: _dumps(storage, crash_id, names),
        lambda: {"processed.json": _to_json(get_processed(crash_id))},
    )
    files, missing = {}, []
    for part in parts:
        try:
            files.update(part())
        except (CrashIDNotFound, OperationNotSupported) as error:
            missing.append(error)
    if not files:
        raise missing[0]
    return list(_write_files(files, crash_id, to))


def _dumps(storage: CrashStorageBase, crash_id: str, names: list[str] | None) -> dict[str, bytes]:
    return {f"{name}.dump": dump for name, dump in storage.get_raw_dumps(crash_id, names).items()}


def _to_json(crash: dict[str, Any]) -> bytes:
    return json.dumps(crash, indent=1).encode() + b"\n"


def _write_files(files: dict[str, bytes], crash_id: str, to: Path) -> Iterator[str]:
    for suffix, data in files.items():
        name = f"{crash_id}.{suffix}"
        if "/" in name:
            raise InvalidDumpName(f"cannot write a file named {name!r}")
        try:
            _write(to / name, data)
        except OSError as error:
            raise _io_error(error, to / name, "write file") from error
        yield str(to / name)


def _io_error(error: OSError, path: Path, action: str) -> StorageIOError:
    return StorageIOError(error.errno or 0, error.strerror or str(error), str(path), action)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as staged:
        staged.write(data)
    Path(staged.name).replace(path)
