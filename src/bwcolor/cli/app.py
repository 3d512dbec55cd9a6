# SPDX-License-Identifier: Apache-2.0
"""The command line: its commands, its settings file, its version."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from bwcolor import __version__
from bwcolor.cli.bins import bins
from bwcolor.cli.colorize import colorize
from bwcolor.cli.compare import compare
from bwcolor.cli.eval import evaluate
from bwcolor.cli.info import info
from bwcolor.cli.models import SUBCOMMANDS as MODELS_SUBCOMMANDS
from bwcolor.cli.models import models
from bwcolor.cli.review import review
from bwcolor.cli.status import report, status, verify
from bwcolor.cli.train import train
from bwcolor.cli.turing import SUBCOMMANDS as TURING_SUBCOMMANDS
from bwcolor.cli.turing import turing
from bwcolor.cli.watch import watch
from bwcolor.config import FILE_NAME, defaults_by_command, read_settings

# One word for one setting, whichever command takes it: BWCOLOR_DEVICE, BWCOLOR_WORKING_SIZE, ...
ENVIRONMENT_PREFIX = "BWCOLOR"
_CONTEXT = {"auto_envvar_prefix": ENVIRONMENT_PREFIX, "help_option_names": ["-h", "--help"]}

ARCHIVE_PANEL = "Color an archive"
MODEL_PANEL = "Networks"


class _Command(TyperCommand):
    """A command with readable help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        TyperCommand.format_help(_readable(self), ctx, formatter)


class _Group(TyperGroup):
    """The commands, with readable help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        TyperGroup.format_help(_readable(self), ctx, formatter)


def _readable(command: Any) -> Any:
    """Return a copy of a command for its help page.

    Paragraphs flow to the terminal's width (examples, which are indented, stay), brackets are no markup, and the
    variable of each option is left away, since the main help says how they are called.
    """
    from rich.markup import escape

    shown = copy(command)
    paragraphs = (command.help or "").split("\n\n")
    shown.help = escape("\n\n".join(text if "\n " in text else text.replace("\n", " ") for text in paragraphs))
    shown.params = [copy(parameter) for parameter in command.params]
    for parameter in shown.params:
        parameter.show_envvar = False
        parameter.help = escape(parameter.help or "")
    return shown


app = typer.Typer(
    name="bwcolor",
    cls=_Group,
    context_settings=_CONTEXT,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bwcolor {__version__}")
        raise typer.Exit


@app.callback()
def bwcolor(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file (default: bwcolor.toml, if it is here).", metavar="FILE"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Colorize archives of historic black-and-white photographs, faithfully.

    Every option can also stand in bwcolor.toml (working-size = 256) or in the environment (BWCOLOR_WORKING_SIZE=256).
    The command line goes first, then the environment, then the file.

    Example:
        bwcolor colorize scans
    """
    path = config or Path(FILE_NAME)
    if config is None and not path.is_file():
        return
    commands = context.command.commands  # type: ignore[attr-defined]
    options = {name: {option.name for option in command.params} - {"help"} for name, command in commands.items()}
    defaults = defaults_by_command(read_settings(path), options, path.name)
    for name, command in commands.items():
        for option in command.params:
            value = defaults[name].get(option.name)
            several = getattr(option, "multiple", False) or option.nargs == -1
            if several and value is not None and not isinstance(value, list):
                defaults[name][option.name] = [value]
    context.default_map = defaults


def add(name: str, function: Callable[..., Any], panel: str) -> None:
    """Hang a command on the app."""
    app.command(name, cls=_Command, context_settings=dict(_CONTEXT), rich_help_panel=panel)(function)


def add_group(name: str, function: Callable[..., Any], below: dict[str, Callable[..., Any]], panel: str) -> None:
    """Hang a command on the app that has others below it, and does something by itself."""
    group = typer.Typer(name=name, cls=_Group, context_settings=dict(_CONTEXT), rich_markup_mode="rich")
    group.callback(invoke_without_command=True)(function)
    for word, command in below.items():
        group.command(word, cls=_Command, context_settings=dict(_CONTEXT))(command)
    app.add_typer(group, rich_help_panel=panel)


add("colorize", colorize, ARCHIVE_PANEL)
add("watch", watch, ARCHIVE_PANEL)
add("status", status, ARCHIVE_PANEL)
add("verify", verify, ARCHIVE_PANEL)
add("report", report, ARCHIVE_PANEL)
add("review", review, ARCHIVE_PANEL)
add("info", info, ARCHIVE_PANEL)
add("train", train, MODEL_PANEL)
add("eval", evaluate, MODEL_PANEL)
add("compare", compare, MODEL_PANEL)
add("bins", bins, MODEL_PANEL)
add_group("models", models, MODELS_SUBCOMMANDS, MODEL_PANEL)
add_group("turing", turing, TURING_SUBCOMMANDS, MODEL_PANEL)
