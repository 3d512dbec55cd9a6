# SPDX-License-Identifier: Apache-2.0
"""The project's own networks: a residual U-Net on EfficientNet-Lite2 with a head over ab bins and one over ab.

A classifier over quantized color in the manner of Zhang et al. (ECCV 2016) that goes on as the generator of a
conditional GAN in the manner of Nazeri et al. (2018), with residual blocks in its decoder. `Classify` is the trunk with
the bins head; `Gan` adds a head that starts as a zero residual on the annealed mean of the bins.

Both keep the Network contract: ``forward(lightness, hints=None) -> ab``, at a quarter of the input's size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import bins, spaces
from bwcolor.models.blocks import PixelShuffleUp, ResidualBlock
from bwcolor.models.efficientnet_lite import INPUT_MEAN, INPUT_SCALE, TAP_CHANNELS, EfficientNetLite2

AB_STRIDE = 4  # the network's grid is a quarter of its input
DECODER_CHANNELS = (256, 128, 96)  # at 1/16, 1/8, 1/4
HINT_CHANNELS = 48  # of the hint branch at every scale
AB_SCALE = 110.0  # Lab units to about +-1 inside the network
RESIDUAL_SCALE = 20.0  # Lab units per unit of the ab head's output
WHITE_CODE = 255.0  # full scale of the sRGB codes that the encoder was trained on


def encoder_input(lightness: Tensor) -> Tensor:
    """Turn lightness into what the encoder knows: the sRGB-encoded neutral of that lightness, three times.

    Args:
        lightness: ``(N, 1, h, w)`` float, CIE L* 0..100.

    Returns:
        ``(N, 3, h, w)`` float, ``(code - 127) / 128`` for codes 0..255.
    """
    gray: Tensor = spaces.gray_from_lightness(lightness)
    return ((gray * WHITE_CODE - INPUT_MEAN) / INPUT_SCALE).expand(-1, 3, -1, -1)


class UpStage(nn.Module):
    """Enlarge, add what the encoder saw at this scale (and the hints), refine by a residual block."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.up = PixelShuffleUp(inputs, outputs)
        self.skip = nn.Conv2d(skip, outputs, 1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.hint = nn.Conv2d(HINT_CHANNELS, outputs, 1, bias=False)
        nn.init.zeros_(self.hint.weight)
        self.block = ResidualBlock(outputs)

    def forward(self, x: Tensor, skip: Tensor, hint: Tensor | None) -> Tensor:
        """Map ``(N, inputs, h, w)`` and ``(N, skip, 2h, 2w)`` to ``(N, outputs, 2h, 2w)``."""
        y = self.up(x) + self.skip(skip)
        if hint is not None:
            y = y + self.hint(hint)
        z: Tensor = self.block(F.relu(self.bn(y)))
        return z


class HintBranch(nn.Module):
    """Color hints, averaged to 1/4 and carried down to 1/8 and 1/16.

    What it says where there are no hints is taken away: else its biases would speak in the whole picture, in training
    to the unhinted samples of a hinted batch, and one point would move every color.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, HINT_CHANNELS, 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(HINT_CHANNELS, HINT_CHANNELS, 3, 2, padding=1) for _ in range(2))

    def forward(self, hints: Tensor) -> list[Tensor]:
        """Return features at 1/16, 1/8 and 1/4 of ``(N, 3, h, w)`` hints (a, b in Lab units; mask)."""
        mask = hints[:, 2:]
        share = F.avg_pool2d(mask, AB_STRIDE)  # (N, 1, h/4, w/4)
        color = F.avg_pool2d(hints[:, :2] * mask, AB_STRIDE) / share.clamp_min(1e-6) / AB_SCALE
        told = torch.cat([color, (share > 0).to(color)], dim=1)
        silence = self._carried(torch.zeros_like(told[:1]))
        return [spoken - silent for spoken, silent in zip(self._carried(told), silence, strict=True)][::-1]

    def _carried(self, x: Tensor) -> list[Tensor]:
        """Return features at 1/4, 1/8 and 1/16 of ``(N, 3, h/4, w/4)``."""
        features = [F.relu(self.enter(x))]
        for layer in self.down:
            features.append(F.relu(layer(features[-1])))
        return features


class Classify(nn.Module):
    """The trunk with its head over ab bins."""

    centers: Tensor

    def __init__(self) -> None:
        super().__init__()
        centers = torch.from_numpy(bins.srgb_centers())
        self.register_buffer("centers", centers)
        self.encoder = EfficientNetLite2()
        deepest = TAP_CHANNELS[-1]
        self.whole = nn.Sequential(nn.Linear(deepest, deepest), nn.ReLU(), nn.Linear(deepest, deepest))
        self.dropout = nn.Dropout2d(0.0)  # of the features at 1/32 and 1/16; only training sets it
        self.hints = HintBranch()
        widths = (deepest, *DECODER_CHANNELS)
        self.decoder = nn.ModuleList(
            UpStage(inputs, skip, outputs)
            for inputs, skip, outputs in zip(widths, TAP_CHANNELS[-2::-1], DECODER_CHANNELS, strict=False)
        )
        self.bins_head = nn.Conv2d(DECODER_CHANNELS[-1], len(centers), 1)

    def hint_weights(self) -> list[nn.Parameter]:
        """Return the weights that speak only where there are hints."""
        entries = [parameter for name, parameter in self.decoder.named_parameters() if ".hint." in name]
        return [*self.hints.parameters(), *entries]

    def decode(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the decoder's features: ``(N, 96, h/4, w/4)``."""
        *skips, deepest = self.encoder.taps(self.encoder.stem(encoder_input(lightness)))
        x: Tensor = self.dropout(deepest + self.whole(deepest.mean(dim=(2, 3)))[:, :, None, None])
        branch: list[Tensor] | list[None] = [None] * len(self.decoder) if hints is None else self.hints(hints)
        skips[-1] = self.dropout(skips[-1])
        for stage, skip, hint in zip(self.decoder, reversed(skips), branch, strict=True):
            x = stage(x, skip, hint)
        return x

    def distribution(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return the logits over the bins ``centers``.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 32.
            hints: ``(N, 3, h, w)`` float: a, b in Lab units where the mask is 1; None where there are none.

        Returns:
            ``(N, Q, h/4, w/4)`` float logits.
        """
        y: Tensor = self.bins_head(self.decode(lightness, hints))
        return y

    def refine(self, features: Tensor, logits: Tensor, temperature: float) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units, decoded from the logits at a temperature."""
        return bins.annealed_mean(logits, self.centers, temperature)

    def colors(self, lightness: Tensor, hints: Tensor | None = None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return ab ``(N, 2, h/4, w/4)`` and the logits ``(N, Q, h/4, w/4)`` of one pass."""
        features = self.decode(lightness, hints)
        logits: Tensor = self.bins_head(features)
        return self.refine(features, logits, temperature), logits

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units (see `distribution` for the arguments)."""
        return self.colors(lightness, hints)[0]


class Gan(Classify):
    """The trunk with both heads: the annealed mean of the bins, and a learned residual on it."""

    def __init__(self) -> None:
        super().__init__()
        width = DECODER_CHANNELS[-1]
        self.ab_block = ResidualBlock(width)
        self.ab_head = nn.Conv2d(width, 2, 1)
        nn.init.zeros_(self.ab_head.weight)
        nn.init.zeros_(self.ab_head.bias)  # type: ignore[arg-type]

    def refine(self, features: Tensor, logits: Tensor, temperature: float) -> Tensor:
        """Return ab ``(N, 2, h/4, w/4)`` in Lab units: the decoded bins plus the residual."""
        residual: Tensor = self.ab_head(self.ab_block(features))
        return super().refine(features, logits, temperature) + RESIDUAL_SCALE * residual.float()
