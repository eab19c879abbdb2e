"""The package of containers: every name where it says."""

import ast
from pathlib import Path

import pytest

from socorro_fast import containers


@pytest.mark.parametrize("name", containers.__all__)
def test_every_name_is_there(name):
    home = getattr(containers, name).__module__
    assert f"{home}.".startswith(f"socorro_fast.containers.{containers._HOME[name]}.")


def test_type_checkers_see_the_names_that_exist():
    tree = ast.parse(Path(containers.__file__).read_text())
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: statement.module.rpartition(".")[2]
        for statement in guarded.body
        for alias in statement.names
    }
    assert seen == containers._HOME


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        containers.Nonsense  # noqa: B018 - the look-up is the test
