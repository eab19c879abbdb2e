"""Install a dependency group of pyproject.toml into the running environment.

`pip install --group` came with pip 25.1; the virtual environments of Python 3.11 start older.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(group: str) -> int:
    """Install what `group` lists; return pip's exit code."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][group]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *requirements], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
