# SPDX-License-Identifier: Apache-2.0
"""Layers that are published with normalized weights, here with plain ones.

Spectral norm (Miyato et al., ICLR 2018) divides a weight by its largest singular value, which the training kept an
estimate of: u and v. Weight norm (Salimans & Kingma, NIPS 2016) stores a weight as lengths g and directions v. Both are
constants once a network is trained, so they are folded into the weight when a published file is imported; what runs,
and what is exported, has plain layers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class SpectralConv1d(nn.Conv1d):
    """A convolution that is published with spectral norm."""


class SpectralConv2d(nn.Conv2d):
    """A convolution that is published with spectral norm."""


class WeightNormConv2d(nn.Conv2d):
    """A convolution that is published with weight norm."""


def published_layout(network: nn.Module) -> dict[str, Tensor]:
    """Return the names and shapes that a network's published file has.

    Args:
        network: On any device, the meta device too.

    Returns:
        As ``state_dict``, with the parts of each normalized weight instead of it.
    """
    layout = dict(network.state_dict())
    for prefix, module in network.named_modules():
        name = f"{prefix}.weight"
        if isinstance(module, SpectralConv1d | SpectralConv2d):
            weight = layout.pop(name)
            layout[f"{name}_orig"] = weight
            layout[f"{name}_u"] = weight.new_empty(weight.shape[0])
            layout[f"{name}_v"] = weight.new_empty(weight[0].numel())
        elif isinstance(module, WeightNormConv2d):
            weight = layout.pop(name)
            layout[f"{name}_g"] = weight.new_empty(weight.shape[0], *[1] * (weight.ndim - 1))
            layout[f"{name}_v"] = weight
    return layout


def folded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn the parts of normalized weights into plain weights.

    Args:
        state: Of a published file (see `published_layout`).

    Returns:
        What the network loads; other entries stay as they are.
    """
    plain = dict(state)
    for name in state:
        if name.endswith("_orig"):
            stem = name.removesuffix("_orig")
            u, v = plain.pop(f"{stem}_u"), plain.pop(f"{stem}_v")
            plain[stem] = _spectral(plain.pop(name), u, v)
        elif name.endswith("_g"):
            stem = name.removesuffix("_g")
            plain[stem] = _lengthened(plain.pop(f"{stem}_v"), plain.pop(name))
    return plain


def _spectral(weight: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Divide a weight by its singular value, as the stored vectors give it."""
    matrix = weight.flatten(1).double()
    sigma = torch.dot(u.double(), matrix @ v.double())
    return weight.double().div(sigma).to(weight.dtype)


def _lengthened(directions: Tensor, lengths: Tensor) -> Tensor:
    """Give each output channel's direction its length."""
    norms = torch.linalg.vector_norm(directions.double().flatten(1), dim=1).view_as(lengths)
    return directions.double().mul(lengths.double() / norms).to(directions.dtype)
