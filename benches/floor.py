"""The bare-Rust floor as a process that takes commands; see rust/core/examples/floor.rs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

_ROOT = Path(__file__).parent.parent
_PROGRAM = _ROOT / "target/release/examples/floor"


class FloorError(Exception):
    """The floor could not do what it was told."""


def build() -> Path:
    """Compile the floor and return the program.

    Raises:
        FloorError: It does not compile.
    """
    cargo = ["cargo", "build", "--quiet", "--release", "--locked", "--example", "floor"]
    built = subprocess.run([*cargo, "--package", "socorro-fast-core"], check=False, cwd=_ROOT)
    if built.returncode != 0:
        raise FloorError("the floor does not compile")
    return _PROGRAM


class Floor:
    """A running floor.

    Args:
        program: What `build` returned.
    """

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def set(self, what: str, value: object) -> None:
        """Set root (which forgets everything else), ids, json, dump (paths) or slot."""
        self._ask(f"{what} {value}")

    def run(self, command: str) -> int:
        """Run a command over all IDs and return its nanoseconds.

        Raises:
            FloorError: It failed.
        """
        return self._ask(command)

    def _ask(self, line: str) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise FloorError("the floor has no pipes")
        stdin.write(line + "\n")
        answer = stdout.readline().strip()
        if not answer.isdigit():
            raise FloorError(f"{line}: {answer or 'the floor has ended'}")
        return int(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._process.communicate()
