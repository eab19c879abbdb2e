"""Crashes spread over many storages: many disks, one API."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from socorro_fast.containers.options import ContainerOptions, Members
from socorro_fast.containers.routing import RoutingContainer
from socorro_fast.crash_id import shard_of

if TYPE_CHECKING:
    from socorro_fast.base import CrashStorageBase


class ShardedOptions(ContainerOptions):
    """Options of `ShardedCrashStorage`."""

    storages: Members = Field(
        description="the shards: a list, or by name; their order is part of where crashes are"
    )


class ShardedCrashStorage(RoutingContainer):
    """Keeps each crash in one of n storages, the `shard_of(crash_id, n)`-th.

    The place of a crash is permanent: keep the order of the storages. A storage added at the end
    takes over one crash in n + 1, and crashes stored before are then looked for in the wrong place
    until they are moved. A shard that is away fails the crashes that belong to it, not the others.
    Options: `ShardedOptions`.
    """

    Options: ClassVar[type[ContainerOptions]] = ShardedOptions
    options: ShardedOptions
    member_options: ClassVar[tuple[str, ...]] = ("storages",)

    def _home(self, crash_id: str) -> CrashStorageBase:
        members = self.members
        return members[shard_of(crash_id, len(members))]
