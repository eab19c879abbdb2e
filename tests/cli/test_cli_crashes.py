"""put, get, cat, ls and rm: what they do, and how they fail."""

import json
from pathlib import Path

import pytest
from command_line import MAIN, RAW, CommandLine, complaint

OLD, NEW = "aabbcccc-0000-4000-8000-000002180601", "aabbdddd-0000-4000-8000-000002180603"
ABSENT = "aabbeeee-0000-4000-8000-000002180601"
PROCESSED = {"signature": "OOM", "url": "https://a.example/"}


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "crash.dmp"
    path.write_bytes(b"MDMP\0\xff\n" * 5_000)
    return path


@pytest.fixture
def processed(tmp_path: Path) -> Path:
    path = tmp_path / "processed.json"
    path.write_text(json.dumps(PROCESSED))
    return path


def file_of(cli: CommandLine, suffix: str) -> Path:
    (path,) = cli.fs_root.rglob(f"*{suffix}")
    return path


def test_what_was_put_is_what_cat_prints(cli):
    crash_id = cli.put(RAW)
    (line,) = cli.lines("cat", crash_id)
    assert json.loads(line) == RAW


def test_put_takes_the_id_from_option_then_crash(cli):
    assert cli.put(RAW, "--id", OLD) == OLD
    assert cli.put({**RAW, "uuid": NEW}) == NEW
    assert cli.put({**RAW, "uuid": NEW}, "--id", NEW) == NEW


def test_dumps_come_back_byte_for_byte(cli, dump, tmp_path):
    other = tmp_path / "other=1.bin"
    other.write_bytes(bytes(range(256)))
    crash_id = cli.put(RAW, "--dump", dump, "--dump", f"flash={other}")
    assert cli.run("cat", crash_id, "--dump", MAIN).stdout == dump.read_bytes()
    assert cli.run("cat", crash_id, "--dump", "flash").stdout == other.read_bytes()


def test_get_writes_every_part(cli, dump, processed, tmp_path):
    cli.put(RAW, "--id", OLD, "--dump", dump, "--processed", processed)
    files = cli.lines("get", OLD, "--to", tmp_path / "out")
    names = [f"{OLD}.json", f"{OLD}.{MAIN}.dump", f"{OLD}.processed.json"]
    assert files == [str(tmp_path / "out" / name) for name in names]
    raw, fetched_dump, fetched_processed = (Path(name).read_bytes() for name in files)
    assert (json.loads(raw), fetched_dump) == (RAW, dump.read_bytes())
    assert json.loads(fetched_processed) == {"signature": "OOM", "uuid": OLD}
    assert len(list((tmp_path / "out").iterdir())) == len(names)


def test_get_of_named_dumps_fetches_no_other(cli, dump, tmp_path):
    crash_id = cli.put(RAW, "--dump", dump, "--dump", f"flash={dump}")
    files = cli.lines("get", crash_id, "--dump", "flash", "--to", tmp_path / "out")
    assert [Path(file).name for file in files] == [f"{crash_id}.json", f"{crash_id}.flash.dump"]


def test_processed_is_redacted_unless_asked_otherwise(cli, processed):
    cli.lines("put", "--processed", processed, "--id", OLD)
    (redacted,), (whole,) = (
        cli.lines("cat", "--processed", OLD),
        cli.lines("cat", "--unredacted", OLD),
    )
    assert json.loads(redacted) == {"signature": "OOM", "uuid": OLD}
    assert json.loads(whole) == {**PROCESSED, "uuid": OLD}


@pytest.mark.parametrize(
    ("date", "listed"),
    [
        ("2018-06-01", [OLD]),
        ("2018-06-02..", [NEW]),
        ("..2018-06-02", [OLD]),
        ("2018-06-01..2018-06-03", [OLD, NEW]),
        ("2018-06-02", []),
    ],
)
def test_ls_by_date(cli, date, listed):
    for crash_id in (NEW, OLD):
        cli.put(RAW, "--id", crash_id)
    assert cli.lines("ls", "--date", date) == listed


