# SPDX-License-Identifier: Apache-2.0
"""`Siggraph17`: Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (SIGGRAPH 2017).

Lightness and local hints go through the blocks of `eccv16`, then up again with skips to full size. Names of the weights
are those of the authors' PyTorch port, so that their published file loads strictly.

Global hints (the paper's other network: a color histogram and a saturation for the whole picture) are an option. The
authors published weights of it for Caffe only; here the branch starts at zero on the published network, so that it
changes nothing until it is trained.

Departure: its head of 529 classes is built, because the published file holds it, and not used for color.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import bins
from bwcolor.models.eccv16 import AB_SCALE, BLOCKS, LIGHTNESS_CENTER, LIGHTNESS_SCALE, WIDTH, block

INPUTS = 4  # lightness, a, b and mask of the hints; the mask goes in as it is, 0 or 1
HALVINGS = 3  # after blocks 1 to 3 every second row and column is dropped
CLASSES = 529  # bins of 10 Lab units over -110..110 in a and in b
LEAK = 0.2  # slope of the last leaky ReLU
GLOBAL_GRID = 4  # pixels over which ab is averaged before it is counted in a histogram
GLOBAL_LAYERS = 3  # 1x1 layers after the two kinds of global hints are added


class GlobalHints(nn.Module):
    """Turns a histogram and a saturation of the whole picture into features that are added to block 4.

    Args:
        channels: Of block 4.
        count: Bins of the histogram.
    """

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.histogram = nn.Conv2d(count + 1, channels, 1)
        self.saturation = nn.Conv2d(2, channels, 1)
        layers: list[nn.Module] = [nn.ReLU(), nn.BatchNorm2d(channels)]
        for _ in range(GLOBAL_LAYERS):
            layers += [nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.BatchNorm2d(channels)]
        last = layers[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        self.layers = nn.Sequential(*layers)

    def told(self, ab: Tensor, saturation: Tensor) -> Tensor:
        """Return a reference's hint ``(N, 316)``, whatever its size (see `overall_hint`)."""
        size = [max(side, GLOBAL_GRID) for side in ab.shape[-2:]]
        return overall_hint(F.interpolate(ab, size, mode="nearest"), saturation)

    def forward(self, overall: Tensor) -> Tensor:
        """Map ``(N, count + 3)`` (shares, its flag, saturation, its flag) to ``(N, channels, 1, 1)``."""
        told = overall[:, :, None, None]
        y: Tensor = self.layers(self.histogram(told[:, :-2]) + self.saturation(told[:, -2:]))
        return y


