# SPDX-License-Identifier: Apache-2.0
"""``bwcolor train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

DATA_PANEL = "Photographs"
RECIPE_PANEL = "Recipe (defaults are the model's own)"
RUN_PANEL = "Run"


def _crops(text: str | None) -> tuple[tuple[float, int], ...] | None:
    """Parse "96,128" or "96,128:0.7": sides in pixels, each with the share of the steps after which it begins."""
    from bwcolor.errors import UsageError

    if text is None:
        return None
    parts = text.split(",")
    try:
        pairs = [part.partition(":") for part in parts]
        return tuple(
            (float(share) if share else index / len(parts), int(side)) for index, (side, _, share) in enumerate(pairs)
        )
    except ValueError as error:
        raise UsageError(f"--crop-sizes {text!r} cannot be read.", "Write for example 96,128:0.7.") from error


def _next_run(model: str) -> Path:
    """Return the first of runs/<model>, runs/<model>-2, ... that does not exist."""
    base, number = Path("runs") / model, 2
    path = base
    while path.exists():
        path, number = base.with_name(f"{base.name}-{number}"), number + 1
    return path


def train(
    model: Annotated[str, typer.Option(help="Network to train: gan or classify.", metavar="NAME")] = "gan",
    data: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            help="Folder or tar shard of color photographs; may be repeated. Default: `data` of bwcolor.toml, else "
            "./photos.",
            metavar="PATH",
            rich_help_panel=DATA_PANEL,
        ),
    ] = None,
    held_out: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Photographs kept for evaluation, by a hash of their names (default 1000, at most a fifth).",
            min=0,
            rich_help_panel=DATA_PANEL,
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the run (default: runs/NAME, numbered).", rich_help_panel=RUN_PANEL),
    ] = None,
    resume: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Go on with this run, exactly as if it had not stopped.", metavar="RUN", rich_help_panel=RUN_PANEL
        ),
    ] = None,
    init_from: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Start from these weights: a .safetensors file, or gan or classify for the shipped ones.",
            metavar="WEIGHTS",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            help="imagenet (needs bwcolor[train]) or scratch; auto takes imagenet where it is installed.",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = "auto",
    steps: Annotated[Optional[int], typer.Option(help="Optimizer steps.", rich_help_panel=RECIPE_PANEL)] = None,  # noqa: UP045
    batch_size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Crops per step at the first crop size.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    crop_sizes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Sides in pixels, small first, and when each begins: 96,128:0.7.",
            metavar="LIST",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    lr: Annotated[Optional[float], typer.Option(help="Peak rate of the decoder.", rich_help_panel=RECIPE_PANEL)] = None,  # noqa: UP045
    encoder_lr: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Peak rate of a pretrained encoder.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    rebalancing: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            help="Power of the rare colors' weights: 0 is paler, 0.5 more vivid.", rich_help_panel=RECIPE_PANEL
        ),
    ] = None,
    adversarial: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Weight of the discriminator (gan).", rich_help_panel=RECIPE_PANEL),
    ] = None,
    seed: Annotated[Optional[int], typer.Option(help="Of everything random.", rich_help_panel=RECIPE_PANEL)] = None,  # noqa: UP045
    evaluate_every: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Steps between evaluations and sample sheets.", rich_help_panel=RUN_PANEL),
    ] = None,
    checkpoint_minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Minutes between checkpoints (default 4).", rich_help_panel=RUN_PANEL),
    ] = None,
    threads: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Processor cores to use (default: all).", min=1, rich_help_panel=RUN_PANEL),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=RUN_PANEL)] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.", rich_help_panel=RUN_PANEL)] = "auto",
) -> None:
    """Train a network on color photographs.

    Photographs are decoded once into a cache, cropped, aged like old film, and shown to the network as lightness. The
    run's folder fills with checkpoints (everything needed to go on), CSV logs, sample sheets (gray, ours, truth), and
    at the end the weights for inference. Ctrl-C and SIGTERM save before they stop.

    Examples:
        bwcolor train --model gan --data photos --out runs/mine

        bwcolor train --resume runs/mine

        bwcolor colorize scans --weights runs/mine/gan.safetensors
    """
    from bwcolor.errors import UsageError
    from bwcolor.training.recipes import recipe

    if resume is None:
        options = recipe(
            model,
            data=_data(data),
            held_out=held_out,
            init_from=init_from,
            encoder=encoder,
            steps=steps,
            batch=batch_size,
            crops=_crops(crop_sizes),
            rate=lr,
            encoder_rate=encoder_lr,
            rebalancing_power=rebalancing,
            adversarial_weight=adversarial,
            seed=seed,
            evaluate_every=evaluate_every,
            checkpoint_minutes=checkpoint_minutes,
            device=device,
            precision=precision,
        )
    elif out is not None or init_from is not None:
        raise UsageError("--resume goes on in the run's own folder.", "Leave --out and --init-from away.")
    import logging

    import torch

    from bwcolor.training import loop

    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S")
    if threads is not None:
        torch.set_num_threads(threads)
    written = loop.resume(resume) if resume is not None else loop.start(options, out or _next_run(model))
    typer.echo(written)


def _data(given: list[Path] | None) -> tuple[Path, ...]:
    """Return the photographs' places: the given ones, or ./photos.

    Raises:
        NothingToDoError: Neither is there.
    """
    from bwcolor.errors import NothingToDoError

    if given:
        return tuple(given)
    if Path("photos").is_dir():
        return (Path("photos"),)
    raise NothingToDoError(
        "There are no photographs to train on.",
        'Give --data FOLDER, or write data = "FOLDER" into bwcolor.toml, or put them into ./photos.',
    )
