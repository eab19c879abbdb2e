"""Crash IDs under their old names."""

import datetime as dt
import re
import uuid

import pytest

from fs.trees import DEPTH_0, DEPTH_2
from socorro_fast import InvalidCrashID
from socorro_fast.compat import classic
from socorro_fast.compat.classic import ooid

DAY = dt.date(2018, 6, 1)
NO_IDS = ["", "short", DEPTH_2.upper(), DEPTH_2[:-6] + "189999", DEPTH_2 + "\n", None, 7]


@pytest.mark.parametrize("make", [classic.createNewOoid, classic.create_new_ooid])
def test_new(make):
    today = dt.datetime.now(dt.UTC).date()
    assert classic.depthFromOoid(make()) == ooid.defaultDepth == 2
    assert classic.dateFromOoid(make()).date() >= today
    assert make(DAY, 4)[-7:] == "4180601"
    assert make(depth=0)[-7] == "2"
    assert make(dt.datetime(2018, 6, 1, 23, tzinfo=dt.UTC))[-7:] == "2180601"
    with pytest.raises(InvalidCrashID):
        make(DAY, 5)


@pytest.mark.parametrize("convert", [classic.uuidToOoid, classic.uuid_to_ooid])
def test_from_a_uuid(convert):
    text = str(uuid.uuid4())
    assert convert(text, DAY, 3) == text[:-7] + "3180601"
    assert convert(text, timestamp=DAY) == text[:-7] + "2180601"


@pytest.mark.parametrize("read", [classic.dateAndDepthFromOoid, classic.date_and_depth_from_ooid])
def test_date_and_depth(read):
    assert read(DEPTH_2) == (dt.datetime(2018, 6, 1, tzinfo=dt.UTC), 2)
    assert read(DEPTH_0) == (dt.datetime(2007, 10, 25, tzinfo=dt.UTC), ooid.oldHardDepth)
    assert [read(each) for each in NO_IDS] == [(None, None)] * len(NO_IDS)


def test_parts_and_checks():
    assert (classic.depth_from_ooid(DEPTH_0), classic.depthFromOoid("x")) == (4, None)
    assert (classic.date_from_ooid("x"), classic.dateFromOoid(DEPTH_0).year) == (None, 2007)
    assert classic.is_crash_id_valid(DEPTH_2)
    assert not any(map(classic.is_crash_id_valid, NO_IDS))
    assert re.match(ooid.CRASH_ID_RE, DEPTH_2)
    assert not any(
        ooid.CRASH_ID_RE.match(each)
        for each in NO_IDS
        if isinstance(each, str) and each != NO_IDS[3]
    )
    assert classic.uuid_to_date(DEPTH_2) == DAY
    assert classic.uuid_to_date("x180601", "19") == dt.date(1918, 6, 1)
    for wrong in ("x", DEPTH_2[:-6] + "189999", None):
        with pytest.raises(ValueError, match="does not end with a day"):
            classic.uuid_to_date(wrong)
