"""The command line `socorro-fast`: one module per group of verbs.

Exit codes: 0 all done, 1 failed, 2 wrong usage, 3 something is not there or is damaged,
130 interrupted, 141 the reader of the output went away.
"""

import typer

from socorro_fast.cli import (
    bench,
    config,
    crash_ids,
    demo,
    inspect,
    move,
    postgresql,
    queue,
    rabbitmq,
    remove,
)
from socorro_fast.cli.failures import verb

app = typer.Typer(
    help="Store, fetch, list and queue crash reports.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found or damaged.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("demo")(verb(demo.demo))
app.command("put")(verb(move.put))
app.command("get")(verb(move.get))
app.command("cat")(verb(inspect.cat))
app.command("ls")(verb(inspect.ls))
app.command("rm")(verb(remove.rm))
app.command("new")(verb(queue.new))
app.command("bench")(verb(bench.bench))
app.add_typer(crash_ids.app, name="id")
app.add_typer(config.app, name="config")
app.add_typer(postgresql.app, name="postgresql")
app.add_typer(rabbitmq.app, name="rabbitmq")


def main() -> None:
    """Run the command line; the process ends with one of the exit codes above."""
    app(prog_name="socorro-fast")
