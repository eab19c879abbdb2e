"""The Rust sources build with the oldest compiler that Cargo.toml promises."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHAIN = re.compile(r"&&\s+let\s|\b(?:if|while)\s+let\s[^{;|]*&&")
"""`if a && let Some(b) = c {`, and the other way round."""


def test_let_chains_are_told():
    for text in ("if a && let Ok(b) = c {", "if let Ok(b) = c && a {", "while a\n  && let x = y {"):
        assert CHAIN.search(text)
    for text in (
        "let a = b && c;",
        "if let Some(a) = b {",
        "if a && b {",
        "let a = b; if c && d {",
    ):
        assert not CHAIN.search(text)


def test_no_syntax_is_newer_than_the_compiler():
    """Clippy sees functions that are too new, not let chains, which came with 1.88."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    assert manifest["workspace"]["package"]["rust-version"] == "1.85"
    sources = [*ROOT.glob("rust/*/src/**/*.rs"), *ROOT.glob("rust/*/tests/**/*.rs")]
    assert len(sources) > 50
    assert [path.name for path in sources if CHAIN.search(path.read_text())] == []
