"""Runs each test of the contract over every storage that offers what the test needs."""

import pytest

from contract.backends import BACKENDS, CAPABILITIES


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "needs(*operations, persists, ordered, one_owner, keeps_key_order): what it must offer",
    )


def pytest_generate_tests(metafunc):
    if "backend" not in metafunc.fixturenames:
        return
    needs = list(metafunc.definition.iter_markers("needs"))
    names = [name for name in BACKENDS if all(_offers(name, mark) for mark in needs)]
    metafunc.parametrize("backend", names, indirect=True)


def pytest_collection_modifyitems(items):
    seen = set()
    items[:] = [item for item in items if not _is_more_of_a_sample(item, seen)]


def _is_more_of_a_sample(item, seen):
    name = getattr(item, "callspec", None) and item.callspec.params.get("backend")
    if not isinstance(name, str) or not BACKENDS[name].sampled:
        return False
    function = (name, item.nodeid.partition("[")[0])
    return function in seen or seen.add(function) is not None


def _offers(name, mark):
    traits = all(getattr(BACKENDS[name], trait) for trait in mark.kwargs)
    return traits and CAPABILITIES[name].issuperset(mark.args)


@pytest.fixture
def backend(request):
    return BACKENDS[request.param]


@pytest.fixture
def make(backend, tmp_path):
    """Make storages over one place; all are closed at the end."""
    made = []

    def make_one(**options):
        made.append(backend.make(tmp_path, **options))
        return made[-1]

    yield make_one
    for storage in made:
        storage.close()


@pytest.fixture
def storage(make):
    return make()