class Siggraph17(nn.Module):
    """Colors by regression at full size, led by hints.

    Args:
        width: Channels of the first block: 64 as published; fewer for trials.
        global_hints: "yes" adds the branch of the paper's global hints network; "no" is the published file's network.
    """

    def __init__(self, width: int = WIDTH, global_hints: str = "no") -> None:
        super().__init__()
        inputs = INPUTS
        for number, (times, count, _, dilation) in enumerate(BLOCKS, start=1):
            self.add_module(f"model{number}", block(inputs, times * width, count, 1, dilation))
            inputs = times * width
        quarter, half, full = 4 * width, 2 * width, width
        # each stage: enlarge, add the skip, and refine; the first ReLU follows the sum
        self.model8up = nn.Sequential(nn.ConvTranspose2d(inputs, quarter, 4, 2, padding=1))
        self.model8 = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(quarter, quarter, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(quarter, quarter, 3, padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(quarter),
        )
        self.model9up = nn.Sequential(nn.ConvTranspose2d(quarter, half, 4, 2, padding=1))
        self.model9 = nn.Sequential(nn.ReLU(), nn.Conv2d(half, half, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(half))
        self.model10up = nn.Sequential(nn.ConvTranspose2d(half, half, 4, 2, padding=1))
        self.model10 = nn.Sequential(nn.ReLU(), nn.Conv2d(half, half, 3, padding=1), nn.LeakyReLU(LEAK))
        self.model3short8 = nn.Sequential(nn.Conv2d(quarter, quarter, 3, padding=1))
        self.model2short9 = nn.Sequential(nn.Conv2d(half, half, 3, padding=1))
        self.model1short10 = nn.Sequential(nn.Conv2d(full, half, 3, padding=1))
        self.model_class = nn.Sequential(nn.Conv2d(quarter, CLASSES, 1))
        self.model_out = nn.Sequential(nn.Conv2d(half, 2, 1), nn.Tanh())
        if global_hints == "yes":
            self.global_hints = GlobalHints(inputs, len(bins.zhang_centers()))

    def features(self, lightness: Tensor, hints: Tensor | None = None, overall: Tensor | None = None) -> list[Tensor]:
        """Return the outputs of blocks 1, 2 and 3 at 1/1, 1/2 and 1/4, and of block 8 at 1/4 (see `forward`)."""
        told = torch.zeros_like(lightness).expand(-1, 3, -1, -1) if hints is None else hints
        mask = told[:, 2:]
        color = told[:, :2] * mask / AB_SCALE  # what lies outside the mask is no hint
        x = torch.cat([(lightness - LIGHTNESS_CENTER) / LIGHTNESS_SCALE, color, mask.to(lightness)], dim=1)
        outputs = []
        for number in range(1, HALVINGS + 1):
            x = self.get_submodule(f"model{number}")(x)
            outputs.append(x)
            x = x[:, :, ::2, ::2]
        x = self.get_submodule("model4")(x)  # (N, 512, h/8, w/8)
        if overall is not None:
            x = x + self.global_hints(overall)
        for number in range(5, len(BLOCKS) + 1):
            x = self.get_submodule(f"model{number}")(x)
        outputs.append(self.model8(self.model8up(x) + self.model3short8(outputs[2])))  # (N, 256, h/4, w/4)
        return outputs

    def classes(self, eighth: Tensor) -> Tensor:
        """Return the class head's logits ``(N, 529, h/4, w/4)`` for block 8's output (see `features`)."""
        y: Tensor = self.model_class(eighth)
        return y

    def forward(self, lightness: Tensor, hints: Tensor | None = None, overall: Tensor | None = None) -> Tensor:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 8.
            hints: ``(N, 3, h, w)`` float: a, b in Lab units where the mask is 1; None where there are none.
            overall: ``(N, 316)`` float from `overall_hint`; needs ``global_hints="yes"``.

        Returns:
            ab ``(N, 2, h, w)`` float in Lab units, within +-110.
        """
        whole, half, _, x = self.features(lightness, hints, overall)
        x = self.model9(self.model9up(x) + self.model2short9(half))  # (N, 128, h/2, w/2)
        x = self.model10(self.model10up(x) + self.model1short10(whole))  # (N, 128, h, w)
        y: Tensor = self.model_out(x)
        return AB_SCALE * y


def overall_hint(ab: Tensor | None = None, saturation: Tensor | None = None) -> Tensor:
    """Make a global hint from a reference picture; what is None is not hinted.

    Args:
        ab: ``(N, 2, h, w)`` float, the reference in Lab units; h and w at least 4.
        saturation: ``(N,)`` float, its mean HSV saturation, 0..1.

    Returns:
        ``(N, 316)`` float: shares of the 313 bins, 1 where they are told, saturation, 1 where it is told.
    """
    told = ab if ab is not None else saturation
    if told is None:
        raise ValueError("a global hint needs ab or a saturation")
    centers = torch.from_numpy(bins.zhang_centers()).to(told)
    hint = told.new_zeros(len(told), len(centers) + 3)
    if ab is not None:
        index = bins.quantize(F.avg_pool2d(ab, GLOBAL_GRID).movedim(1, -1), centers)  # (N, h/4, w/4)
        hint[:, : len(centers)] = F.one_hot(index.flatten(1), len(centers)).to(told).mean(dim=1)
        hint[:, len(centers)] = 1.0
    if saturation is not None:
        hint[:, -2], hint[:, -1] = saturation, 1.0
    return hint
