"""Factories of connections, made from a configuration."""

from __future__ import annotations

from typing import Any

from socorro_fast.compat.classic.config import Config


def with_config(native: Any) -> Any:
    """Return a connection context class of this package with the original's constructor.

    That is `(config, local_config=None)`: options are found on `local_config`, else on `config`.
    """

    class Found(native):  # type: ignore[misc] # a class that the caller chooses
        def __init__(self, **options: Any) -> None:
            self.found = options

    def __init__(self: Any, config: Any = None, local_config: Any = None, **options: Any) -> None:  # noqa: N807
        given = config if local_config is None else local_config
        found = {} if given is None else Found.from_config(Config(given)).found
        native.__init__(self, **found | options)
        self.config = given

    members = {"__init__": __init__, "__module__": __name__, "__doc__": native.__doc__}
    return type(native.__name__, (native,), members)
