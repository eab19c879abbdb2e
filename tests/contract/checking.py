"""What the tests of the contract ask of storages that keep different parts of a crash."""


def check_dumps(storage, crash_id, dumps):
    """Check the dumps of a crash if the storage keeps dumps: the pinned table says whether."""
    if "get_raw_dumps" in storage.capabilities:
        assert storage.get_raw_dumps(crash_id) == dumps
