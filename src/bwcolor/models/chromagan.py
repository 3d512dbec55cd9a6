# SPDX-License-Identifier: Apache-2.0
"""`ChromaGan`: Vitoria, Raad, Ballester, "ChromaGAN" (WACV 2020).

Written from the paper's facts, not from its code. The convolutions of VGG-16 see the picture at an eighth
of its size. One branch looks at all of it at once and, in training, learns to say what it shows; another stays at each
place; from both together ab is made. `Critic` is the discriminator of its training.

Departures: (1) the paper's network sees squares of 224 pixels only; here the branch that looks at all of the picture
does so through a grid of 28x28 places, bilinearly resized, which changes nothing for those squares. (2) The branch that
names classes is of use in training only, and is an option. (3) The last step, which enlarges ab twofold to nearest
neighbours, is left to full size. (4) Instead of VGG-16, EfficientNet-Lite2 can see for it: its weights can be installed
where nothing can be fetched; its features at 1/16 are laid beside those at 1/8.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.models import backbones
from bwcolor.models import weights as weight_files
from bwcolor.models.efficientnet_lite import SameConv2d
from bwcolor.models.vgg import WIDTH, Vgg

STRIDE = 16
AB_STRIDE = 2
LIGHTNESS_SCALE = 100.0  # the network takes 0..1
AB_SCALE = 255.0  # it gives 8-bit codes, of which 128 is neutral, as shares of 255
AB_CENTER = 128.0
NORM_EPS = 1e-3
NORM_MOMENTUM = 0.01
VGG_BLOCKS = 4
PLACES = 28  # a side of the grid of the branch that looks at all of the picture
GLOBAL_STRIDES = (2, 1, 2, 1)
CHANNELS = 512
POOLED = 7  # a side of the grid after the strides
DENSE = (1024, 512, 256)
MIDDLE = (512, 256)
CLASS_HIDDEN = 4096
CLASSES = 1000
# channels of the convolutions that make ab; 3x3 but for the first; between the groups the size is doubled
PAINTER = ((256, 128), (64, 64), (32, 2))
CRITIC = ((64, 2), (128, 2), (256, 2), (512, 1))  # channels and stride of its 4x4 convolutions
CRITIC_KERNEL = 4
CRITIC_PADDING = {1: (1, 2, 1, 2), 2: (1, 1, 1, 1)}  # by stride: "same" for kernels of 4
CRITIC_LEAK = 0.3


class Trunk(nn.Module):
    """What the network sees with.

    Args:
        name: "vgg16" or "efficientnet-lite2".
        shrink: Divides VGG's channels.
    """

    def __init__(self, name: str, shrink: int) -> None:
        super().__init__()
        self.lite = backbones.backbone(name) if name == "efficientnet-lite2" else None
        self.vgg = Vgg(16, VGG_BLOCKS, width=WIDTH // shrink) if self.lite is None else None
        self.channels = CHANNELS // shrink if self.lite is None else sum(width for _, width in self.lite.rungs[1:])

    def forward(self, lightness: Tensor) -> Tensor:
        """Map ``(N, 1, h, w)`` L in 0..100 to ``(N, channels, h/8, w/8)``."""
        if self.vgg is not None:
            return self.vgg.taps((lightness / LIGHTNESS_SCALE).expand(-1, 3, -1, -1))[-1]
        _, eighth, sixteenth = self.lite(lightness)  # type: ignore[misc]
        return torch.cat([eighth, F.interpolate(sixteenth, scale_factor=2.0, mode="nearest")], dim=1)


class ChromaGan(nn.Module):
    """The generator.

    Args:
        backbone: "vgg16" or "efficientnet-lite2".
        class_branch: "yes" builds the branch that names classes, for training; "no" leaves it away.
        shrink: Divides the channels, for trials.
    """

    def __init__(self, backbone: str = "vgg16", class_branch: str = "no", shrink: int = 1) -> None:
        super().__init__()
        width = CHANNELS // shrink
        self.backbone = Trunk(backbone, shrink)
        seen = self.backbone.channels
        inputs = (seen, *[width] * (len(GLOBAL_STRIDES) - 1))
        self.whole = nn.Sequential(
            *(_normed(before, width, stride) for before, stride in zip(inputs, GLOBAL_STRIDES, strict=True))
        )
        flat = width * POOLED * POOLED
        first, second, third = (size // shrink for size in DENSE)
        self.dense = nn.Sequential(nn.Linear(flat, first), nn.Linear(first, second), nn.Linear(second, third))
        middle, narrow = (size // shrink for size in MIDDLE)
        self.middle = nn.Sequential(_normed(seen, middle), _normed(middle, narrow))
        self.classes: nn.Module | None = None
        if class_branch == "yes":
            self.classes = nn.Sequential(
                nn.Linear(flat, CLASS_HIDDEN // shrink),
                nn.Linear(CLASS_HIDDEN // shrink, CLASS_HIDDEN // shrink),
                nn.Linear(CLASS_HIDDEN // shrink, CLASSES),
            )
        self.paint = _painter(narrow + third, shrink)
        for module in (*self.modules(),) if self.backbone.lite is None else (*self.paint, *self.middle.modules()):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def load_imagenet(self) -> None:
        """Fill the backbone with its ImageNet weights, fetched where they are not packaged.

        Raises:
            MissingExtraError: The package of EfficientNet-Lite2's weights is not installed.
            WeightsError: The weights cannot be had, or do not fit.
        """
        if self.backbone.lite is not None:
            backbones.load_imagenet(self.backbone.lite)
        elif self.backbone.vgg is not None:
            state, _ = weight_files.read_state(backbones.published_weights("vgg16"))
            self.backbone.vgg.load_state_dict({name: state[name] for name in self.backbone.vgg.state_dict()})

    def both(self, lightness: Tensor) -> tuple[Tensor, Tensor | None]:
        """Color, and name what there is.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 16.

        Returns:
            ab ``(N, 2, h/2, w/2)`` float in Lab units, and the logits of the classes ``(N, 1000)``; None for those
            without the branch.
        """
        seen = self.backbone(lightness)  # (N, 512, h/8, w/8)
        grid = F.interpolate(seen, (PLACES, PLACES), mode="bilinear", align_corners=False)
        flat = self.whole(grid).flatten(1)  # (N, 512 * 7 * 7)
        near = self.middle(seen)
        far = self.dense(flat)[:, :, None, None].expand(-1, -1, *near.shape[-2:])
        codes = AB_SCALE * torch.sigmoid(self.paint(torch.cat([near, far], dim=1)))
        return codes - AB_CENTER, None if self.classes is None else self.classes(flat)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/2, w/2)`` float in Lab units (see `both`); hints are not heeded."""
        return self.both(lightness)[0]


