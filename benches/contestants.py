"""The two that are compared in Python: the original and ours, by the names of their classes."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {"classic": "benches.classic", "ours": "socorro_fast.fs"}
DATED = "FSDatedRadixTreeStorage"
LEGACY_DATED = "FSLegacyDatedRadixTreeStorage"


class DebugBuildError(Exception):
    """A debug build would be measured."""


def make(who: str, fs_root: Path, class_name: str = DATED, **options: Any) -> Any:
    """Open a tree with one of the contestants.

    Raises:
        DebugBuildError: Ours, and its extension is no release build.
    """
    if who == "ours":
        check_release_build()
    storage_class = getattr(importlib.import_module(MODULES[who]), class_name)
    return storage_class(fs_root=str(fs_root), **options)


def check_release_build() -> None:
    """Refuse to measure a debug build.

    Raises:
        DebugBuildError: The extension is one.
    """
    rust = importlib.import_module("socorro_fast._rust")
    if rust.BUILD_PROFILE != "release":
        raise DebugBuildError(
            f"the extension is a {rust.BUILD_PROFILE} build: run `maturin develop --release`"
        )
