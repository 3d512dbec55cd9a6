# SPDX-License-Identifier: Apache-2.0
"""``bwcolor turing`` and what stands below it: a study of whether people can tell color copies from photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bwcolor.turing.store import Study

DEFAULT_STUDY = Path("turing-study")
DEFAULT_PORT = 8765
PICTURES_PANEL = "Pictures of a new study"
SERVER_PANEL = "Server"
TABLE_WIDTH = 80  # columns


def turing(context: typer.Context) -> None:
    """Ask people which picture is the fake: a colorization Turing test.

    Each trial shows a photograph and a colored gray version of it for one second. The share of answers that took the
    fake for the photograph is the measure of a network: 50 % is perfect.

    Examples:
        bwcolor turing serve --truth photos --pred theirs

        bwcolor turing report turing-study
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def serve(
    pred: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of color copies under the photographs' names; may be repeated, and named: NAME=DIR.",
            metavar="DIR",
            rich_help_panel=PICTURES_PANEL,
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Folder of the color photographs.", metavar="DIR", rich_help_panel=PICTURES_PANEL),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(
            help="Photos to test, drawn from all (default: 40, or what there is).",
            metavar="N",
            min=1,
            show_default=False,
            rich_help_panel=PICTURES_PANEL,
        ),
    ] = None,
    practice: Annotated[
        int | None,
        typer.Option(
            help="Photos for practice, answered with feedback and not counted (default: 10).",
            metavar="N",
            min=0,
            show_default=False,
            rich_help_panel=PICTURES_PANEL,
        ),
    ] = None,
    vigilance: Annotated[
        int | None,
        typer.Option(
            help="Photos for obviously bad fakes: who misses more than a fifth of them is set aside (default: 6).",
            metavar="N",
            min=0,
            show_default=False,
            rich_help_panel=PICTURES_PANEL,
        ),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            help="Most pixels of a picture's longer side (default: 400).",
            metavar="N",
            min=16,
            max=2000,
            show_default=False,
            rich_help_panel=PICTURES_PANEL,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of the draw (default: 0).", metavar="N", show_default=False, rich_help_panel=PICTURES_PANEL),
    ] = None,
    single: Annotated[
        bool,
        typer.Option("--single", help="One picture in each trial: real or fake?", rich_help_panel=PICTURES_PANEL),
    ] = False,
    study: Annotated[
        Path, typer.Option(help="Folder of the study: its pictures and answers.", metavar="DIR")
    ] = DEFAULT_STUDY,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.", rich_help_panel=SERVER_PANEL)
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535, rich_help_panel=SERVER_PANEL)
    ] = DEFAULT_PORT,
) -> None:
    """Begin a study, or go on with it, and serve it to participants until Ctrl-C.

    The folder of the study holds everything that is served, so later only --study is needed. Each participant sees each
    photo once, with the fake of one of the --pred folders. What is true of a trial stays on this side; nothing is kept
    of participants but their answers under a random number.

    Examples:
        bwcolor turing serve --truth photos --pred theirs --pred ours=scans-color --pairs 40 --seed 0

        bwcolor turing serve --study turing-study --host 0.0.0.0 --port 8080
    """
    from bwcolor.turing.plan import Form
    from bwcolor.turing.serving import LOOPBACK, address_of, bind, check_extra
    from bwcolor.turing.serving import serve as serve_until_stopped
    from bwcolor.turing.study import Request, begin, named

    check_extra()
    form = Form.SINGLE if single else None
    request = Request(truth, named(pred or []), form, pairs, practice, vigilance, side, seed)
    with bind(host, port) as taken:
        begun = begin(study, request, _progress)

        def ready(size: int) -> None:
            _tell_study(begun, size)
            if host not in LOOPBACK:
                typer.echo("Everyone who reaches this address can take part, and it is not encrypted.", err=True)
            typer.echo(f"Open {address_of(taken)}")
            typer.echo(f"Ctrl-C ends it; bwcolor turing report {study} tells what was found.", err=True)

        serve_until_stopped(study, taken, ready)


def report(
    study: Annotated[Path, typer.Argument(help="Folder of the study.", metavar="STUDY")] = DEFAULT_STUDY,
    photos: Annotated[
        int, typer.Option(help="How many photos are listed, those that were taken for real most often first.", min=0)
    ] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option(help="Write a line for each photo and model here.", metavar="FILE"),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="Write a line for each answer here.", metavar="FILE"),
    ] = None,
) -> None:
    """Tell how often people took fakes for real, with 95 % intervals over participants and photos.

    50 % is perfect: people only guess. It can be asked while the study is served.

    Examples:
        bwcolor turing report turing-study

        bwcolor turing report turing-study --csv photos.csv --answers answers.csv
    """
    from bwcolor.cli.terminal import print_json, print_table
    from bwcolor.turing import report as telling
    from bwcolor.turing.analysis import analyze
    from bwcolor.turing.store import Store

    store = Store(study)
    try:
        given = store.trials()
        found = analyze(store.study(), given)
    finally:
        store.close()
    if csv is not None:
        telling.write(csv, telling.photos_csv(found))
    if answers is not None:
        telling.write(answers, telling.answers_csv(found, given))
    if json:
        print_json(telling.as_json(found))
        return
    percent = telling.heading(found)
    print_table("", ("model", f"{percent}#", "95 % interval#", "answers#"), telling.share_lines(found), TABLE_WIDTH)
    if found.differences:
        columns = ("difference", "points#", "95 % interval#")
        print_table("No chance where the interval holds no zero", columns, telling.difference_lines(found), TABLE_WIDTH)
    listed = telling.photo_lines(found, photos)
    if listed:
        print_table("Most often taken for real", ("photo", "model", f"{percent}#", "answers#"), listed, TABLE_WIDTH)
    for line in telling.remarks(found):
        typer.echo(line)


def _tell_study(study: Study, size: int) -> None:
    from bwcolor.cli.terminal import amount

    settings = study.settings
    typer.echo(
        f"Photos to test: {settings.pairs}, by {', '.join(study.systems)}; for practice: {settings.practice}; "
        f"obvious fakes: {settings.vigilance}; {amount(size)} of pictures in memory."
    )
    for note in study.notes:
        typer.echo(note, err=True)


def _progress(photos: Iterable[int]) -> Iterable[int]:
    """Show progress on stderr where that is a terminal."""
    from tqdm import tqdm

    return tqdm(photos, unit="photo", disable=None, dynamic_ncols=True)


SUBCOMMANDS: dict[str, Callable[..., Any]] = {"serve": serve, "report": report}