def test_ls_feeds_cat(cli):
    for crash_id in (OLD, NEW):
        cli.put({"uuid": crash_id})
    listed = cli.run("ls").stdout
    assert [json.loads(line)["uuid"] for line in cli.lines("cat", stdin=listed)] == [OLD, NEW]


def test_ls_as_json(cli):
    cli.put(RAW, "--id", OLD)
    assert cli.records("ls") == [{"crash_id": OLD, "date": "2018-06-01", "depth": 2}]


def test_rm_without_yes_removes_nothing(cli):
    cli.put(RAW, "--id", OLD)
    done = cli.run("rm", OLD)
    assert (done.returncode, done.stdout.decode()) == (0, f"would remove {OLD}\n")
    assert complaint(done) == "would remove 1 crashes; add --yes to do it"
    assert cli.lines("ls") == [OLD]


def test_rm_goes_on_after_a_missing_crash(cli):
    for crash_id in (OLD, NEW):
        cli.put(RAW, "--id", crash_id)
    done = cli.run("rm", "--yes", OLD, ABSENT, NEW)
    assert (done.returncode, done.stdout.decode()) == (3, f"removed {OLD}\nremoved {NEW}\n")
    assert ABSENT in complaint(done)
    assert cli.lines("ls") == []


def test_rehearsed_rm_tells_what_is_missing(cli):
    cli.put(RAW, "--id", OLD)
    done = cli.run("rm", ABSENT)
    assert done.returncode == 3
    assert ABSENT in done.stderr.decode()


@pytest.mark.parametrize("verb", ["cat", "get"])
def test_missing_crash_is_3(cli, verb):
    cli.put(RAW, "--id", OLD)
    done = cli.run(verb, ABSENT)
    assert (done.returncode, done.stdout) == (3, b"")
    assert complaint(done).startswith(f"no raw crash for crash {ABSENT} in ")


def test_damaged_crash_is_3(cli):
    cli.put(RAW, "--id", OLD)
    file_of(cli, ".json").write_bytes(b'{"half')
    done = cli.run("cat", OLD)
    assert done.returncode == 3
    assert "is damaged" in complaint(done)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cat", "../../etc/passwd"], "etc/passwd"),
        (["cat", OLD, "--dump", "a/b"], "a/b"),
        (["ls", "--option", "umsak=022"], "umask"),
        (["ls", "--option", "umask"], "NAME=VALUE"),
        (["ls", "--class", "FSRadixTreStorage"], "FSRadixTreeStorage"),
        (["ls", "--class", "os.path"], "is not a storage class"),
        (["ls", "--class", "no.such.module"], "no.such.module"),
    ],
)
def test_wrong_usage_is_2(cli, arguments, says):
    cli.put(RAW, "--id", OLD)
    done = cli.run(*arguments)
    assert done.returncode == 2
    assert says in complaint(done)


@pytest.mark.parametrize(
    "arguments",
    [["ls", "--date", "yesterday"], ["put"], ["cat", OLD, "--dump", "a", "--processed"]],
)
def test_impossible_arguments_are_2(cli, arguments):
    cli.put(RAW, "--id", OLD)
    done = cli.run(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_looking_into_a_store_that_is_not_there_makes_none(cli):
    done = cli.run("ls")
    assert done.returncode == 2
    assert complaint(done) == f"there is no store at {str(cli.fs_root)!r}"
    assert not cli.fs_root.exists()


@pytest.mark.parametrize("text", ["{", "[1]", ""])
def test_putting_what_is_no_json_object_is_1(cli, text):
    done = cli.run("put", "-", stdin=text)
    assert done.returncode == 1
    assert "'-'" in complaint(done)
    assert not cli.fs_root.exists()


def test_root_that_is_a_file_is_1(cli):
    cli.fs_root.write_text("")
    done = cli.run("put", "-", stdin="{}")
    assert done.returncode == 1
    assert str(cli.fs_root) in complaint(done)


def test_storage_class_with_dots(cli):
    ours = "socorro_fast.fs.FSRadixTreeStorage"
    assert cli.put(RAW, "--id", OLD, "--class", ours) == OLD
    assert cli.lines("ls", "--class", "FSRadixTreeStorage") == [OLD]
