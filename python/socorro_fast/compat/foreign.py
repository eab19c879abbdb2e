"""What of another system is used where that system is there."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

_Error = TypeVar("_Error", bound=type[Exception])


def foreign(module: str, name: str) -> Any:
    """Return `name` of `module`, or None where there is no such module.

    Raises:
        ImportError: The module is there, but something that it needs is not.
    """
    try:
        return getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            return None
        raise


def also(module: str, name: str) -> Callable[[_Error], _Error]:
    """Make an exception class a subclass of `name` of `module` as well, where that is there.

    Whoever catches either has caught it.
    """

    def decorate(ours: _Error) -> _Error:
        theirs = foreign(module, name)
        if theirs is None:
            return ours
        own = ("__doc__", "__module__", "__qualname__")
        both: Any = type(ours.__name__, (ours, theirs), {key: getattr(ours, key) for key in own})
        return both  # type: ignore[no-any-return] # of no class that is known before

    return decorate
