"""Trees that cannot share a directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from socorro_fast.config.tables import at
from socorro_fast.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socorro_fast.config.plan import Plan

_FAMILIES = {
    "leaf": "a directory for each crash",
    "legacy": "crashes sharing directories",
    "legacy, DD": "crashes sharing directories named after the day of the month",
    "segments": "crashes in segments",
}


def refuse_mixed(plans: Iterable[Plan]) -> None:
    """Refuse two families of trees in one directory: each would see half of the crashes.

    Raises:
        ConfigurationError: Naming both places.
    """
    seen: dict[str, Plan] = {}
    for plan in plans:
        fs_root = getattr(plan.options, "fs_root", None)
        if plan.family is None or fs_root is None:
            continue
        other = seen.setdefault(os.path.realpath(fs_root), plan)
        if other.family != plan.family:
            where = f"its fs_root is that of {other.path or 'the other storage'}"
            raise ConfigurationError(
                at(plan.path, f"{where}, a tree with {_words(other)}; ")
                + f"{plan.storage_class.__name__} has {_words(plan)}"
            )


def _words(plan: Plan) -> str:
    return _FAMILIES.get(plan.family or "", f"the layout {plan.family!r}")
