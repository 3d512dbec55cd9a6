# SPDX-License-Identifier: Apache-2.0
"""``bwcolor colorize``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from bwcolor.archive.job import Job
    from bwcolor.archive.plan import Plan
    from bwcolor.archive.settle import Settled
    from bwcolor.archive.summary import Summary

COLOR_PANEL = "Color"
CHOICE_PANEL = "Which photos"
OUTPUT_PANEL = "Color copies"
RUN_PANEL = "Run"
FAILURES_SHOWN = 20


def colorize(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(help="Folders (with all below them) and single files.", metavar="PATHS...", show_default=False),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Output folder (default: FOLDER-color beside each folder).", metavar="DIR"),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="Network; `bwcolor models` lists them.", rich_help_panel=COLOR_PANEL),
    ] = "gan",
    weights: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Weights of your own (.safetensors).", metavar="FILE", rich_help_panel=COLOR_PANEL),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=COLOR_PANEL)] = "auto",
    precision: Annotated[
        str, typer.Option(help="auto, fp32, bf16 or fp16 (CUDA only).", rich_help_panel=COLOR_PANEL)
    ] = "auto",
    working_size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Short side in pixels at which the network sees a photo (default: the model's own).",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = None,
    temperature: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            help="Lower is more vivid and patchier, higher calmer (default: the model's own).",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = None,
    saturation: Annotated[float, typer.Option(help="Factor on the colors.", rich_help_panel=COLOR_PANEL)] = 1.0,
    strength: Annotated[
        float, typer.Option(help="Blend with the gray photo: 0 gray to 1 color.", rich_help_panel=COLOR_PANEL)
    ] = 1.0,
    upsample: Annotated[
        str,
        typer.Option(help="edge carries color along the scan's edges, bilinear does not.", rich_help_panel=COLOR_PANEL),
    ] = "edge",
    effort: Annotated[
        str,
        typer.Option(
            help="normal, or best: several looks at each photo are averaged, at several times the network's time.",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = "normal",
    limit: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Only the first N photos.", metavar="N", min=1, rich_help_panel=CHOICE_PANEL),
    ] = None,
    redo_failed: Annotated[
        bool, typer.Option("--redo-failed", help="Only photos that failed before.", rich_help_panel=CHOICE_PANEL)
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Also color again what was colored with other options or changed since, and replace files that "
            "bwcolor did not write.",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=RUN_PANEL)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.", rich_help_panel=RUN_PANEL)] = False,
    log_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Append a JSON line for each photo to this file.", metavar="FILE", rich_help_panel=RUN_PANEL),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress on stderr.", rich_help_panel=RUN_PANEL)
    ] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", help="Tell of every photo.", count=True, rich_help_panel=RUN_PANEL)
    ] = 0,
) -> None:
    """Color photographs: folders, single files, or both.

    Every photo below a folder gets a color copy of the same name in a tree of the same shape. The scans are never
    touched. What was done stands in a ledger in the output folder (.bwcolor/ledger.sqlite), so that the same command
    run again does only what is missing, changed or failed. Files that are no photos are counted and left alone.

    Without --out, the copies of album lie in album-color beside it; those of a single file album/a.jpg in
    album-color/a.jpg; with several folders each has its own. With --out and several folders, each keeps its name
    below it.

    Ctrl-C once finishes the photos in work and stops; twice stops at once. The same command then goes on.

    Examples:
        bwcolor colorize scans

        bwcolor colorize scans --model null --limit 20 --out trial

        bwcolor colorize album/a.jpg album/b.tif --saturation 0.8
    """
    from bwcolor.archive.job import ColorOptions, Job
    from bwcolor.archive.plan import Request
    from bwcolor.errors import UsageError

    if not paths:
        raise UsageError("Name a folder of photographs, or single files.", "For example: bwcolor colorize scans")
    job = Job(
        request=Request(paths=tuple(paths), out=out, limit=limit),
        color=ColorOptions(
            model=model,
            weights=weights,
            device=device,
            precision=precision,
            working_size=working_size,
            temperature=temperature,
            saturation=saturation,
            strength=strength,
            upsample=upsample,
            quality=effort,
        ),
        overwrite=overwrite,
        redo_failed=redo_failed,
    )
    _plan(job, json) if dry_run else _run(job, json, quiet=quiet, verbose=verbose, log=log_file)


def _run(job: Job, as_json: bool, *, quiet: bool, verbose: int, log: Path | None) -> None:
    """Do a job and tell how it went."""
    from bwcolor.archive.run import colorize as color_all
    from bwcolor.cli.progress import Progress

    progress = Progress(quiet=quiet, verbose=verbose, log=log)
    try:
        summary = color_all(job, progress)
    finally:
        progress.close()
    if as_json:
        from bwcolor.cli.terminal import print_json

        print_json(summary.plain())
    else:
        _print_summary(summary)
    if summary.trouble is not None:
        raise summary.trouble
    raise typer.Exit(int(summary.exit_code))


def _print_summary(summary: Summary) -> None:
    from bwcolor.archive.settle import State
    from bwcolor.cli.terminal import console, duration, print_table

    plan, settled = summary.plan, summary.settled
    speed = f" in {duration(summary.seconds)}, {summary.pixels / 1e6 / max(summary.seconds, 1e-3):.1f} MP/s"
    rows = [
        ("colored", summary.done, speed.removeprefix(" ") if summary.done else ""),
        ("done before", settled.count(State.DONE, State.SKIPPED), ""),
        ("failed", len(summary.failures), ""),
        (
            "left as they were",
            settled.count(State.OUTDATED, State.ALTERED),
            "other options or changed; see --overwrite",
        ),
        ("not begun", summary.left, summary.stopped),
        ("no photos, left alone", sum(plan.left_alone.values()), _kinds(plan)),
    ]
    print_table("", ("photos", "#", ""), [row for row in rows if row[1] or row[0] == "colored"])
    told = console()
    for failure in summary.failures[:FAILURES_SHOWN]:
        told.print(f"failed: {_safe(failure.name)}: {_safe(failure.reason)}")
    if len(summary.failures) > FAILURES_SHOWN:
        told.print(f"... and {len(summary.failures) - FAILURES_SHOWN} more; the ledger names them all.")
    for out in plan.outs:
        told.print(f"Color copies: {_safe(str(out))}")


def _plan(job: Job, as_json: bool) -> None:
    """Tell what a job would do."""
    from bwcolor.archive.run import look_ahead
    from bwcolor.cli.terminal import print_json, print_table

    plan, settled = look_ahead(job)
    if as_json:
        print_json(_plain_plan(plan, settled))
        return
    rows = [(state.value, count) for state, count in settled.states.items()]
    print_table("", ("photos", "#"), [("to color", len(settled.todo)), *rows])
    for out in plan.outs:
        typer.echo(f"Color copies: {_safe(str(out))}")


def _plain_plan(plan: Plan, settled: Settled) -> dict[str, object]:
    return {
        "to_color": len(settled.todo),
        "states": {state.value: count for state, count in settled.states.items()},
        "left_alone": dict(plan.left_alone),
        "excluded": plan.excluded,
        "outputs": [str(out) for out in plan.outs],
        "left_out": [str(out) for out in plan.outputs],
        "unreadable": [[str(path), reason] for path, reason in plan.unreadable],
        "photos": [{"source": str(task.source), "target": str(task.target)} for task, _ in settled.todo],
    }


def _kinds(plan: Plan) -> str:
    return ", ".join(f"{count} {suffix}" for suffix, count in list(plan.left_alone.items())[:6])


def _safe(text: str) -> str:
    from bwcolor.cli.terminal import shown

    return shown(text)
