# SPDX-License-Identifier: Apache-2.0
"""``bwcolor watch``: the options of ``bwcolor colorize``, for what arrives."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from bwcolor.cli.colorize import colorize, job_of
from bwcolor.cli.options import run

if TYPE_CHECKING:
    from bwcolor.archive.summary import Summary
    from bwcolor.cli.progress import Progress

# Options of colorize that mean nothing where there is no end
WITHOUT = (
    "dry_run",
    "files_from",
    "limit",
    "sample",
    "seed",
    "samples",
    "shard",
    "hints",
    "decisions",
    "consistent",
    "sequence",
    "engine",
    "ray_address",
)

Settle = Annotated[
    float,
    typer.Option(
        help="Seconds that a file must have stood still before it is opened.", min=0, rich_help_panel=run.PANEL
    ),
]
Poll = Annotated[
    bool,
    typer.Option(
        "--poll",
        help="Look at all files again and again: for network shares, which do not tell what others write.",
        rich_help_panel=run.PANEL,
    ),
]


def watch(**given: Any) -> None:
    """Color what is in folders and not done yet, then whatever arrives, until it is stopped.

    It is `bwcolor colorize`, again and again, with the same options, ledger and output. A file that is still being
    written is left until it is whole. Ctrl-C once finishes the photos in work and stops, twice stops at once; the next
    start goes on where this one stopped. Each round is told of when it ends, with --json as one line.

    Examples:
        bwcolor watch scans --out color --until 18:00

        bwcolor watch scans --poll --settle 20
    """
    from bwcolor.archive.watching import watch as watch_all

    seconds, polling, as_json = given.pop("settle"), given.pop("poll"), given.pop("json")
    usual = {name: parameter.default for name, parameter in inspect.signature(colorize).parameters.items()}
    job = job_of({name: usual[name] for name in WITHOUT if name in usual} | given)
    rounds = _Rounds(as_json, {name: given[name] for name in ("quiet", "verbose")}, given["log_file"])
    raise typer.Exit(int(watch_all(job, rounds, seconds=seconds, polling=polling)))


class _Rounds:
    """Tells of each round as `bwcolor colorize` does of its only one."""

    def __init__(self, as_json: bool, loudness: dict[str, Any], log: Any) -> None:
        self._json, self._loudness, self._log = as_json, loudness, log
        self._progress: Progress | None = None

    def begin(self) -> Progress:
        """Begin a round."""
        from bwcolor.cli.progress import Progress

        self._progress = Progress(log=self._log, **self._loudness)
        return self._progress

    def end(self, summary: Summary) -> None:
        """Tell how it went."""
        from json import dumps

        from bwcolor.cli.outcome import print_summary

        on_screen = self._progress.on_screen if self._progress else frozenset()
        if self._progress is not None:
            self._progress.close()
        if self._json:
            typer.echo(dumps(summary.plain()))
        elif summary.done or summary.skipped or summary.failures:
            print_summary(summary, on_screen)


def _signature() -> inspect.Signature:
    """Return the parameters of colorize that have a meaning here, and our own."""
    hints = get_type_hints(colorize, include_extras=True)
    kept = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(colorize).parameters.items()
        if name not in WITHOUT
    ]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [
        inspect.Parameter("settle", kind, default=5.0, annotation=Settle),
        inspect.Parameter("poll", kind, default=False, annotation=Poll),
    ]
    return inspect.Signature(kept + own)


watch.__signature__ = _signature()  # type: ignore[attr-defined]
watch.__annotations__ = {name: each.annotation for name, each in _signature().parameters.items()}
