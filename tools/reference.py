"""Write the reference of options, docs/reference.md.

usage: reference.py PAGE
"""

import sys
from pathlib import Path

from socorro_fast.config.reference import reference

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
