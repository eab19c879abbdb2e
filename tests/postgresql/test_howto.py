"""The Python of the page on PostgreSQL runs."""

import re
from pathlib import Path

RUN = r"test_howto.py runs it, with a server -->\n```python\n(.*?)```"
PAGE = Path(__file__).resolve().parents[2] / "docs/howto-postgresql.md"


def test_it_runs(server, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(RUN, PAGE.read_text(), re.DOTALL))
    for shown, real in {
        '"db.example"': repr(server.host),
        "5432": str(server.port),
        '"breakpad"': repr(database),
        '"breakpad_rw"': repr(server.user),
        '"breakpad_ro"': repr(server.user),
    }.items():
        code = code.replace(shown, real)
    namespace = {"__name__": "__main__"}
    exec(compile(code, str(PAGE), "exec"), namespace)
    assert namespace["found"] == ["OOM | small"]
    namespace["storage"].close()
