"""Storages from TOML, JSON or a dict: compositions that are checked whole before any is opened.

A configuration is a table. Either it is a storage itself, a `class` with its options, or it has

- `storages`: storages by name;
- `storage`: the one to open, a table or the name of one of `storages`;
- `apps`: tables by name, each with a `storage` of its own.

Where a container takes a member, a table makes a new storage, and a text names one of `storages`;
what is named twice is opened once. Environment variables go over all of it:
`SOCORRO_FAST_STORAGE__FS_ROOT` is the `fs_root` of `storage`.
"""

from socorro_fast.config.classes import find_class
from socorro_fast.config.configuration import Configuration, open_storage
from socorro_fast.config.plan import Plan

__all__ = ["Configuration", "Plan", "find_class", "open_storage"]
