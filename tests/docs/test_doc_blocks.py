"""The runner of documentation code itself: a page with a mistake must fail."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools/doc_blocks.py"


def run(verb: str, page: Path, text: str) -> subprocess.CompletedProcess[str]:
    page.write_text(text)
    command = [sys.executable, TOOL, verb, page]
    return subprocess.run(
        command, cwd=page.parent, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


def test_blocks_share_namespace_and_directory(page):
    text = (
        "```python\nvalue = 6\n```\n\n```sh\necho 7 > seven\n```\n\n"
        "```python\nassert value * int(open('seven').read()) == 42\n```\n"
    )
    assert run("run", page, text).returncode == 0


@pytest.mark.parametrize(
    "block",
    ["```python\nassert False\n```", "```sh\nfalse\ntrue\n```", "```console\n$ echo a\nb\n```"],
    ids=["python", "sh", "console"],
)
def test_failing_block_fails_the_page(page, block):
    assert run("run", page, f"text\n\n{block}\n").returncode != 0
    assert run("run", page, f"<!-- not run: it fails -->\n{block}\n").returncode == 0


def test_traceback_names_the_line_of_the_page(page):
    assert 'page.md", line 4' in run("run", page, "one\n\n```python\n1 / 0\n```\n").stderr


def test_write_brings_output_up_to_date(page):
    assert run("write", page, "```console\n$ echo a\nb\n$ echo c\n```\n").returncode == 0
    assert page.read_text() == "```console\n$ echo a\na\n$ echo c\nc\n```\n"
