"""Crash IDs and crashes that the tests share."""

import datetime as dt


def crash_id(number, date="180601", depth=2):
    return f"{number:08x}-0000-4000-8000-00000{depth}{date}"


def days_ago(days):
    """Return a day as crash IDs have it, of the last month if order matters.

    Storages that keep no more than a month ask the clock which of its days is the newest.
    """
    return f"{dt.datetime.now(dt.UTC) - dt.timedelta(days):%y%m%d}"


CRASH_ID = crash_id(0xAABBCCCC)
SAME_RADIX = crash_id(0xAABBDDDD)
ELSEWHERE = crash_id(0x11223344)
OTHER_DAY = crash_id(0xAABBCCCC, date="180702")
DAY = dt.date(2018, 6, 1)

RAW = {"uuid": CRASH_ID, "ProductName": "Firefox", "Version": "60.0", "é": "ü\n"}
DUMPS = {"upload_file_minidump": b"MDMP\0\1\2", "upload_file_minidump_browser": b"", "memory": b"m"}
PROCESSED = {
    "uuid": CRASH_ID,
    "signature": "OOM | small",
    "email": "someone@example.com",
    "json_dump": {"sensitive": {"exploitability": "high"}, "threads": [{"frames": []}]},
}

BAD_IDS = {
    "empty": "",
    "short": CRASH_ID[:-1],
    "long": CRASH_ID + "0",
    "upper case": CRASH_ID.upper(),
    "newline": CRASH_ID + "\n",
    "newline within": CRASH_ID[:-1] + "\n",
    "slash": "../" + CRASH_ID[3:],
    "dots": "..",
    "null": CRASH_ID[:4] + "\0" + CRASH_ID[5:],
    "impossible date": crash_id(1, date="180631"),
    "month 0": crash_id(1, date="180001"),
    "letter at the depth": CRASH_ID[:29] + "a" + CRASH_ID[30:],
    "other digits": CRASH_ID[:-1] + "\N{ARABIC-INDIC DIGIT ONE}",
    "look-alike": "\N{CYRILLIC SMALL LETTER A}" + CRASH_ID[1:],
    "lone surrogate": "\ud800" + CRASH_ID[1:],
    "none": None,
    "number": 5,
    "bytes": CRASH_ID.encode(),
}

BAD_DUMP_NAMES = {
    "slash": "a/b",
    "up": "../../../../etc/passwd",
    "dot": ".",
    "hidden": ".hidden",
    "null": "a\0b",
    "newline": "a\nb",
    "delete": "a\x7f",
    "not ascii": "dümp",
    "look-alike": "a\N{DIVISION SLASH}b",
    "long": "x" * 300,
    "just too long": "x" * (255 - 36 - len(".") - len(".dump") + 1),
    "number": 5,
    "bytes": b"name",
}
LONGEST_DUMP_NAME = "x" * (255 - 36 - len(".") - len(".dump"))
