"""Options of ours as everett declares and finds them."""

from typing import Any

from socorro_fast.compat.foreign import foreign
from socorro_fast.errors import ConfigurationError
from socorro_fast.options import OCTAL, StorageOptions


class EverettConfig:
    """The class attribute `Config` of a component: its `Options` as everett wants them declared.

    everett is imported when it is first looked at. Where it is not installed there is no `Config`.
    """

    def __get__(self, _instance: object, owner: type[Any]) -> type[Any]:
        make = foreign("everett.manager", "Option")
        if make is None:
            raise AttributeError("no Config, as everett is not installed")
        options: type[StorageOptions] = owner.Options
        declared = {}
        for name in own_options(options):
            default = _default_text(options, name)
            doc = options.model_fields[name].description
            declared[name] = make(doc=doc) if default is None else make(doc=doc, default=default)
        return type("Config", (), declared)


def own_options(options: type[StorageOptions]) -> list[str]:
    """Return the names of what `options` has and not every storage."""
    return [name for name in options.model_fields if name not in StorageOptions.model_fields]


def configured(config: Any, component: Any) -> tuple[Any, dict[str, Any]]:
    """Return the configuration bound to `component`, and what it says of the component's options.

    `config` is everett's, or anything with the options as keys or attributes.

    Raises:
        ConfigurationError: There is no configuration.
    """
    options: type[StorageOptions] = component.Options
    if config is None:
        raise ConfigurationError(f"{type(component).__name__} needs a configuration, not None")
    if not hasattr(config, "with_options"):
        return config, options.find(config)
    bound = config.with_options(component)
    found = {name: bound(name, raise_error=False) for name in own_options(options)}
    nothing = foreign("everett", "NO_VALUE")
    return bound, {name: value for name, value in found.items() if value is not nothing}


def _default_text(options: type[StorageOptions], name: str) -> str | None:
    field = options.model_fields[name]
    if field.default is None or field.is_required():
        return None
    return f"{field.default:03o}" if OCTAL in field.metadata else str(field.default)
