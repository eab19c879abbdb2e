"""The crashes of these tests: IDs as today's collector makes them, and odd but honest content."""

import datetime as dt

# The digit before the date is Antenna's throttle result: 0 accepted, 1 deferred.
ACCEPTED = "aabbcccc-0000-4000-8000-000000260801"
ACCEPTED_TOO = "aabbdddd-0000-4000-8000-000000260801"
DEFERRED = "aabbcccc-0000-4000-8000-000001260801"
DEPTH_2 = "aabbcccc-0000-4000-8000-000002180601"
IDS = [ACCEPTED, ACCEPTED_TOO, DEFERRED, DEPTH_2]

RAW = {
    "uuid": ACCEPTED,
    "Version": "130.0",
    "ProductName": "Firefox",
    "é": "ü\n\N{PILE OF POO}",
    "nested": {"b": [1, 2.5, None, True], "a": {}},
    "big": 2**70,
}
DUMPS = {"upload_file_minidump": b"MDMP\0main", "upload_file_minidump_browser": b"", "memory": b"m"}
PROCESSED = {
    "uuid": ACCEPTED,
    "signature": "OOM | small",
    "email": "someone@example.com",
    "date_processed": "2026-08-01T12:34:56+00:00",
}
WITH_DATES = PROCESSED | {
    "started": dt.datetime(2026, 8, 1, 12, 34, 56, 789, tzinfo=dt.UTC),
    "completed": dt.datetime(2026, 8, 1, 12, 34, 57),  # noqa: DTZ001 - Socorro had such
}
