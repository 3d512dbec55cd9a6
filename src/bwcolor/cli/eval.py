# SPDX-License-Identifier: Apache-2.0
"""``bwcolor eval``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bwcolor.cli.options import color

if TYPE_CHECKING:
    from bwcolor.evaluation.comparison import Comparison, Request
    from bwcolor.evaluation.report import Grid

FOLDER_PANEL = "Folders instead of networks"
RESULT_PANEL = "Results"
DEFAULT_MODEL = "gan"
DEFAULT_METRICS = "psnr,sat-diff,colorfulness,chroma-ratio"


def evaluate(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Color photographs: folders or files. Default: `data` of bwcolor.toml, else ./photos.",
            metavar="DATA",
            show_default=False,
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="Metrics, with commas between, or all (those without a download).", metavar="NAMES")
    ] = DEFAULT_METRICS,
    list_metrics: Annotated[bool, typer.Option("--list", help="List the metrics and end.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(help="Only the first N photos.", metavar="N", min=1),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Networks, with commas between; NAME=FILE takes weights of your own (default: gan; with --pred none).",
            metavar="NAMES",
            show_default=False,
            rich_help_panel=color.PANEL,
        ),
    ] = None,
    device: color.Device = "auto",
    precision: color.Precision = "auto",
    working_size: color.WorkingSize = None,
    temperature: color.Temperature = None,
    saturation: color.Saturation = 1.0,
    upsample: color.Upsample = "edge",
    levels: color.Levels = "auto",
    effort: color.Effort = "auto",
    pred: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of predictions under the truths' names; may be repeated.",
            metavar="DIR",
            rich_help_panel=FOLDER_PANEL,
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Folder of the truths; the same as DATA.", metavar="DIR", rich_help_panel=FOLDER_PANEL),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=RESULT_PANEL)
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(help="Write every photo's values here.", metavar="FILE", rich_help_panel=RESULT_PANEL),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a page here: numbers, plots, and the photographs, worst first.",
            metavar="FILE",
            rich_help_panel=RESULT_PANEL,
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(
            help="How many of the worst photos are shown (5 in the terminal, 24 in a page).",
            metavar="N",
            min=0,
            show_default=False,
            rich_help_panel=RESULT_PANEL,
        ),
    ] = None,
) -> None:
    """Judge networks by photographs whose colors are known.

    Each photograph's gray version (the neutral with its own lightness) is colorized and compared with it. The gray
    photo itself and one constant tint are always compared too: a network has to beat them. With --pred, folders of
    color pictures that anyone made are judged instead.

    Examples:
        bwcolor eval photos --model gan,classify

        bwcolor eval photos --metrics all --html comparison.html --csv values.csv

        bwcolor eval photos --pred theirs --metrics psnr,ciede2000
    """
    if list_metrics:
        _list(json)
        return
    options = {
        "device": device, "precision": precision, "working_size": working_size, "temperature": temperature,
        "saturation": saturation, "upsample": upsample, "levels": levels,
        "quality": effort,
    }  # fmt: skip
    names = model if model is not None else "" if pred else DEFAULT_MODEL
    request = _request(_truths(data, truth), names, pred or [], metrics, options, limit or 0)
    from bwcolor.evaluation.comparison import compare

    _tell(compare(request, _progress), json, csv, html, worst)


def _list(json: bool) -> None:
    from bwcolor.cli.terminal import print_json
    from bwcolor.evaluation import report
    from bwcolor.metrics.table import METRICS

    if json:
        print_json([report.described(metric) for metric in METRICS.values()])
    else:
        _print(report.list_metrics(tuple(METRICS.values())))


def _truths(data: list[Path] | None, truth: Path | None) -> list[Path]:
    from bwcolor.errors import UsageError

    if data and truth:
        raise UsageError("DATA and --truth are two words for the same.", "Name the photographs once.")
    return data or ([truth] if truth else [])


def _request(
    data: list[Path], model: str, pred: list[Path], metrics: str, options: dict[str, Any], limit: int
) -> Request:
    """Return what is to be compared; an unknown model is told before anything heavy is imported."""
    from bwcolor.models.table import find_model

    models = tuple(name.strip() for name in model.split(",") if name.strip())
    for name in models:
        find_model(name.partition("=")[0])
    from bwcolor.evaluation.comparison import Request

    return Request(tuple(data), models, tuple(pred), metrics, tuple(options.items()), limit)


def _progress(names: Iterable[str]) -> Iterable[str]:
    """Show progress on stderr where that is a terminal."""
    from tqdm import tqdm

    return tqdm(names, unit="photo", disable=None, dynamic_ncols=True)


def _tell(found: Comparison, json: bool, csv: Path | None, html: Path | None, worst: int | None) -> None:
    """Print and write what came out.

    Raises:
        typer.Exit: Some photos failed.
    """
    from bwcolor.cli.terminal import print_json
    from bwcolor.errors import ExitCode
    from bwcolor.evaluation import page, report

    if csv is not None:
        report.write(csv, report.as_csv(found.scores))
    if html is not None:
        report.write(html, page.page(found, page.WORST if worst is None else worst))
    if json:
        print_json(report.as_json(found))
    else:
        for grid in report.grids(found, 5 if worst is None else worst):
            _print(grid)
        for line in report.remarks(found):
            typer.echo(line)
    if found.scores.failed:
        raise typer.Exit(int(ExitCode.PHOTOS_FAILED))


def _print(grid: Grid) -> None:
    from bwcolor.cli.terminal import print_table

    print_table(grid.title, grid.columns, grid.rows)
