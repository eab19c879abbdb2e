"""Install dependency groups and extras of pyproject.toml into the running environment.

`pip install --group` came with pip 25.1; the virtual environments of Python 3.11 start older.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(names: list[str]) -> int:
    """Install what the groups and extras of these names list; return pip's exit code."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known = tables["dependency-groups"] | tables["project"]["optional-dependencies"]
    requirements = [requirement for name in names for requirement in known[name]]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *requirements], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
