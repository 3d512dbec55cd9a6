# SPDX-License-Identifier: Apache-2.0
"""Between ab and the U, V of older colorizers, at a lightness that is given.

Networks of documents that work in YUV predict U and V for a luma Y'. A scan gives CIE lightness, and luma and lightness
are not exchangeable: of all colors with the predicted U and V, `ab_from_uv` takes the one that has the scan's
lightness. So what such a network learns and what comes out of it are each other's inverse.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bwcolor.color import spaces

# BT.601 at full blue and at full red: the greatest U and V of any sRGB color
U_REACH = spaces.U_SCALE * (1 - spaces.LUMA[2])
V_REACH = spaces.V_SCALE * (1 - spaces.LUMA[0])
NEWTON_STEPS = 8  # luminance is convex and growing in luma: each step about doubles the digits
# slope of the sRGB curve and of its straight foot
_FOOT = 1 / spaces.SRGB_SLOPE


def uv_from_ab(lightness: Tensor, ab: Tensor) -> Tensor:
    """Return U and V of colors.

    Args:
        lightness: ``(N, 1, h, w)`` float, CIE L* 0..100.
        ab: ``(N, 2, h, w)`` float, Lab units.

    Returns:
        ``(N, 2, h, w)`` float: U in +-0.436, V in +-0.615 for colors that sRGB has.
    """
    codes = spaces.srgb_from_lab(lightness[:, 0], ab[:, 0], ab[:, 1])
    _, u, v = spaces.yuv_from_srgb(*codes)
    return torch.stack([u, v], dim=1)


def ab_from_uv(lightness: Tensor, uv: Tensor) -> Tensor:
    """Return ab of the colors that have given U and V and a given lightness (see `uv_from_ab`; its exact inverse)."""
    goal = spaces.luminance_from_lightness(lightness.float()[:, 0])
    u, v = uv.float().unbind(dim=1)
    luma: Tensor = spaces.gray_from_lightness(lightness.float()[:, 0])
    with torch.no_grad():
        for _ in range(NEWTON_STEPS):
            luma = luma - (_luminance(luma, u, v) - goal) / _slope(luma, u, v)
        slope = _slope(luma, u, v)
    # one more step outside no_grad carries the gradient of the implicit function
    luma = luma - (_luminance(luma, u, v) - goal) / slope
    linear = [spaces.linear_from_srgb(code) for code in spaces.srgb_from_yuv(luma, u, v)]
    _, a, b = spaces.lab_from_linear(*linear)
    return torch.stack([a, b], dim=1)


def _luminance(luma: Tensor, u: Tensor, v: Tensor) -> Tensor:
    linear = [spaces.linear_from_srgb(code) for code in spaces.srgb_from_yuv(luma, u, v)]
    y: Tensor = spaces.luminance_from_linear(*linear)
    return y


def _slope(luma: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the derivative of luminance by luma."""
    total = torch.zeros_like(luma)
    for share, code in zip(spaces.XYZ_FROM_RGB[1], spaces.srgb_from_yuv(luma, u, v), strict=True):
        above = (code.clamp_min(spaces.SRGB_KNEE) + spaces.SRGB_OFFSET) / (1 + spaces.SRGB_OFFSET)
        curve = spaces.SRGB_GAMMA / (1 + spaces.SRGB_OFFSET) * above ** (spaces.SRGB_GAMMA - 1)
        total = total + share * torch.where(code > spaces.SRGB_KNEE, curve, _FOOT)
    return total
