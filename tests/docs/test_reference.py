"""The reference says what the code declares."""

from pathlib import Path

import pytest

import socorro_fast
from socorro_fast.config.classes import storage_names
from socorro_fast.config.declared import declared
from socorro_fast.config.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs/reference.md"


def test_the_page_is_what_is_declared_now():
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make docs`"


@pytest.mark.parametrize("name", storage_names())
def test_every_option_is_described(name):
    for option in declared(getattr(socorro_fast, name)):
        assert option.description, f"{name}.{option.name}"


def test_it_is_the_same_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path) not in reference()
    assert str(Path.home()) not in reference()
