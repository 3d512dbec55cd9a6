# SPDX-License-Identifier: Apache-2.0
"""`Null`: a fixed tint by lightness, so that the whole pipeline can be tried and tested without weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

AB_STRIDE = 4
# ab in Lab units at L = 0 and at L = 100: shadows towards blue, lights towards warm paper
SHADOW_AB = (2.0, -14.0)
LIGHT_AB = (6.0, 22.0)


class Null(nn.Module):
    """Cool shadows, warm lights."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shadow", torch.tensor(SHADOW_AB).view(1, 2, 1, 1), persistent=False)
        self.register_buffer("light", torch.tensor(LIGHT_AB).view(1, 2, 1, 1), persistent=False)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units for ``(N, 1, h, w)`` L in 0..100; hints replace the tint."""
        share = F.avg_pool2d(lightness, AB_STRIDE) / 100.0  # (N, 1, h/4, w/4)
        ab: Tensor = self.shadow * (1.0 - share) + self.light * share  # type: ignore[operator]
        if hints is None:
            return ab
        mask = F.avg_pool2d(hints[:, 2:], AB_STRIDE)
        color = F.avg_pool2d(hints[:, :2] * hints[:, 2:], AB_STRIDE) / mask.clamp_min(1e-6)
        return torch.where(mask > 0, color, ab)
