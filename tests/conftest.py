"""What all tests share. `HYPOTHESIS_PROFILE=long` searches for longer."""

import os
import threading

import pytest
from hypothesis import settings

settings.register_profile("ci", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser):
    parser.addoption(
        "--without-rabbitmq",
        action="store_true",
        help="leave out what needs a RabbitMQ broker, and say so",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "rabbitmq: needs a RabbitMQ broker")


def pytest_report_header(config):
    without = config.getoption("without_rabbitmq")
    return "WITHOUT RABBITMQ: its tests are left out" if without else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if config.getoption("without_rabbitmq"):
        left_out = [item for item in items if _needs_rabbitmq(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _needs_rabbitmq(item):
    # The contract has it among its parameters.
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    named = any("rabbitmq" in each for each in parameters if isinstance(each, str))
    return named or item.get_closest_marker("rabbitmq") is not None


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("without_rabbitmq"):
        terminalreporter.write_line("WITHOUT RABBITMQ: its tests were left out")


@pytest.fixture
def forking():
    """An event that is set when a fork begins, before it waits: the last hook is called first."""
    event = threading.Event()
    os.register_at_fork(before=event.set)
    return event
