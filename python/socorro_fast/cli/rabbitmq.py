"""The verbs about queues in RabbitMQ: `rabbitmq reprocess`, `priority` and `purge`."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from socorro_fast.checks import check_crash_id
from socorro_fast.cli.failures import Failures, complain, verb
from socorro_fast.cli.lines import AsJson, CrashIds, read_ids, show
from socorro_fast.cli.stores import split_option
from socorro_fast.config import find_class
from socorro_fast.errors import InvalidCrashID
from socorro_fast.rabbitmq.options import RabbitMQOptions

app = typer.Typer(
    help="Queue crashes in RabbitMQ by their IDs; empty a queue.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_BATCH = 1000

RabbitMQOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        metavar="NAME=VALUE",
        help="An option of the storage, such as host=localhost; repeatable. "
        "SOCORRO_FAST_RABBITMQ_PASSWORD and the like are read as well.",
    ),
]


@app.command()
@verb
def reprocess(ids: CrashIds = None, option: RabbitMQOption = None, as_json: AsJson = False) -> None:
    """Queue crashes for reprocessing; print the ID of each that is queued."""
    _queue("ReprocessingRabbitMQCrashStore", ids, option, as_json)


@app.command()
@verb
def priority(ids: CrashIds = None, option: RabbitMQOption = None, as_json: AsJson = False) -> None:
    """Queue crashes before all others; print the ID of each that is queued."""
    _queue("PriorityjobRabbitMQCrashStore", ids, option, as_json)


@app.command()
@verb
def purge(
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Purge; without it, only say what would be.")
    ] = False,
    option: RabbitMQOption = None,
    as_json: AsJson = False,
) -> None:
    """Drop all messages that wait in a queue. Drops nothing without --yes.

    The queue itself stays, and so do the messages that a consumer has in hand.
    """
    with _open("RabbitMQCrashStorage", option) as storage:
        messages = storage.purge(queue) if yes else storage.count(queue)
    text = f"{'dropped' if yes else 'would drop'} {messages} messages of {queue}"
    show({"queue": queue, "messages": messages, "dropped": yes}, text, as_json)
    if not yes:
        complain("add --yes to do it")


def _queue(class_name: str, ids: list[str] | None, option: list[str] | None, as_json: bool) -> None:
    failures = Failures()
    checked = _checked(read_ids(ids), failures)
    with _open(class_name, option) as storage:
        while crash_ids := list(islice(checked, _BATCH)):
            storage.reprocess(crash_ids)
            for crash_id in crash_ids:
                show({"crash_id": crash_id, "queue": storage.queue}, crash_id, as_json)
    failures.finish()


def _checked(ids: Iterator[str], failures: Failures) -> Iterator[str]:
    for crash_id in ids:
        try:
            yield check_crash_id(crash_id)
        except InvalidCrashID as error:
            failures.add(error)


def _open(class_name: str, option: list[str] | None) -> Any:
    # Somebody waits: what does not work is said at once. Options may ask for more patience.
    options: dict[str, Any] = {"transaction_executor_class": "TransactionExecutor"}
    options |= RabbitMQOptions.find_in_environment()
    options |= dict(split_option(each) for each in option or ())
    return find_class(class_name)(**options)
