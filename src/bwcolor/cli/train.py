# SPDX-License-Identifier: Apache-2.0
"""``bwcolor train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from bwcolor.cli.options import training

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
    model: training.Model = None,
    data: training.Data = None,
    val: training.Val = None,
    held_out: training.HeldOut = None,
    classes: training.Classes = None,
    config: training.Config = None,
    print_config: training.PrintConfig = False,
    settings: training.Settings = None,
    init_from: training.InitFrom = None,
    encoder: training.Encoder = None,
    backbone: training.Backbone = None,
    steps: training.Steps = None,
    epochs: training.Epochs = None,
    max_minutes: training.MaxMinutes = None,
    patience: training.Patience = None,
    batch_size: training.BatchSize = None,
    parts: training.Parts = None,
    crop_sizes: training.CropSizes = None,
    lr: training.Rate = None,
    encoder_lr: training.EncoderRate = None,
    rebalancing: training.Rebalancing = None,
    adversarial: training.Adversarial = None,
    seed: training.Seed = None,
    out: training.Out = None,
    resume: training.Resume = None,
    evaluate_every: training.EvaluateEvery = None,
    checkpoint_minutes: training.CheckpointMinutes = None,
    tensorboard: training.Tensorboard = False,
    compile_network: training.CompileNetwork = False,
    workers: training.Workers = None,
    threads: training.Threads = None,
    device: training.Device = None,
    precision: training.Precision = None,
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

    from bwcolor.training.configuration import as_toml, parse_settings, resolve

    changes |= parse_settings(settings or ())
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
