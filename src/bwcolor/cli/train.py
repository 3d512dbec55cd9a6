# SPDX-License-Identifier: Apache-2.0
"""``bwcolor train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DATA_PANEL = "Photographs"
RECIPE_PANEL = "Recipe (defaults are the network's own)"
RUN_PANEL = "Run"
AUTO = "auto"


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


def _batch(text: str | None) -> dict[str, Any]:
    """Parse a number of crops, or "auto": the recipe's, in as many parts as the memory asks for."""
    from bwcolor.errors import UsageError

    if text is None:
        return {}
    if text == AUTO:
        return {"fit_memory": True}
    if not text.isdigit():
        raise UsageError(f"--batch-size {text!r} is no number.", "Give how many crops, or auto.")
    return {"batch": int(text)}


def _next_run(model: str) -> Path:
    """Return the first of runs/<model>, runs/<model>-2, ... that does not exist."""
    base, number = Path("runs") / model, 2
    path = base
    while path.exists():
        path, number = base.with_name(f"{base.name}-{number}"), number + 1
    return path


def train(
    model: Annotated[
        str | None,
        typer.Option(help="Network to train; `bwcolor models` lists those that can be (default: gan).", metavar="NAME"),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder, tar shard, list (.txt), pattern ('shards/{0000..0007}.tar'), CIFAR-10 or photograph; may be "
            "repeated. Default: `data` of bwcolor.toml, else ./photos.",
            metavar="PATH",
            rich_help_panel=DATA_PANEL,
        ),
    ] = None,
    val: Annotated[
        list[Path] | None,
        typer.Option(help="Held-out photographs of their own.", metavar="PATH", rich_help_panel=DATA_PANEL),
    ] = None,
    held_out: Annotated[
        float | None,
        typer.Option(
            help="Photographs kept for evaluation, by a hash of their names: how many, or below 1 what share (default "
            "1000; at most a fifth).",
            min=0,
            rich_help_panel=DATA_PANEL,
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Only these classes: names of the folders that photographs lie in, with commas between.",
            metavar="NAMES",
            rich_help_panel=DATA_PANEL,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file of recipe settings, as --print-config prints them.",
            metavar="FILE",
            envvar="BWCOLOR_TRAIN_CONFIG",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config", help="Print the resolved recipe as TOML and stop.", rich_help_panel=RECIPE_PANEL
        ),
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any other setting of the recipe, as NAME=VALUE; may be repeated.",
            metavar="NAME=VALUE",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(
            help="Start from these weights: a .safetensors file, or a network for its shipped or published ones.",
            metavar="WEIGHTS",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="imagenet (needs bwcolor[train], or a download) or scratch; auto asks for imagenet.",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="vgg16, vgg19, alexnet or efficientnet-lite2 (vgg-regression, vgg-classification).",
            metavar="NAME",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", "--max-steps", help="Optimizer steps.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(help="Passes over the photographs, instead of steps.", min=0, rich_help_panel=RECIPE_PANEL),
    ] = None,
    max_minutes: Annotated[
        float | None,
        typer.Option(help="End after so many minutes of learning.", min=0, rich_help_panel=RECIPE_PANEL),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="End after so many evaluations without a better one, with the best weights.",
            min=0,
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    batch_size: Annotated[
        str | None,
        typer.Option(
            help="Crops per step at the first crop size; auto splits the recipe's batch where it does not fit.",
            metavar="N|auto",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    parts: Annotated[
        int | None,
        typer.Option(help="Pieces in which a batch goes through the network (default 1).", rich_help_panel=RUN_PANEL),
    ] = None,
    crop_sizes: Annotated[
        str | None,
        typer.Option(
            help="Sides in pixels, small first, and when each begins: 96,128:0.7.",
            metavar="LIST",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Peak learning rate.", rich_help_panel=RECIPE_PANEL)] = None,
    encoder_lr: Annotated[
        float | None,
        typer.Option(help="Peak rate of a pretrained encoder; 0 keeps it.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    rebalancing: Annotated[
        float | None,
        typer.Option(
            help="Power of the rare colors' weights: 0 is paler, 0.5 more vivid (networks with bins).",
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    adversarial: Annotated[
        float | None,
        typer.Option(help="Weight of the discriminator (gan, gan-cifar).", rich_help_panel=RECIPE_PANEL),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.", rich_help_panel=RECIPE_PANEL)] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run (default: runs/NAME, numbered).", rich_help_panel=RUN_PANEL),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Go on with this run, exactly as if it had not stopped.", metavar="RUN", rich_help_panel=RUN_PANEL
        ),
    ] = None,
    evaluate_every: Annotated[
        int | None,
        typer.Option(help="Steps between evaluations and sample sheets.", rich_help_panel=RUN_PANEL),
    ] = None,
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(help="Minutes between checkpoints (default 4).", rich_help_panel=RUN_PANEL),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard's files too.", rich_help_panel=RUN_PANEL)
    ] = False,
    compile_network: Annotated[
        bool, typer.Option("--compile", help="Let torch.compile speed the network up.", rich_help_panel=RUN_PANEL)
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(help="Threads that make batches (default: half of the cores).", min=1, rich_help_panel=RUN_PANEL),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(help="Processor cores to use (default: all).", min=1, rich_help_panel=RUN_PANEL),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=RUN_PANEL),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="auto, fp32, bf16 or fp16.", rich_help_panel=RUN_PANEL),
    ] = None,
) -> None:
    """Train a network on color photographs.

    Photographs are decoded once into a cache, cropped, aged like old film where the recipe asks for it, and shown to
    the network as lightness. The run's folder fills with checkpoints (everything needed to go on), CSV logs, a page
    (index.html) with curves and sample sheets, and at the end the weights for inference. Ctrl-C and SIGTERM save before
    they stop. torchrun trains on several devices: torchrun --nproc-per-node 2 -m bwcolor train --out runs/mine.

    Examples:
        bwcolor train --model gan --data photos --out runs/mine

        bwcolor train --resume runs/mine

        bwcolor train --model classify --print-config

        bwcolor colorize scans --weights runs/mine/gan.safetensors
    """
    changes: dict[str, Any] = {
        "data": tuple(data) if data else None,
        "val": tuple(val) if val else None,
        "held_out": held_out,
        "classes": None if classes is None else tuple(name.strip() for name in classes.split(",") if name.strip()),
        "init_from": init_from,
        "encoder": encoder,
        "network": None if backbone is None else {"backbone": backbone},
        "steps": steps,
        "epochs": epochs,
        "max_minutes": max_minutes,
        "patience": patience,
        "parts": parts,
        "crops": _crops(crop_sizes),
        "rate": lr,
        "encoder_rate": encoder_lr,
        "rebalancing_power": rebalancing,
        "adversarial_weight": adversarial,
        "seed": seed,
        "evaluate_every": evaluate_every,
        "checkpoint_minutes": checkpoint_minutes,
        "tensorboard": tensorboard or None,
        "compile": compile_network or None,
        "workers": workers,
        "device": device,
        "precision": precision,
        **_batch(batch_size),
    }
    from dataclasses import replace

    from bwcolor.training.configuration import as_toml, parse_setting, resolve

    changes |= dict(parse_setting(text) for text in settings or ())
    if print_config:
        typer.echo(as_toml(resolve(model, config, changes)), nl=False)
        return
    if resume is not None:
        _refuse_beside_resume(config=config, out=out)
        _run(lambda loop: loop.resume(resume, changes | {"model": model}), threads)
        return
    options = resolve(model, config, changes)
    options = replace(options, data=photographs(options.data))
    folder = _folder(options.model, out)
    _run(lambda loop: loop.start(options, folder), threads)


def _run(go: Any, threads: int | None) -> None:
    """Train, and print where the weights are."""
    import logging

    import torch

    from bwcolor.training import loop, ranks

    first = ranks.number() == 0
    level = logging.INFO if first else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S")
    if threads is not None:
        torch.set_num_threads(threads)
    written = go(loop)
    if first:
        typer.echo(written)


def _refuse_beside_resume(**given: Any) -> None:
    from bwcolor.errors import UsageError

    for name, value in given.items():
        if value is not None:
            raise UsageError("--resume goes on in the run's own folder with its own recipe.", f"Leave --{name} away.")


def _folder(model: str, out: Path | None) -> Path:
    """Return the run's folder.

    Raises:
        UsageError: Several processes would each take another one.
    """
    from bwcolor.errors import UsageError
    from bwcolor.training.ranks import started_by_torchrun

    if out is None and started_by_torchrun():
        raise UsageError("Under torchrun the run's folder must be named.", "Give --out RUN_DIR.")
    return out or _next_run(model)


def photographs(given: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the photographs' places: the given ones, or ./photos.

    Raises:
        NothingToDoError: Neither is there.
    """
    from bwcolor.errors import NothingToDoError

    if given:
        return given
    if Path("photos").is_dir():
        return (Path("photos"),)
    raise NothingToDoError(
        "There are no photographs to train on.",
        'Give --data FOLDER, or write data = "FOLDER" into bwcolor.toml, or put them into ./photos.',
    )
