"""Each weakness of the original, shown on it and absent from ours.

Numbers are those of the list in docs/performance.md, and stand in the names of the tests.
"""

import contextlib
import functools
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from socorro_fast import errors, fs

sys.path.insert(0, str(Path(__file__).parents[2]))

from benches import classic

OURS = SimpleNamespace(**vars(fs), CrashIDNotFound=errors.CrashIDNotFound)


def mended(by=AssertionError):
    """Run a test on our storages, where it passes, and the original's, where `by` is raised.

    The test gets the module of the storages as `storages`.
    """

    def decorate(test):
        @pytest.mark.parametrize("storages", [OURS, classic], ids=["ours", "original"])
        @functools.wraps(test)
        def run(storages, **fixtures):
            ours = storages is OURS
            with contextlib.nullcontext() if ours else pytest.raises(by):
                test(storages, **fixtures)

        return run

    return decorate
