# SPDX-License-Identifier: Apache-2.0
"""`VggRegression` and `VggClassification`: a backbone's features, added up from deep to shallow.

Dahl, "Automatic Colorization" (2016), and Hwang & Zhou, "Image Colorization with Deep Convolutional Neural Networks"
(2016), as a student report (Hsu & Shiao, the project's document 000) set them beside each other. Both predict the U and
V of YUV; `yuv` makes ab of them.

`VggRegression` is Dahl's: batch norm on each tap, 3x3 convolutions with batch norm, and a bottleneck of three channels
before U and V leave through a sigmoid. `VggClassification` keeps 64 channels and gives 50 equal bins of U and 50 of V.

Departures: (1) the backbone may be another one, and where it has no tap at a scale the walk goes on without one; (2)
the report on Hwang & Zhou is thin, so the number of bins and the annealed mean are from memory, and YUV is taken for
both, so that they can be compared; (3) the classification's heads read features averaged to a quarter of the size,
since 2,500 joint bins at full size would fill the memory; (4) the input is the gray of the scan's lightness, in the
backbone's own statistics, instead of luma minus the training set's mean.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models import backbones, yuv

STRIDE = 16  # AlexNet and EfficientNet-Lite2 start at 1/16
CLASS_STRIDE = 4  # of the classification's grid
# channels of Dahl's last two layers: three as published, as many as the picture has that is added; or wide enough that
# they limit nothing
BOTTLENECKS = {"paper": 3, "wide": 32}
PICTURE = 3
WIDTH = 64  # channels of Hwang & Zhou's last two layers
GAP_WIDTH = 32  # channels at scales where the backbone has no tap
BINS = 50  # per channel (Hwang & Zhou)
MIDDLE = 50.0  # lightness at which bins are shown as ab


def convolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Return a convolution without bias, batch norm and ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class Walk(nn.Module):
    """From a backbone's deepest tap up to full size: add the next tap, convolve, enlarge.

    Args:
        rungs: (scale, channels) of the taps, the finest first.

    Attributes:
        channels: Of what comes out.
    """

    def __init__(self, rungs: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        taps = dict(rungs)
        scale = max(taps)
        widths = [taps[scale]]
        self.norms = nn.ModuleDict({str(at): nn.BatchNorm2d(channels) for at, channels in rungs})
        while scale > 1:
            scale //= 2
            widths.append(taps.get(scale, min(GAP_WIDTH, widths[-1])))
        # the deepest features are only mixed, without a norm; the others are convolved after their sum
        self.enter = nn.Sequential(nn.Conv2d(widths[0], widths[1], 1, bias=False), nn.ReLU())
        self.steps = nn.ModuleList(convolution(inputs, outputs) for inputs, outputs in pairwise(widths[1:]))
        self.channels = widths[-1]

    def forward(self, taps: list[Tensor]) -> Tensor:
        """Map the taps, the finest first, to ``(N, channels, h, w)`` at full size."""
        features = dict(zip(self.norms, taps, strict=True))
        scale = 2 ** (len(self.steps) + 1)
        x: Tensor = self.enter(self.norms[str(scale)](features[str(scale)]))
        for step in (*self.steps, None):
            scale //= 2
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            if str(scale) in features:
                x = x + self.norms[str(scale)](features[str(scale)])
            x = x if step is None else step(x)
        return x


class VggRegression(nn.Module):
    """Dahl's residual encoder.

    Args:
        backbone: Name of one (see `backbones`).
        bottleneck: "paper" or "wide".
        shrink: Divides the backbone's channels, for trials.
    """

    def __init__(self, backbone: str = "vgg16", bottleneck: str = "paper", shrink: int = 1) -> None:
        super().__init__()
        width = BOTTLENECKS[bottleneck]
        self.backbone = backbones.backbone(backbone, shrink)
        self.walk = Walk(self.backbone.rungs)
        self.narrow = convolution(self.walk.channels, width)
        self.picture_norm = nn.BatchNorm2d(PICTURE)
        self.refine = convolution(width, width)
        self.out = nn.Sequential(nn.Conv2d(width, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2), nn.Sigmoid())
        self.register_buffer("reach", _reach(), persistent=False)

    def chrominance(self, lightness: Tensor) -> Tensor:
        """Return U and V ``(N, 2, h, w)`` for ``(N, 1, h, w)`` L in 0..100; h and w multiples of 16."""
        x = self.narrow(self.walk(self.backbone(lightness)))  # (N, 3, h, w)
        picture = self.picture_norm(backbones.image_input(lightness))
        x = self.refine(torch.cat([x[:, :PICTURE] + picture, x[:, PICTURE:]], dim=1))
        share: Tensor = self.out(x)  # 0..1 over the whole reach
        return (2.0 * share.float() - 1.0) * self.get_buffer("reach")

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h, w)`` in Lab units for ``(N, 1, h, w)`` L in 0..100; hints are not heeded."""
        return yuv.ab_from_uv(lightness, self.chrominance(lightness))


