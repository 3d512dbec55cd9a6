# SPDX-License-Identifier: Apache-2.0
"""``bwcolor eval``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from bwcolor.evaluation.comparison import Comparison

MODEL_PANEL = "Networks"
RESULT_PANEL = "Results"
DEFAULT_METRICS = "psnr,sat-diff,colorfulness,chroma-ratio"


def evaluate(
    data: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            help="Color photographs: folders or files. Default: `data` of bwcolor.toml, else ./photos.", metavar="DATA"
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="Networks, with commas between; NAME=FILE takes other weights.",
            metavar="NAMES",
            rich_help_panel=MODEL_PANEL,
        ),
    ] = "gan",
    metrics: Annotated[
        str, typer.Option(help="Metrics, with commas between, or all.", metavar="NAMES")
    ] = DEFAULT_METRICS,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=MODEL_PANEL)] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.", rich_help_panel=MODEL_PANEL)] = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=RESULT_PANEL)
    ] = False,
    csv: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write every photo's values here.", metavar="FILE", rich_help_panel=RESULT_PANEL),
    ] = None,
    worst: Annotated[
        int, typer.Option(help="How many of the worst photos are listed.", min=0, rich_help_panel=RESULT_PANEL)
    ] = 5,
) -> None:
    """Judge networks by photographs whose colors are known.

    Each photograph's gray version (the neutral with its own lightness) is colorized and compared with it. The gray
    photo itself and one constant tint are always compared too: a network has to beat them.

    Examples:
        bwcolor eval photos --model gan,classify

        bwcolor eval photos --metrics psnr,colorfulness --csv values.csv
    """
    from bwcolor.models.table import find_model

    models = tuple(name.strip() for name in model.split(",") if name.strip())
    for name in models:
        find_model(name.partition("=")[0])
    from bwcolor.evaluation.comparison import Request, compare
    from bwcolor.evaluation.photographs import data_or_default

    request = Request(
        data=data_or_default(data),
        models=models,
        metrics=metrics,
        options=(("device", device), ("precision", precision)),
    )
    found = compare(request, _progress)
    _tell(found, worst, json, csv)


def _progress(names: Iterable[str]) -> Iterable[str]:
    """Show progress on stderr where that is a terminal."""
    from tqdm import tqdm

    return tqdm(names, unit="photo", disable=None)


def _tell(found: Comparison, worst: int, json: bool, csv: Path | None) -> None:
    """Print and write what came out.

    Raises:
        typer.Exit: Some photos failed.
    """
    from bwcolor.errors import ExitCode
    from bwcolor.evaluation import report

    if csv is not None:
        report.write(csv, report.as_csv(found.scores))
    if json:
        from json import dumps

        typer.echo(dumps(report.as_json(found), indent=2))
    else:
        _print_tables(found, worst)
    if found.scores.failed:
        raise typer.Exit(int(ExitCode.PHOTOS_FAILED))


def _print_tables(found: Comparison, worst: int) -> None:
    from rich.console import Console

    from bwcolor.evaluation import report

    console = Console(markup=False, highlight=False)
    for table in report.tables(found, worst):
        console.print(table)
    for line in report.remarks(found):
        console.print(line)
