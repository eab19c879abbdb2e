"""Listing: over pages, over layouts, past what is not ours."""

import datetime as dt
import itertools
import tracemalloc

import pytest

from contract.samples import CRASH_ID, DAY, crash_id
from servers.moto import PAGE
from socorro_fast.s3.connection import Page
from socorro_fast.s3.keys import Keys
from socorro_fast.s3.listing import Listing
from socorro_fast.s3.options import S3Options

BUILDERS = ["KeyBuilderBase", "DatePrefixKeyBuilder", "SimpleDatePrefixKeyBuilder", "GCSKeyBuilder"]
DATES = ("170530", "180601", "180602")
IDS = sorted(crash_id(n * 0x01010101, date) for date in DATES for n in range(25))


class Bucket:
    """A bucket that gives pages of 7, and counts them."""

    def __init__(self, keys):
        self.keys = sorted(keys)
        self.asked = []

    def page(self, prefix, delimiter, token):
        self.asked.append(prefix)
        found = []
        for key in self.keys:
            if key.startswith(prefix):
                head, slash, _ = key.removeprefix(prefix).partition(delimiter or "\0")
                entry = prefix + head + slash if delimiter else key
                found += [entry] if entry not in found else []
        start = int(token or 0)
        entries = found[start : start + 7]
        more = str(start + 7) if len(found) > start + 7 else None
        ours = [each for each in entries if not each.endswith("/")]
        return Page(ours, [each for each in entries if each.endswith("/")], more)


def listing(bucket, **options):
    return Listing(bucket.page, Keys(S3Options(**options)))


def in_order(ids):
    return sorted(ids, key=lambda each: (each[-6:], each))


@pytest.mark.parametrize("builder", BUILDERS)
class TestOfALayout:
    def test_goes_over_pages_days_ascending(self, builder):
        bucket = Bucket(
            Keys(S3Options(keybuilder_class=builder)).of("raw_crash", i)[0] for i in IDS
        )
        assert list(listing(bucket, keybuilder_class=builder).all()) == in_order(IDS)
        for day in (dt.date(2017, 5, 30), DAY):
            found = list(listing(bucket, keybuilder_class=builder).of_day(day))
            assert found == [each for each in IDS if each.endswith(f"{day:%y%m%d}")]

    def test_lists_a_crash_once_that_lies_in_all_layouts(self, builder):
        keys = Keys(S3Options(keybuilder_class=builder))
        bucket = Bucket(key for each in IDS for key in keys.of("raw_crash", each))
        assert list(listing(bucket, keybuilder_class=builder).all()) == in_order(IDS)
        assert len(list(listing(bucket, keybuilder_class=builder).of_day(DAY))) == 25

    def test_passes_by_what_is_not_ours(self, builder):
        others = [
            "v1/raw_crash/", "v1/raw_crash/README", f"v1/raw_crash/{CRASH_ID}.json",
            f"v1/raw_crash/{CRASH_ID.upper()}", f"v1/raw_crash/20180602/{CRASH_ID}",
            f"v2/raw_crash/fff/20180601/{CRASH_ID}", "v1/raw_crash/20180601/", "v2/raw_crash/x",
            f"v1/raw_crash/20180601/more/{CRASH_ID}", f"v1/processed_crash/{crash_id(1)}",
        ]  # fmt: skip
        bucket = Bucket(others)
        assert list(listing(bucket, keybuilder_class=builder).all()) == []
        assert list(listing(bucket, keybuilder_class=builder).of_day(DAY)) == []


def test_a_dated_layout_alone_looks_at_its_day_only():
    options = {"keybuilder_class": "GCSKeyBuilder", "read_older_layouts": False}
    bucket = Bucket(f"v1/raw_crash/20{i[-6:]}/{i}" for i in IDS)
    assert len(list(listing(bucket, **options).of_day(DAY))) == 25
    assert set(bucket.asked) == {"v1/raw_crash/20180601/"}


@pytest.mark.parametrize("builder", BUILDERS)
def test_pages_are_asked_for_one_by_one(builder):
    """Neither a listing nor who reads it holds more than a page of each layout."""
    keys = Keys(S3Options(keybuilder_class=builder))
    ids = [crash_id(number) for number in range(70)]  # all in one folder of v2
    bucket = Bucket(keys.of("raw_crash", each)[0] for each in ids)
    found = listing(bucket, keybuilder_class=builder).of_day(DAY)
    assert bucket.asked == []
    asked = []
    for each in ids:
        assert next(found) == each
        asked.append(len(bucket.asked))
    assert list(found) == []
    pages = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert set(pages) == {0, 1}
    assert sum(pages) == 9
    assert asked[0] <= 5


def test_a_listing_of_a_day_holds_a_page_in_memory():
    """20,000 crashes in pages of 1,000 take what 2,000 do."""

    def page(prefix, _delimiter, token):
        start = int(token or 0)
        keys = [f"{prefix}{crash_id(number)}" for number in range(start, start + 1000)]
        return Page(keys, [], str(start + 1000) if start + 1000 < count else None)

    def most_memory():
        tracemalloc.start()
        options = S3Options(keybuilder_class="GCSKeyBuilder", read_older_layouts=False)
        assert sum(1 for _ in Listing(page, Keys(options)).of_day(DAY)) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    count = 2_000
    few = most_memory()
    count = 20_000
    assert most_memory() < few + 100_000


def test_the_real_pages_are_followed(make, moto, bucket):
    ids = [crash_id(number) for number in range(PAGE + 1)]
    for each in ids:
        moto.put(bucket, f"v1/raw_crash/{each}", b"")
    assert list(make().list_crashes()) == ids
