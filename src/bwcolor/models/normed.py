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


def folded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn the parts of normalized weights into plain weights.

    Args:
        state: Of a published file, where ``X_orig``, ``X_u`` and ``X_v``, or ``X_g`` and ``X_v``, stand for ``X``.

    Returns:
        What the network loads; other entries, and weights of which a part is missing, stay as they are.
    """
    plain = dict(state)
    for name in state:
        stem, _, part = name.rpartition("_")
        u, v = state.get(f"{stem}_u"), state.get(f"{stem}_v")
        if part == "orig" and u is not None and v is not None:
            plain[stem] = _spectral(state[name], u, v)
        elif part == "g" and v is not None:
            plain[stem] = _lengthened(v, state[name])
        else:
            continue
        for gone in ("orig", "u", "v", "g"):
            plain.pop(f"{stem}_{gone}", None)
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
