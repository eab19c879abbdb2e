"""The verbs that look after a PostgreSQL database: `postgresql setup`, `drop`, `migrate`, ..."""

import datetime as dt
from typing import Annotated

import typer

from socorro_fast.cli.failures import verb
from socorro_fast.cli.lines import AsJson, show
from socorro_fast.cli.stores import split_option
from socorro_fast.errors import ConfigurationError
from socorro_fast.postgresql import schema, setupdb
from socorro_fast.postgresql.connection_context import ConnectionContext
from socorro_fast.postgresql.connection_options import ConnectionOptions
from socorro_fast.postgresql.failures import translating
from socorro_fast.postgresql.partitions import drop_partitions, make_partitions_ahead, monday_of

app = typer.Typer(
    help="Make, migrate and drop a database for crashes, and its weekly partitions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        metavar="NAME=VALUE",
        help="An option of the connection, such as database_name=breakpad; repeatable. "
        "SOCORRO_FAST_DATABASE_PASSWORD and the like are read as well.",
    ),
]
Weeks = Annotated[
    int, typer.Option(min=0, metavar="N", help="Make partitions for N weeks, this one first.")
]


def setup(
    option: Options = None,
    read_write_role: Annotated[
        list[str], typer.Option(metavar="ROLE", help="May read and write; repeatable.")
    ] = list(setupdb.READ_WRITE_ROLES),  # noqa: B006 - typer copies it
    read_only_role: Annotated[
        list[str], typer.Option(metavar="ROLE", help="May read; repeatable.")
    ] = list(setupdb.READ_ONLY_ROLES),  # noqa: B006 - likewise
    weeks: Weeks = 2,
    as_json: AsJson = False,
) -> None:
    """Make what is missing of database, schema, roles and partitions; print the partitions.

    The role that logs in must be allowed to make databases and roles. New roles have no password:
    give them one, or let the server know them otherwise.
    """
    made = setupdb.setup(
        _context(option),
        read_write_roles=read_write_role,
        read_only_roles=read_only_role,
        weeks=weeks,
    )
    _show("made", made, as_json)


def drop(
    option: Options = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: all crashes in it are lost.")] = False,
) -> None:
    """Drop the database with all that is in it; who is connected is cut off. Roles stay.

    One that has tables, and not those of crashes, is left alone.
    """
    context = _context(option)
    if not yes:
        raise ConfigurationError(f"to drop {context.where}, say --yes")
    setupdb.drop_database(context)


def migrate(option: Options = None) -> None:
    """Bring the schema of a database up to date: all of it, or nothing."""
    schema.migrate(_context(option))


def partitions(
    option: Options = None,
    weeks: Weeks = 2,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Drop what is older than this week and the N - 1 before it."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make partitions ahead, and drop old ones with all that is in them; print their names.

    For a job that runs every day: saves make missing partitions, too, but wait for it.
    """
    context = _context(option)
    where = "look after partitions", context.where, context.password
    with translating(*where), context() as connection:
        _show("made", make_partitions_ahead(connection, weeks), as_json)
        if keep is not None:
            this_week = monday_of(dt.datetime.now(dt.UTC).date())
            before = this_week - dt.timedelta(weeks=keep - 1)
            _show("dropped", drop_partitions(connection, before), as_json)


def _context(options: list[str] | None) -> ConnectionContext:
    given = dict(split_option(option) for option in options or ())
    return ConnectionContext(**ConnectionOptions.find_in_environment() | given)


def _show(done: str, names: list[str], as_json: bool) -> None:
    for name in names:
        show({"partition": name, "done": done}, f"{done} {name}", as_json)


for _verb in (setup, drop, migrate, partitions):
    app.command()(verb(_verb))