class Critic(nn.Module):
    """The discriminator: how real ab is, patch by patch, at its lightness; without norms, for a gradient penalty."""

    def __init__(self, shrink: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for channels, stride in CRITIC:
            layers += [
                nn.ZeroPad2d(CRITIC_PADDING[stride]),
                nn.Conv2d(inputs, channels // shrink, CRITIC_KERNEL, stride),
            ]
            layers.append(nn.LeakyReLU(CRITIC_LEAK))
            inputs = channels // shrink
        last = nn.Conv2d(inputs, 1, CRITIC_KERNEL)
        self.layers = nn.Sequential(*layers, nn.ZeroPad2d(CRITIC_PADDING[1]), last)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Judge.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100, on the grid of ab.
            ab: ``(N, 2, h, w)`` float, Lab units.

        Returns:
            ``(N, 1, h/8, w/8)`` verdicts without a bound; greater is more real.
        """
        planes = torch.cat([lightness / LIGHTNESS_SCALE, (ab + AB_CENTER) / AB_SCALE], dim=1)
        y: Tensor = self.layers(planes)
        return y


def _normed(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution, ReLU and batch norm after it."""
    norm = nn.BatchNorm2d(outputs, eps=NORM_EPS, momentum=NORM_MOMENTUM)
    return nn.Sequential(SameConv2d(inputs, outputs, 3, stride), nn.ReLU(), norm)


def _painter(inputs: int, shrink: int) -> nn.Sequential:
    """Return the convolutions that make ab, before the sigmoid."""
    layers: list[nn.Module] = []
    kernel = 1
    for group in PAINTER:
        for channels in group:
            outputs = max(channels // shrink, 2)
            layers += [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU()]
            inputs, kernel = outputs, 3
        layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
    return nn.Sequential(*layers[:-2])