class VggClassification(nn.Module):
    """Hwang & Zhou's classification of U and of V.

    Args:
        backbone: Name of one (see `backbones`).
        shrink: Divides the backbone's channels, for trials.

    Attributes:
        uv_centers: ``(2500, 2)`` float, U and V of the joint bins, sorted by U, then V.
        centers: ``(2500, 2)`` float, their ab in Lab units at lightness 50.
    """

    centers: Tensor
    uv_centers: Tensor

    def __init__(self, backbone: str = "vgg16", shrink: int = 1) -> None:
        super().__init__()
        self.backbone = backbones.backbone(backbone, shrink)
        self.walk = Walk(self.backbone.rungs)
        self.refine = nn.Sequential(convolution(self.walk.channels, WIDTH), convolution(WIDTH, WIDTH))
        self.u_head = nn.Conv2d(WIDTH, BINS, 1)
        self.v_head = nn.Conv2d(WIDTH, BINS, 1)
        middles = bin_middles()
        joint = torch.cartesian_prod(middles[:, 0], middles[:, 1])
        self.register_buffer("middles", middles, persistent=False)
        self.register_buffer("uv_centers", joint, persistent=False)
        self.register_buffer("centers", ab_at_middle(joint), persistent=False)

    def marginals(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits over the bins of U and over those of V, each ``(N, 50, h/4, w/4)``."""
        x = self.refine(self.walk(self.backbone(lightness)))  # (N, 64, h, w)
        x = F.avg_pool2d(x, CLASS_STRIDE)
        return self.u_head(x), self.v_head(x)

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the joint logits ``(N, 2500, h/4, w/4)`` (see `colors`)."""
        return _join(*self.marginals(lightness))

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 16.
            hints: Not heeded: this network knows none.
            temperature: Of the annealed mean, which is taken of U and of V.

        Returns:
            ab ``(N, 2, h/4, w/4)`` in Lab units and the joint logits ``(N, 2500, h/4, w/4)``.
        """
        heads = self.marginals(lightness)
        middles = self.get_buffer("middles")
        means = [
            torch.einsum("nqhw,q->nhw", torch.softmax(logits.float() / temperature, dim=1), middles[:, channel])
            for channel, logits in enumerate(heads)
        ]
        ab = yuv.ab_from_uv(F.avg_pool2d(lightness, CLASS_STRIDE), torch.stack(means, dim=1))
        return ab, _join(*heads)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units (see `colors`)."""
        return self.colors(lightness, hints)[0]


def bin_middles() -> Tensor:
    """Return the middles of the equal bins of U and of V: ``(50, 2)`` float32."""
    share = (torch.arange(BINS, dtype=torch.float32) + 0.5) / BINS  # 0..1 over the whole reach
    return (2.0 * share[:, None] - 1.0) * _reach().view(1, 2)


def nearest_bins(uv: Tensor) -> Tensor:
    """Return the bins, int64 in 0..49, of U and V ``(N, 2, h, w)`` float; what lies beyond is in the outermost."""
    share = (uv / _reach().to(uv) + 1.0) / 2.0
    return (share * BINS).floor().clamp(0, BINS - 1).long()


def ab_at_middle(uv: Tensor) -> Tensor:
    """Return ab ``(Q, 2)`` in Lab units that U and V ``(Q, 2)`` have at lightness 50."""
    planes = uv.T[None, :, None]  # (1, 2, 1, Q)
    return yuv.ab_from_uv(torch.full_like(planes[:, :1], MIDDLE), planes)[0, :, 0].T.contiguous()


def _reach() -> Tensor:
    return torch.tensor([yuv.U_REACH, yuv.V_REACH]).view(1, 2, 1, 1)


def _join(u: Tensor, v: Tensor) -> Tensor:
    """Return the logits of all pairs, U varying slowest, as if the two were independent."""
    return (u[:, :, None] + v[:, None]).flatten(1, 2)
