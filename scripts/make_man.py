#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the manual pages from the command line itself: bwcolor.1 and one page for each command.

python scripts/make_man.py            write man/*.1
python scripts/make_man.py --check    say which pages are stale, and fail if any is
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from bwcolor import __version__
from bwcolor.cli.app import app
from bwcolor.errors import ExitCode

MAN = Path(__file__).resolve().parent.parent / "man"
PROGRAM = "bwcolor"
OPTIONS = "Options"

EXIT_MEANINGS = {
    ExitCode.OK: "Everything asked for is done, or was done already.",
    ExitCode.DEFECT: "A defect of bwcolor's own; the message says how to report it.",
    ExitCode.USAGE: "Wrong use: an option, a model's name, a device, a configuration file.",
    ExitCode.PHOTOS_FAILED: "Finished, but some or all photos failed; they are listed.",
    ExitCode.NOTHING_TO_DO: "Nothing could be started: the input is missing or holds no photos, or weights or an "
    "optional package are missing.",
    ExitCode.VERIFICATION_FAILED: "Verification failed: a file is not what the ledger says.",
    ExitCode.OUTPUT_FAILED: "The output cannot be written: permission, disk full.",
    ExitCode.INTERRUPTED: "Interrupted; run the same command again to go on.",
    ExitCode.TERMINATED: "Terminated; run the same command again to go on.",
}


def walk(command: Any, name: str = PROGRAM) -> Iterator[tuple[str, Any]]:
    """Yield ("bwcolor train", command) for the program and everything below it that is not hidden."""
    yield name, command
    for word, below in sorted(getattr(command, "commands", {}).items()):
        if not below.hidden:
            yield from walk(below, f"{name} {word}")


def escape(text: str) -> str:
    """Make text safe for roff: backslashes, hyphens that are typed, lines that begin like requests."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^(?=[.'])", r"\\&", text)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the roff of a help text: paragraphs are filled, indented ones and those marked by \\b stay as typed."""
    for block in re.split(r"\n\s*\n", text.strip().partition("\f")[0]):
        lines = block.split("\n")
        typed = lines[0].strip() == "\b"
        if typed:
            lines = lines[1:]
        head = [] if typed else [line for line in lines if not line.startswith("  ")]
        body = lines if typed else [line for line in lines if line.startswith("  ")]
        if head:
            yield ".PP\n" + escape(" ".join(line.strip() for line in head))
        if body:
            yield ".PP\n.RS 4\n.nf\n" + escape("\n".join(line.strip() for line in body)) + "\n.fi\n.RE"


def summary(command: Any) -> str:
    """Return the first sentence of a command's help, without its full stop."""
    first = " ".join((command.help or "").strip().split("\n\n")[0].split())
    return re.split(r"\.(?:\s|$)", first)[0]


def entries(command: Any, context: Any) -> dict[str, list[tuple[str, str]]]:
    """Return what --help lists of arguments and options: panel -> [(names and value, text)]."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        usual = "Arguments" if parameter.param_type_name == "argument" else OPTIONS
        panels.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(record)
    return panels


def page(name: str, command: Any, names: list[str]) -> str:
    """Return the roff of one page.

    Args:
        name: "bwcolor" or "bwcolor train".
        command: Its typer command.
        names: Of all pages, for SEE ALSO.
    """
    context = command.context_class(command, info_name=name, **command.context_settings)
    title = name.replace(" ", "-")
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [
        f'.TH "{escape(title.upper())}" "1" "" "{PROGRAM} {__version__}" "User Commands"',
        f".SH NAME\n{escape(title)} \\- {escape(summary(command))}",
        f".SH SYNOPSIS\n.B {escape(usage)}",
        ".SH DESCRIPTION\n" + "\n".join(paragraphs(command.help or "")),
    ]
    below = {word: under for word, under in sorted(getattr(command, "commands", {}).items()) if not under.hidden}
    if below:
        rows = [f".TP\n.B {escape(word)}\n{escape(summary(under))}." for word, under in below.items()]
        parts.append(".SH COMMANDS\n" + "\n".join(rows))
    for panel, records in entries(command, context).items():
        rows = [f".TP\n.B {escape(left)}\n{escape(' '.join(text.split()))}" for left, text in records]
        parts.append(f".SH {escape(panel.upper())}\n" + "\n".join(rows))
    if name == PROGRAM:
        rows = [f".TP\n.B {code.value}\n{escape(meaning)}" for code, meaning in EXIT_MEANINGS.items()]
        parts.append(".SH EXIT STATUS\n" + "\n".join(rows))
    others = [other for other in names if other != name and (other == PROGRAM or other.startswith(f"{name} "))]
    if others:
        parts.append(".SH SEE ALSO\n" + ", ".join(f"\\fB{escape(other.replace(' ', '-'))}\\fR(1)" for other in others))
    return "\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """Return every page: file name -> roff."""
    commands = dict(walk(typer.main.get_command(app)))
    return {f"{name.replace(' ', '-')}.1": page(name, command, list(commands)) for name, command in commands.items()}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check compare them; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    fresh = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in MAN.glob("*.1")}
    stale = sorted(name for name in fresh.keys() | there.keys() if fresh.get(name) != there.get(name))
    if arguments:
        for name in stale:
            print(f"man/{name} is not what the command line says")
        return 1 if stale else 0
    MAN.mkdir(exist_ok=True)
    for name in stale:
        if name in fresh:
            (MAN / name).write_text(fresh[name], encoding="utf-8", newline="\n")
        else:
            (MAN / name).unlink()
        print(f"man/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
