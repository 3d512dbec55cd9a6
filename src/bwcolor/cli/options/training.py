# SPDX-License-Identifier: Apache-2.0
"""Options of ``bwcolor train``: which photographs, which recipe, and how it runs."""

from pathlib import Path
from typing import Annotated

import typer

PHOTOS = "Photographs"
RECIPE = "Recipe (defaults are the network's own)"
RUN = "Run"

Model = Annotated[
    str | None,
    typer.Option(help="Network to train; `bwcolor models` lists those that can be (default: gan).", metavar="NAME"),
]
Data = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder, tar shard, list (.txt), pattern ('shards/{0000..0007}.tar'), CIFAR-10 or photograph; may be "
        "repeated. Default: `data` of bwcolor.toml, else ./photos.",
        metavar="PATH",
        rich_help_panel=PHOTOS,
    ),
]
Val = Annotated[
    list[Path] | None,
    typer.Option(help="Held-out photographs of their own.", metavar="PATH", rich_help_panel=PHOTOS),
]
HeldOut = Annotated[
    float | None,
    typer.Option(
        help="Photographs kept for evaluation, by a hash of their names: how many, or below 1 what share (default "
        "1000; at most a fifth).",
        min=0,
        rich_help_panel=PHOTOS,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Only these classes: names of the folders that photographs lie in, with commas between.",
        metavar="NAMES",
        rich_help_panel=PHOTOS,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="TOML file of recipe settings, as --print-config prints them.",
        metavar="FILE",
        envvar="BWCOLOR_TRAIN_CONFIG",
        rich_help_panel=RECIPE,
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option("--print-config", help="Print the resolved recipe as TOML and stop.", rich_help_panel=RECIPE),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Any other setting of the recipe, as NAME=VALUE; may be repeated.",
        metavar="NAME=VALUE",
        rich_help_panel=RECIPE,
    ),
]
InitFrom = Annotated[
    str | None,
    typer.Option(
        help="Start from these weights: a .safetensors file, or a network for its shipped or published ones.",
        metavar="WEIGHTS",
        rich_help_panel=RECIPE,
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="imagenet (needs bwcolor[train], or a download) or scratch; auto asks for imagenet.",
        rich_help_panel=RECIPE,
    ),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        help="Encoder: vgg16, vgg19, alexnet or efficientnet-lite2, as `bwcolor models info` lists a network's forms.",
        metavar="NAME",
        rich_help_panel=RECIPE,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", "--max-steps", help="Optimizer steps.", rich_help_panel=RECIPE),
]
Epochs = Annotated[
    float | None,
    typer.Option(help="Passes over the photographs, instead of steps.", min=0, rich_help_panel=RECIPE),
]
MaxMinutes = Annotated[
    float | None,
    typer.Option(help="End after so many minutes of learning.", min=0, rich_help_panel=RECIPE),
]
Patience = Annotated[
    int | None,
    typer.Option(
        help="End after so many evaluations without a better one, with the best weights.",
        min=0,
        rich_help_panel=RECIPE,
    ),
]
BatchSize = Annotated[
    str | None,
    typer.Option(
        help="Crops per step at the first crop size; auto splits the recipe's batch where it does not fit.",
        metavar="N|auto",
        rich_help_panel=RECIPE,
    ),
]
Parts = Annotated[
    int | None,
    typer.Option(help="Pieces in which a batch goes through the network (default 1).", rich_help_panel=RUN),
]
CropSizes = Annotated[
    str | None,
    typer.Option(
        help="Sides in pixels, small first, and when each begins: 96,128:0.7.",
        metavar="LIST",
        rich_help_panel=RECIPE,
    ),
]
Rate = Annotated[float | None, typer.Option(help="Peak learning rate.", rich_help_panel=RECIPE)]
EncoderRate = Annotated[
    float | None,
    typer.Option(help="Peak rate of a pretrained encoder; 0 keeps it.", rich_help_panel=RECIPE),
]
Rebalancing = Annotated[
    float | None,
    typer.Option(
        help="Power of the rare colors' weights: 0 is paler, 0.5 more vivid (networks with bins).",
        rich_help_panel=RECIPE,
    ),
]
Adversarial = Annotated[
    float | None,
    typer.Option(help="Weight of the critic (gan, gan-cifar, koalarization, chromagan).", rich_help_panel=RECIPE),
]
Seed = Annotated[int | None, typer.Option(help="Of everything random.", rich_help_panel=RECIPE)]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder of the run (default: runs/NAME, numbered).", rich_help_panel=RUN),
]
Resume = Annotated[
    Path | None,
    typer.Option(help="Go on with this run, exactly as if it had not stopped.", metavar="RUN", rich_help_panel=RUN),
]
EvaluateEvery = Annotated[
    int | None,
    typer.Option(help="Steps between evaluations and sample sheets.", rich_help_panel=RUN),
]
CheckpointMinutes = Annotated[
    float | None,
    typer.Option(help="Minutes between checkpoints (default 4).", rich_help_panel=RUN),
]
Tensorboard = Annotated[bool, typer.Option("--tensorboard", help="Write TensorBoard's files too.", rich_help_panel=RUN)]
CompileNetwork = Annotated[
    bool, typer.Option("--compile", help="Let torch.compile speed the network up.", rich_help_panel=RUN)
]
Workers = Annotated[
    int | None,
    typer.Option(help="Threads that make batches (default: half of the cores).", min=1, rich_help_panel=RUN),
]
Threads = Annotated[
    int | None,
    typer.Option(help="Processor cores to use (default: all).", min=1, rich_help_panel=RUN),
]
Device = Annotated[
    str | None,
    typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=RUN),
]
Precision = Annotated[
    str | None,
    typer.Option(help="auto, fp32, bf16 or fp16.", rich_help_panel=RUN),
]
