"""The verbs about configurations: `config show`, `check`, `example` and `from-configman`."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from socorro_fast.cli.failures import ExitCode, complain, verb
from socorro_fast.cli.lines import AsJson, show
from socorro_fast.config import Configuration
from socorro_fast.config.configman import translate
from socorro_fast.config.example import example as example_of
from socorro_fast.config.showing import as_data, as_toml
from socorro_fast.errors import ConfigurationError

app = typer.Typer(
    help="Show, check and write configurations; nothing is opened.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .toml or .json file.")]


def show_configuration(file: File, as_json: AsJson = False) -> None:
    """Print a configuration as it is understood.

    Defaults and SOCORRO_FAST_... variables are in it, and said to be; secrets are masked. With
    --json, one storage a line.
    """
    configuration = Configuration(file, drivers=False)
    if as_json:
        for path, plan in configuration.plans.items():
            print(json.dumps({"for": path} | as_data(plan)))
    else:
        print(as_toml(configuration), end="")


def check(file: File, as_json: AsJson = False) -> None:
    """Check a configuration whole, without opening anything; print what can be opened.

    A mistake is one line on standard error, with its place, and exit code 2.
    """
    plans = Configuration(file).plans
    if not plans:
        raise ConfigurationError(f"{str(file)!r} names no storage")
    for path, plan in plans.items():
        names = Counter(each.storage_class.__name__ for each in plan.within())
        of = ", ".join(f"{number} {name}" for name, number in names.items())
        record = {"for": path, "path": plan.path, "classes": dict(names)}
        show(record, f"{path or str(file)}: {of}", as_json)


def example(
    classes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLASS",
            help="Storage classes; none: a typical composition.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print a commented configuration with every option of the classes."""
    print(example_of(classes or ()), end="")


def from_configman(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A .ini, .conf, .env or .json file of configman's."),
    ],
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Write passwords, instead of where to set them.")
    ] = False,
) -> None:
    """Translate the storages of an old configuration; print the new one.

    What was not translated is said in comments at its top and on standard error. Where that is a
    storage or one of its options, it stands as it was, `config check` refuses it, and the exit
    code is 1.
    """
    translation = translate(file, with_secrets=secrets)
    print(translation.toml, end="")
    for note in translation.unknown:
        complain(f"not translated: {note}")
    for note in translation.remarks:
        complain(f"needs a look: {note}")
    for note in translation.failures:
        complain(f"could not be translated: {note}")
    if translation.failures:
        raise typer.Exit(ExitCode.FAILED)


app.command("show")(verb(show_configuration))
app.command("check")(verb(check))
app.command("example")(verb(example))
app.command("from-configman")(verb(from_configman))
