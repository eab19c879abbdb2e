"""The exceptions: their words, their bases, their way through pickle."""

import copy
import errno
import pickle

import pytest

from socorro_fast import errors
from socorro_fast.errors import (
    BadArgumentError,
    ConfigurationError,
    CorruptCrash,
    CrashIDNotFound,
    CrashStorageError,
    InvalidCrash,
    InvalidCrashID,
    InvalidDumpName,
    MissingArgumentError,
    OperationNotSupported,
    PolyCrashStorageError,
    ResourceNotFound,
    ResourceUnavailable,
    StorageIOError,
    StorageUnavailable,
    shown,
)

EXAMPLES = [
    (InvalidCrashID("bad id"), "bad id"),
    (InvalidDumpName("bad name"), "bad name"),
    (ConfigurationError("bad option"), "bad option"),
    (InvalidCrash("bad crash"), "bad crash"),
    (OperationNotSupported("X has no remove"), "X has no remove"),
    (CrashIDNotFound("an-id", "dump 'a'", "/srv"), "no dump 'a' for crash an-id in /srv"),
    (ResourceNotFound("an-id", "raw crash", "X"), "no raw crash for crash an-id in X"),
    (ResourceUnavailable("an-id"), "crash an-id is not processed yet; it has been asked for"),
    (MissingArgumentError("uuid"), "mandatory argument 'uuid' is missing"),
    (BadArgumentError("name", "a/b", "no '/'"), "argument 'name' cannot be 'a/b': no '/'"),
    (CorruptCrash("/srv/x.jsonz", "no gzip"), "/srv/x.jsonz is damaged: no gzip"),
    (
        StorageIOError(errno.ENOSPC, "No space left on device", "/srv/x", "write"),
        f"cannot write '/srv/x': No space left on device [errno {errno.ENOSPC}]",
    ),
    (StorageUnavailable("no answer", False), "no answer"),
    (
        PolyCrashStorageError("2 of 3 failed", [ValueError("a"), KeyError("b")]),
        "2 of 3 failed (2 sub-exceptions)",
    ),
]
PARAMS = [pytest.param(error, text, id=type(error).__name__) for error, text in EXAMPLES]


def test_every_class_has_an_example():
    classes = {each for each in vars(errors).values() if isinstance(each, type)}
    ours = {each for each in classes if issubclass(each, CrashStorageError)}
    assert {type(error) for error, _ in EXAMPLES} == ours - {CrashStorageError}


@pytest.mark.parametrize(("error", "text"), PARAMS)
def test_an_error_says_what_happened_in_one_line(error, text):
    assert str(error) == text


@pytest.mark.parametrize(("error", "text"), PARAMS)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_can_be_sent_elsewhere(error, text, again):
    error = copy.copy(error)
    error.add_note("while testing")
    twin = again(error)
    assert type(twin) is type(error)
    assert str(twin) == text
    assert repr(twin.args) == repr(error.args)
    assert repr(vars(twin)) == repr(vars(error))
    assert twin.__notes__ == ["while testing"]


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidCrashID, ValueError),
        (InvalidDumpName, ValueError),
        (ConfigurationError, ValueError),
        (InvalidCrash, ValueError),
        (InvalidCrash, TypeError),
        (OperationNotSupported, NotImplementedError),
        (CrashIDNotFound, LookupError),
        (ResourceNotFound, CrashIDNotFound),
        (MissingArgumentError, ValueError),
        (BadArgumentError, ValueError),
        (StorageIOError, OSError),
        (PolyCrashStorageError, ExceptionGroup),
    ],
)
def test_an_error_is_also_the_builtin_that_a_caller_may_expect(error, builtin):
    assert issubclass(error, builtin)
    assert issubclass(error, CrashStorageError)


def test_what_an_error_is_about_is_in_its_attributes():
    missing = CrashIDNotFound("an-id", "raw crash", "/srv")
    assert (missing.crash_id, missing.kind, missing.where) == ("an-id", "raw crash", "/srv")
    bad = BadArgumentError("name", 5, "not text")
    assert (bad.param, bad.received, bad.msg) == ("name", 5, "not text")
    assert MissingArgumentError("uuid").param == "uuid"
    assert ResourceUnavailable("an-id").crash_id == "an-id"
    refused = StorageIOError(errno.EACCES, "Permission denied", "/srv/x", "open")
    assert (refused.errno, refused.strerror) == (errno.EACCES, "Permission denied")
    assert (refused.filename, refused.action) == ("/srv/x", "open")
    assert StorageUnavailable("away").retryable
    assert not StorageUnavailable("away", False).retryable


def test_an_os_error_becomes_one_of_ours():
    error = StorageIOError.during("open", "/srv/x", OSError(errno.EACCES, "Permission denied"))
    assert str(error) == f"cannot open '/srv/x': Permission denied [errno {errno.EACCES}]"
    assert (error.errno, error.filename) == (errno.EACCES, "/srv/x")


def test_a_group_stays_a_group_of_its_class():
    group = PolyCrashStorageError("failed", [ValueError("a"), KeyError("b")])
    values, rest = group.split(ValueError)
    assert (type(values), type(rest)) == (PolyCrashStorageError, PolyCrashStorageError)


def test_except_star_leaves_a_group_of_its_class():
    with pytest.raises(PolyCrashStorageError) as caught:
        handle_value_errors(PolyCrashStorageError("failed", [ValueError("a"), KeyError("b")]))
    assert [type(each) for each in caught.value.exceptions] == [KeyError]


def handle_value_errors(group):
    try:
        raise group
    except* ValueError:
        pass


def test_the_group_has_its_old_name():
    assert errors.PolyStorageError is PolyCrashStorageError


@pytest.mark.parametrize("value", ["x" * 1000, "a\nb\r", b"\n" * 500, ["line\n"] * 99])
def test_values_are_shown_in_one_short_line(value):
    text = shown(value)
    assert len(text) <= 100
    assert len(text.splitlines()) == 1
