"""The installed command, run as a user runs it: in processes of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).parent / "socorro-fast"
RAW = {"ProductName": "Firefox", "Version": "146.0", "URL": "https://a.example/\u00e9"}
MAIN = "upload_file_minidump"


class CommandLine:
    """Runs verbs on one store."""

    def __init__(self, fs_root: Path, directory: Path) -> None:
        self.fs_root = fs_root
        self.directory = directory

    def arguments(self, verb: str, *arguments: object) -> list[str]:
        return [str(COMMAND), verb, "--fs-root", str(self.fs_root), *map(str, arguments)]

    def run(
        self, verb: str, *arguments: object, stdin: str | bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        return run(self.arguments(verb, *arguments), stdin, self.directory)

    def lines(self, verb: str, *arguments: object, stdin: str | bytes = b"") -> list[str]:
        done = self.run(verb, *arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().splitlines()

    def records(self, verb: str, *arguments: object) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(verb, "--json", *arguments)]

    def put(self, raw_crash: dict[str, Any] = RAW, *arguments: object) -> str:
        (line,) = self.lines("put", "-", *arguments, stdin=json.dumps(raw_crash))
        return line


def run(
    arguments: list[str], stdin: str | bytes = b"", directory: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    data = stdin.encode() if isinstance(stdin, str) else stdin
    return subprocess.run(arguments, input=data, capture_output=True, cwd=directory, check=False)


def complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what the command complained of, which must be one line and no traceback."""
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("socorro-fast: ")
    return line.removeprefix("socorro-fast: ")
