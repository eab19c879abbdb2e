"""Queues in RabbitMQ, against the original's way: python -m benches.rabbitmq [ROUNDS].

A broker of its own is started, with its files in the directory for temporary files (TMPDIR); or
SOCORRO_FAST_TEST_RABBITMQ names one. All contestants of a row take turns in one run.

A save that waits for its confirm goes through several threads and processes and to the disk: where
the processors are busy with something else, that is what is measured.

Eight threads that save one crash at a time cannot have more than eight on their way. The row "eight
in one write" sends eight from one thread, waits for their confirm, and sends the next: that is what
broker and disk leave to be reached so. What `save_raw_crash` is below it goes to threads that wake
one another. `save_many` has more on its way, and neither holds it up.

Exit status: 0 all reached, 1 something was missed, 3 something was missed on a machine that was
busy before it began.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import statistics
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
from pika import frame, spec

from socorro_fast import RabbitMQCrashStorage
from socorro_fast.crash_id import new_crash_ids

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from servers import rabbitmq

THREADS = 8
SAVES = 4000
TAKEN = 3000
WARM_UP_ROUNDS = 1
PLACE = "benches"
BUSY = 0.35
"""The load for each processor from which on they are not ours."""


def main() -> int:
    """Measure, print, and return the exit status."""
    logging.disable(logging.ERROR)
    busy = os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    saves = {
        "not confirmed, a connection a thread (the original)": save_original,
        "save_raw_crash, confirmed": save_each,
        "save_many of 100, confirmed": save_batches,
        "eight in one write, confirmed, from one thread": save_in_step,
    }
    takes = {
        "polled, pika alone (the original)": take_original,
        "consume='poll'": partial(take, consume="poll"),
        "consume='prefetch'": partial(take, consume="prefetch"),
    }
    saved = measure(f"{SAVES} saves from {THREADS} threads", saves, rounds, SAVES)
    taken = measure(f"{TAKEN} crashes taken and acknowledged", takes, rounds, TAKEN)
    print(f"{'eight in one write : not confirmed':44} {ratio(saved, 3, 0):6.2f}")
    print(f"{'confirmed from 8 threads : eight in one write':44} {ratio(saved, 1, 3):6.2f}")
    reached = [
        judge("confirmed from 8 threads : not confirmed", 0.5, ratio(saved, 1, 0)),
        judge("save_many from 8 threads : not confirmed", 0.5, ratio(saved, 2, 0)),
        judge("prefetch : consume='poll'", 3, ratio(taken, 2, 1)),
        judge("prefetch : polled by pika alone", 3, ratio(taken, 2, 0)),
    ]
    if all(reached):
        return 0
    if busy:
        print("the machine was busy before this began: measure again")
    return 3 if busy else 1


def measure(
    title: str, contestants: dict[str, Any], rounds: int, count: int
) -> dict[str, list[float]]:
    """Return what each contestant does a second, a figure a round."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(WARM_UP_ROUNDS + rounds):
        for name in random.sample([*contestants], len(contestants)):
            rabbitmq.delete_queues(PLACE)
            seconds = contestants[name](new_crash_ids(count))
            if number >= WARM_UP_ROUNDS:
                rates[name].append(count / seconds)
    rabbitmq.delete_queues(PLACE)
    print(f"\n{title}, a second: median (lowest to highest of {rounds})")
    for name, each in rates.items():
        low, high = min(each), max(each)
        print(f"  {name:52} {statistics.median(each):8,.0f}  ({low:,.0f} to {high:,.0f})")
    return rates


def ratio(rates: dict[str, list[float]], ours: int, theirs: int) -> float:
    """Return the median over the rounds of the ratio of two contestants."""
    each = [*rates.values()]
    return statistics.median(a / b for a, b in zip(each[ours], each[theirs], strict=True))


def judge(what: str, target: float, found: float) -> bool:
    """Print a ratio beside its target, and return whether it is reached."""
    print(f"{what:44} {found:6.2f} (target {target:g}): {'ok' if found >= target else 'MISSED'}")
    return found >= target


def in_threads(work: Callable[[list[str]], None], crash_ids: list[str]) -> float:
    """Return the seconds that THREADS threads take, each with its part of the crash IDs."""
    start = threading.Barrier(THREADS + 1)

    def run(part: list[str]) -> None:
        start.wait()
        work(part)

    parts = [crash_ids[number::THREADS] for number in range(THREADS)]
    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


