"""Run the code of a documentation page, or bring the command output it shows up to date.

A page is run from its top in the current directory, which should be an empty one:
    python    in one namespace for the page
    sh        by a shell that stops at the first failure
    console   `$ command`, then exactly what it prints
A block under `<!-- not run: why -->` is left out.

usage: doc_blocks.py run PAGE | write PAGE
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ENVIRONMENT = {
    **os.environ,
    "COLUMNS": "80",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "TERM": "dumb",
}


@dataclass(frozen=True)
class Block:
    """One fenced block of a page; `line` is the number of its first line of code."""

    language: str
    code: str
    line: int


def find_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page that are to be run."""
    for match in _FENCE.finditer(text):
        if not match["skip"]:
            line = text.count("\n", 0, match.start("code")) + 1
            yield Block(match["language"], match["code"], line)


def run_page(page: Path) -> None:
    """Run the blocks of `page` in order; the first that fails raises."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in find_blocks(page.read_text(encoding="utf-8")):
        if block.language == "python":
            # Empty lines before the code make tracebacks name the lines of the page.
            source = "\n" * (block.line - 1) + block.code
            exec(compile(source, str(page), "exec"), namespace)  # noqa: S102 - that is the job
        elif block.language == "sh":
            subprocess.run(["/bin/sh", "-euc", block.code], check=True, env=_ENVIRONMENT)
        elif block.language == "console" and (shown := with_output(block.code)) != block.code:
            raise SystemExit(f"{page}:{block.line}: this is printed now:\n{shown}")


def with_output(console: str) -> str:
    """Return a console block with what its commands print now."""
    commands = [line[2:] for line in console.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_output(command)}" for command in commands)


def write_page(page: Path) -> None:
    """Rewrite the console blocks of `page`."""
    text = page.read_text(encoding="utf-8")
    for block in find_blocks(text):
        if block.language == "console":
            text = text.replace(block.code, with_output(block.code))
    page.write_text(text, encoding="utf-8")


def _output(command: str) -> str:
    shell = ["/bin/sh", "-euc", command]
    return subprocess.run(
        shell, check=True, env=_ENVIRONMENT, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


if __name__ == "__main__":
    {"run": run_page, "write": write_page}[sys.argv[1]](Path(sys.argv[2]))
