"""The Python of the page on S3 runs."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/howto-s3.md"


@pytest.fixture
def place(moto, bucket):
    return moto.options(bucket)


def test_it_runs(place, tmp_path, monkeypatch):
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    keywords = ", ".join(f"{name}={value!r}" for name, value in place.items())
    code = code.replace('bucket_name="crashes",\n    region="us-west-2"', keywords)
    code = code.replace('"s3.example"', repr(place["host"])).replace("8333", str(place["port"]))
    code = code.replace('"bucket_name": "crashes"', f'"bucket_name": {place["bucket_name"]!r}')
    code = code.replace('"crashes" not in', f"{place['bucket_name']!r} not in")
    namespace = {"__name__": "__main__"}
    exec(compile(code, str(PAGE), "exec"), namespace)
    assert namespace["processed_crash"] == {"uuid": namespace["crash_id"]}
    for name in ("storage", "own", "telemetry"):
        namespace[name].close()