def save_original(crash_ids: list[str]) -> float:
    """Publish as the original did: persistent, and not confirmed; until the broker has all."""
    queue = rabbitmq.queues(PLACE)["standard_queue_name"]
    properties = pika.BasicProperties(delivery_mode=2)
    with contextlib.ExitStack() as stack:
        channels = [
            stack.enter_context(contextlib.closing(rabbitmq.connect(rabbitmq.shared()))).channel()
            for _ in range(THREADS)
        ]
        channels[0].queue_declare(queue, durable=True)

        def work(part: list[str]) -> None:
            channel = channels.pop()
            for crash_id in part:
                channel.basic_publish("", queue, crash_id, properties)
            channel.queue_declare(queue, passive=True)

        return in_threads(work, crash_ids)


def save_each(crash_ids: list[str]) -> float:
    """Save one by one; each save returns when it is confirmed."""
    with opened() as storage:

        def work(part: list[str]) -> None:
            for crash_id in part:
                storage.save_raw_crash({}, None, crash_id)

        return in_threads(work, crash_ids)


def save_batches(crash_ids: list[str]) -> float:
    """Save a hundred a call; a call returns when all are confirmed."""
    with opened() as storage:

        def work(part: list[str]) -> None:
            for first in range(0, len(part), 100):
                items = (({}, None, crash_id) for crash_id in part[first : first + 100])
                assert not any(storage.save_many(items))

        return in_threads(work, crash_ids)


def save_in_step(crash_ids: list[str]) -> float:
    """Write eight messages at once, read until they are confirmed, and so on; in one thread."""
    queue = rabbitmq.queues(PLACE)["standard_queue_name"]
    with contextlib.closing(rabbitmq.connect(rabbitmq.shared())) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, durable=True)
        channel.confirm_delivery()
        messages = as_frames(channel.channel_number, queue, crash_ids)
        plain = connection._impl._transport._sock
        plain.settimeout(60)
        begun = time.perf_counter()
        for first in range(0, len(messages), THREADS):
            part = messages[first : first + THREADS]
            plain.sendall(b"".join(part))
            read_confirms(plain, first + len(part))
        elapsed = time.perf_counter() - begun
        # pika reads until there is nothing more.
        plain.setblocking(False)
        return elapsed


def as_frames(number: int, queue: str, crash_ids: list[str]) -> list[bytes]:
    """Return persistent messages as they go over the wire."""
    method = spec.Basic.Publish(exchange="", routing_key=queue, mandatory=True)
    properties = pika.BasicProperties(content_type="text/plain", delivery_mode=2)
    head = frame.Method(number, method).marshal()
    head += frame.Header(number, len(crash_ids[0]), properties).marshal()
    return [head + frame.Body(number, each.encode()).marshal() for each in crash_ids]


def read_confirms(plain: socket.socket, last: int) -> None:
    """Read until the message numbered `last` is confirmed, with all before it."""
    data, tag = b"", 0
    while tag < last or data:
        taken, it = frame.decode_frame(data)
        if it is None:
            data += plain.recv(65536)
            continue
        data = data[taken:]
        assert isinstance(it.method, spec.Basic.Ack)
        tag = max(tag, it.method.delivery_tag)


def opened(**options: Any) -> RabbitMQCrashStorage:
    """Return a storage that is connected."""
    storage = RabbitMQCrashStorage(**rabbitmq.options(PLACE), **options)
    assert not any(storage.new_crashes())
    with storage._saving() as connection:
        connection._ready_publisher()
    return storage


def fill(crash_ids: list[str]) -> None:
    """Put crashes on the standard queue."""
    with opened() as storage:
        storage.save_many(({}, None, crash_id) for crash_id in crash_ids)


def take(crash_ids: list[str], consume: str) -> float:
    """Take all new crashes and acknowledge each."""
    with opened(consume=consume) as storage:
        fill(crash_ids)
        begun = time.perf_counter()
        taken = [storage.ack_crash(crash_id) for crash_id in storage.new_crashes()]
        elapsed = time.perf_counter() - begun
    assert len(taken) == len(crash_ids)
    return elapsed


def take_original(crash_ids: list[str]) -> float:
    """Take as the original did: ask the priority queue, then the others; acknowledge each."""
    fill(crash_ids)
    names = rabbitmq.queues(PLACE)
    order = [names[f"{kind}_queue_name"] for kind in ("priority", "standard", "reprocessing")]
    with contextlib.closing(rabbitmq.connect(rabbitmq.shared())) as connection:
        channel = connection.channel()
        begun = time.perf_counter()
        taken = 0
        while True:
            for queue in order:
                method, _properties, _body = channel.basic_get(queue)
                if method is not None:
                    break
            else:
                break
            channel.basic_ack(method.delivery_tag)
            taken += 1
        elapsed = time.perf_counter() - begun
    assert taken == len(crash_ids)
    return elapsed


if __name__ == "__main__":
    sys.exit(main())
