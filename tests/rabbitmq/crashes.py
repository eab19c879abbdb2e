"""What the tests of the queues have in common."""

from concurrent.futures import ThreadPoolExecutor

from contract.samples import crash_id

IDS = [crash_id(number) for number in range(1000)]
CRASH_ID, SECOND, THIRD = IDS[:3]


def save(storage, *crash_ids):
    for each in crash_ids:
        storage.save_raw_crash({}, {}, each)


def drain(storage):
    """Take and acknowledge all there is; return it in order."""
    return [storage.ack_crash(each) for each in storage.new_crashes()]


def in_threads(call, items, threads=8):
    """Call `call` with each item, in so many threads; return the results in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, items))


def elsewhere(call, *args):
    """Call in another thread."""
    return in_threads(lambda _: call(*args), [None], threads=1)[0]


def deliveries(storage):
    """Return what the storage's messages are delivered on."""
    with storage._taking() as connection:
        return connection.deliveries(storage.options.prefetch_count)
