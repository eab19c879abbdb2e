"""A driver that is not installed: one error, with what to install, before anything is opened."""

import sys

import pytest

from socorro_fast import Configuration, ConfigurationError, CrashStorageBase
from socorro_fast.drivers import check_drivers


class Remote(CrashStorageBase):
    extra = "remote"
    drivers = ("json", "no_such_driver", "no_such_parent.driver")


class OfOthers(CrashStorageBase):
    drivers = ("no_such_driver",)


class Local(CrashStorageBase):
    extra = "local"
    drivers = ("this",)


REMOTE = (
    "Remote needs no_such_driver and no_such_parent.driver, not installed here: "
    "pip install 'socorro-fast[remote]'"
)


def test_the_extra_is_named_when_it_is_constructed():
    with pytest.raises(ConfigurationError) as caught:
        Remote()
    assert str(caught.value) == REMOTE
    with pytest.raises(ConfigurationError, match=r"here: pip install no_such_driver$"):
        OfOthers()


def test_a_configuration_names_the_place_too():
    name = f"{__name__}.Remote"
    with pytest.raises(ConfigurationError) as caught:
        Configuration({"storages": {"far": {"class": name}}}, {})
    assert str(caught.value) == f"storages.far: {REMOTE}"


def test_looking_for_a_driver_does_not_load_it():
    sys.modules.pop("this", None)
    check_drivers(Local)
    assert "this" not in sys.modules
