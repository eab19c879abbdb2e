"""tools/check-tools.sh, on made-up machines: a PATH with fake programs."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools/check-tools.sh"
HEALTHY = {
    "cargo": "exit 0",
    "cc": "exit 0",
    "python3": 'case "$2" in *version_info*) echo 3.11;; esac',
    "rustc": "echo 'rustc 1.85.0 (4d91de4e4 2025-02-17)'",
}


class Machine:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in ("sed", "mktemp", "rm"):
            (directory / name).symlink_to(shutil.which(name))
        for name, body in HEALTHY.items():
            self.install(name, body)

    def install(self, name: str, body: str) -> None:
        program = self.directory / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    def check(self, **environment: str) -> tuple[int, list[str]]:
        environment = {"PATH": str(self.directory), **environment}
        done = subprocess.run(
            ["/bin/sh", SCRIPT], env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_missing_says_nothing(machine):
    assert machine.check() == (0, [])


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("python3", "python3-venv"),
        ("cargo", "https://rustup.rs"),
        ("rustc", "https://rustup.rs"),
        ("cc", "build-essential"),
    ],
)
def test_missing_program_is_one_line_that_says_what_to_install(machine, program, says):
    (machine.directory / program).unlink()
    code, (line,) = machine.check()
    assert code == 1
    assert line.startswith("missing: ")
    assert says in line


@pytest.mark.parametrize(
    ("program", "body", "says"),
    [
        ("python3", "echo 3.9", "python3 is 3.9"),
        ("python3", HEALTHY["python3"] + "\ncase $2 in *venv*) exit 1;; esac", "python3-venv"),
        ("rustc", "echo 'rustc 1.63.0'", "rustc is 1.63 (that of Debian 12 is too old)"),
        ("cc", "exit 1", "cc cannot link a program"),
    ],
    ids=["old python", "no venv", "old rust", "broken linker"],
)
def test_unfit_program_is_one_line(machine, program, body, says):
    machine.install(program, body)
    code, (line,) = machine.check()
    assert code == 1
    assert says in line


@pytest.mark.parametrize("version", ["1.100.0", "1.85.1-nightly (abc 2025-01-01)", "2.0.0"])
def test_newer_rust_will_do(machine, version):
    machine.install("rustc", f"echo 'rustc {version}'")
    assert machine.check() == (0, [])


def test_everything_missing_is_a_line_each(machine):
    for program in HEALTHY:
        (machine.directory / program).unlink()
    code, lines = machine.check()
    assert (code, len(lines)) == (1, 3)


def test_python_can_be_chosen(machine):
    (machine.directory / "python3").rename(machine.directory / "python3.13")
    assert machine.check(PYTHON="python3.13") == (0, [])


def test_versions_are_those_of_the_project():
    needs = dict(re.findall(r"^need_(\w+)=([\d.]+)$", SCRIPT.read_text(), re.MULTILINE))
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    rust = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    assert needs == {"python": python.removeprefix(">="), "rust": rust}


def test_this_machine_is_fit():
    subprocess.run(["/bin/sh", SCRIPT], env=os.environ, check=True)
