"""The Python of the page on RabbitMQ runs."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/howto-rabbitmq.md"


def test_it_runs(broker, options, opened, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    given = ", ".join(f"{name}={value!r}" for name, value in options().items())
    code = code.replace('host="rabbit.example", port=5672', given)
    namespace = {"__name__": "__main__"}
    exec(compile(code, str(PAGE), "exec"), namespace)
    assert namespace["processed"] == ["Firefox"]
    for name in ("collector", "tree", "queue"):
        namespace[name].close()
