# SPDX-License-Identifier: Apache-2.0
"""U, V and ab are each other's inverse at a given lightness."""

import numpy as np
import torch
from skimage.color import rgb2lab, rgb2yuv

from bwcolor.color import spaces
from bwcolor.models import yuv


def cube(side=12):
    codes = np.linspace(0, 1, side)
    return np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), -1).reshape(1, -1, 3)


def planes(array):
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array[None], -1, 1))).float()


def test_uv_are_scikit_images():
    rgb = cube()
    lab = planes(rgb2lab(rgb))
    ours = yuv.uv_from_ab(lab[:, :1], lab[:, 1:])
    # its matrix is rounded to other digits than ours
    torch.testing.assert_close(ours, planes(rgb2yuv(rgb))[:, 1:], atol=2e-3, rtol=0)


def test_ab_come_back_for_every_srgb_color():
    lab = planes(rgb2lab(cube()))
    lightness, ab = lab[:, :1], lab[:, 1:]
    back = yuv.ab_from_uv(lightness, yuv.uv_from_ab(lightness, ab))
    assert (back - ab).abs().max() < 0.1


def test_the_color_found_has_the_lightness_given():
    generator = torch.Generator().manual_seed(1)
    lightness = torch.rand(1, 1, 40, 40, generator=generator) * 98 + 1
    reach = torch.tensor([yuv.U_REACH, yuv.V_REACH]).view(1, 2, 1, 1)
    uv = (torch.rand(1, 2, 40, 40, generator=generator) - 0.5) * reach
    ab = yuv.ab_from_uv(lightness, uv)
    assert torch.isfinite(ab).all()
    # CIELAB cannot tell colors of negative Z apart, so the way back is asked of colors with codes above 0 only
    codes = torch.stack(spaces.srgb_from_lab(lightness[:, 0], ab[:, 0], ab[:, 1]), dim=1)
    real = (codes.amin(dim=1, keepdim=True) >= 0).expand(-1, 2, -1, -1)
    assert real.float().mean() > 0.4
    torch.testing.assert_close(yuv.uv_from_ab(lightness, ab)[real], uv[real], atol=1e-3, rtol=0)


def test_neutral_stays_neutral():
    lightness = torch.linspace(0, 100, 50).view(1, 1, 5, 10)
    assert yuv.ab_from_uv(lightness, torch.zeros(1, 2, 5, 10)).abs().max() < 0.05


def test_gradients_are_those_of_the_implicit_function():
    lightness = torch.tensor([[[[35.0, 60.0]]]])
    uv = torch.tensor([[[[0.05, -0.1]], [[0.1, 0.08]]]], requires_grad=True)
    yuv.ab_from_uv(lightness, uv).sum().backward()
    step = 1e-3
    for channel in range(2):
        shift = torch.zeros(1, 2, 1, 1)
        shift[0, channel] = step
        with torch.no_grad():
            up, down = (yuv.ab_from_uv(lightness, uv + sign * shift).sum(dim=1) for sign in (1, -1))
        torch.testing.assert_close(uv.grad[:, channel], (up - down) / (2 * step), rtol=0.02, atol=1.0)


def test_reaches_are_those_of_the_standard():
    assert abs(yuv.U_REACH - spaces.U_MAX) < 1e-3
    assert abs(yuv.V_REACH - spaces.V_MAX) < 1e-3
