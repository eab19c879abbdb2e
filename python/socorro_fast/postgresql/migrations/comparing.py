"""What Alembic compares with the models."""

import re

_PARTITION = re.compile(r"_\d{8}$")


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether a thing in the database has a model: partitions have their parent's."""
    return kind != "table" or not _PARTITION.search(name or "")
