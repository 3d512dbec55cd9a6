# SPDX-License-Identifier: Apache-2.0
"""PatchGAN: the discriminator of pix2pix (Isola et al., CVPR 2017), on the network's own grid of ab.

It judges patches of color given the lightness beneath them, so that it learns what colors go with what, and not how the
scan was sharpened.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from bwcolor.models.trunk import AB_SCALE, AB_STRIDE

WIDTHS = (64, 128, 256)
LEAK = 0.2  # slope of the leaky ReLU
LIGHTNESS_CENTER = 50.0
LIGHTNESS_SCALE = 50.0


class PatchGan(nn.Module):
    """Real or fake, patch by patch, for ab at a quarter of the lightness' size; spectral norm on every layer."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = AB_STRIDE * AB_STRIDE + 2
        for index, width in enumerate(WIDTHS):
            kernel, stride = (3, 1) if index == 0 else (4, 2)
            layers += [spectral_norm(nn.Conv2d(inputs, width, kernel, stride, padding=1)), nn.LeakyReLU(LEAK)]
            inputs = width
        layers.append(spectral_norm(nn.Conv2d(inputs, 1, 3, padding=1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Judge.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100.
            ab: ``(N, 2, h/4, w/4)`` float, Lab units.

        Returns:
            ``(N, 1, h/16, w/16)`` logits; above 0 means real.
        """
        fine = F.pixel_unshuffle((lightness - LIGHTNESS_CENTER) / LIGHTNESS_SCALE, AB_STRIDE)  # (N, 16, h/4, w/4)
        y: Tensor = self.layers(torch.cat([fine, ab / AB_SCALE], dim=1))
        return y
