"""Crash IDs: making, reading and checking them.

A crash ID is 36 characters: a lower-case UUID whose last seven characters are a depth digit and the
date, yymmdd. A wrong argument of any kind raises `InvalidCrashID`.

The functions are compiled. Importing this module makes them safe to use on both sides of a fork.
"""

import os

from socorro_fast._rust import (
    crash_id_from_uuid,
    date_and_depth,
    date_of,
    depth_of,
    is_valid,
    new_crash_id,
    new_crash_ids,
    radix_of,
    reseed_after_fork,
    shard_of,
    validate_many,
)

__all__ = [
    "crash_id_from_uuid",
    "date_and_depth",
    "date_of",
    "depth_of",
    "is_valid",
    "new_crash_id",
    "new_crash_ids",
    "radix_of",
    "shard_of",
    "validate_many",
]

# Before the fork too: handlers of others may run in the child ahead of ours, and make IDs.
os.register_at_fork(before=reseed_after_fork, after_in_child=reseed_after_fork)
