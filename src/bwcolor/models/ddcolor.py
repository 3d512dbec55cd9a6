# SPDX-License-Identifier: Apache-2.0
"""`DDColor`: Kang et al., "DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders" (ICCV 2023).

A ConvNeXt looks at the gray picture. One decoder walks up from it to full size; another asks its three coarser scales
with 100 learned queries, which become 100 directions in the features of full size. What lies in each direction, and
the picture itself, are mixed to ab. Names of the weights are those of the authors' files, spectral norms folded.

The last steps after the last ReLU are linear, and are joined here: the queries' directions are mixed to those of a and
b before they meet the features, at a quarter of the size. The result is the same; 100 maps of full size and a copy of
256 features of full size are saved.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.color import spaces
from bwcolor.models.blocks import ShuffleUp, norm_last
from bwcolor.models.convnext import ConvNeXt
from bwcolor.models.normed import SpectralConv2d
from bwcolor.models.vgg import IMAGE_MEAN, IMAGE_STD

WIDTH = 512  # channels of the decoder; half of them from 1/4 on
QUERIES = 100
EMBEDDING = 256  # of queries and of the features at full size
HEADS = 8
HIDDEN = 2048
ROUNDS = 3  # over the three scales
SCALES = 3
LAST_ENLARGEMENT = 4
POSITION_TEMPERATURE = 10_000.0
POSITION_EPS = 1e-6


class UpBlock(nn.Module):
    """Enlarge twofold, join the encoder's tap, and convolve.

    Args:
        inputs: Channels that come from below.
        tapped: Channels of the tap.
        outputs: Channels.
    """

    def __init__(self, inputs: int, tapped: int, outputs: int) -> None:
        super().__init__()
        self.shuf = ShuffleUp(inputs, outputs)
        self.bn = nn.BatchNorm2d(tapped)
        self.conv = norm_last(outputs + tapped, outputs)

    def forward(self, x: Tensor, tap: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` and ``(N, tapped, 2h, 2w)`` to ``(N, outputs, 2h, 2w)``."""
        y: Tensor = self.conv(F.relu(torch.cat([self.shuf(x), self.bn(tap)], dim=1)))
        return y


class Attention(nn.Module):
    """Attention with several heads, of queries on keys and values (Vaswani et al., NIPS 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * EMBEDDING, EMBEDDING))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * EMBEDDING))
        self.out_proj = nn.Linear(EMBEDDING, EMBEDDING)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Map ``(N, q, C)``, ``(N, k, C)`` and ``(N, k, C)`` to ``(N, q, C)``."""
        parts = zip(
            (query, key, value), self.in_proj_weight.chunk(len("qkv")), self.in_proj_bias.chunk(len("qkv")), strict=True
        )
        heads = [torch.unflatten(F.linear(x, w, b), -1, (HEADS, -1)).transpose(1, 2) for x, w, b in parts]
        q, k, v = heads
        y = F.scaled_dot_product_attention(q, k, v)  # (N, heads, q, C / heads)
        z: Tensor = self.out_proj(y.transpose(1, 2).flatten(2))
        return z


class CrossAttention(nn.Module):
    """Queries look at a scale of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.multihead_attn = Attention()
        self.norm = nn.LayerNorm(EMBEDDING)

    def forward(self, x: Tensor, places: Tensor, memory: Tensor, positions: Tensor) -> Tensor:
        """Return the queries ``x (N, q, C)`` after a look at ``memory (N, k, C)``; both know where they are."""
        y: Tensor = self.norm(x + self.multihead_attn(x + places, memory + positions, memory))
        return y


class SelfAttention(nn.Module):
    """Queries look at each other."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = Attention()
        self.norm = nn.LayerNorm(EMBEDDING)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        """Return the queries ``x (N, q, C)`` after it."""
        y: Tensor = self.norm(x + self.self_attn(x + places, x + places, x))
        return y


class FeedForward(nn.Module):
    """Two linear layers for each query."""

    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(EMBEDDING, HIDDEN)
        self.linear2 = nn.Linear(HIDDEN, EMBEDDING)
        self.norm = nn.LayerNorm(EMBEDDING)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, q, C)`` to the same shape."""
        y: Tensor = self.norm(x + self.linear2(F.relu(self.linear1(x))))
        return y


class Perceptron(nn.Module):
    """Three linear layers for each query."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(EMBEDDING, EMBEDDING) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, q, C)`` to the same shape."""
        first, second, last = self.layers
        y: Tensor = last(F.relu(second(F.relu(first(x)))))
        return y


def waves(count: int, like: Tensor) -> Tensor:
    """Return sines and cosines ``(count, EMBEDDING / 2)`` of 1, 2, ... as shares of a turn, in falling frequencies."""
    half = EMBEDDING // 2
    share = torch.arange(1, count + 1, dtype=torch.float32, device=like.device) / (count + POSITION_EPS)
    pairs = torch.arange(half // 2, dtype=torch.float32, device=like.device)
    angles = 2 * math.pi * share[:, None] / POSITION_TEMPERATURE ** (2 * pairs / half)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(like)


def positions(planes: Tensor) -> Tensor:
    """Return where each place of ``(N, C, h, w)`` is, ``(1, h * w, EMBEDDING)``: its row's waves, then its column's."""
    height, width = planes.shape[-2:]
    rows, columns = waves(height, planes)[:, None], waves(width, planes)[None]
    zero = torch.zeros_like(planes[0, 0])[..., None]  # (h, w, 1), which broadcasts
    return torch.cat([rows + zero, columns + zero], dim=-1).flatten(0, 1)[None]


class ColorDecoder(nn.Module):
    """Learned queries that ask three scales of the picture, three rounds long.

    Args:
        widths: Channels of the scales, the coarsest first.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.query_feat = nn.Embedding(QUERIES, EMBEDDING)
        self.query_embed = nn.Embedding(QUERIES, EMBEDDING)
        self.level_embed = nn.Embedding(SCALES, EMBEDDING)
        self.input_proj = nn.ModuleList(nn.Conv2d(width, EMBEDDING, 1) for width in widths)
        self.transformer_cross_attention_layers = nn.ModuleList(CrossAttention() for _ in range(SCALES * ROUNDS))
        self.transformer_self_attention_layers = nn.ModuleList(SelfAttention() for _ in range(SCALES * ROUNDS))
        self.transformer_ffn_layers = nn.ModuleList(FeedForward() for _ in range(SCALES * ROUNDS))
        self.decoder_norm = nn.LayerNorm(EMBEDDING)
        self.color_embed = Perceptron()

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Return the queries' directions ``(N, QUERIES, EMBEDDING)`` for maps of the three scales."""
        memories = [
            project(planes).flatten(2).transpose(1, 2) + level  # (N, h * w, EMBEDDING)
            for project, planes, level in zip(self.input_proj, scales, self.level_embed.weight, strict=True)
        ]
        where = [positions(planes) for planes in scales]
        places = self.query_embed.weight
        x = self.query_feat.weight.expand(scales[0].shape[0], -1, -1)
        for index, (look, mingle, think) in enumerate(
            zip(
                self.transformer_cross_attention_layers,
                self.transformer_self_attention_layers,
                self.transformer_ffn_layers,
                strict=True,
            )
        ):
            scale = index % SCALES
            x = think(mingle(look(x, places, memories[scale], where[scale]), places))
        y: Tensor = self.color_embed(self.decoder_norm(x))
        return y


class Decoder(nn.Module):
    """The walk up to full size, and the queries.

    Args:
        channels: Of the encoder's taps, the finest first.
    """

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        widths = (channels[-1], WIDTH, WIDTH, WIDTH // 2)
        self.layers = nn.ModuleList(
            UpBlock(inputs, tapped, outputs)
            for (inputs, outputs), tapped in zip(pairwise(widths), channels[-2::-1], strict=True)
        )
        self.last_shuf = ShuffleUp(WIDTH // 2, EMBEDDING, LAST_ENLARGEMENT, normed=False)
        self.color_decoder = ColorDecoder(widths[1:])

    def forward(self, taps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the queries' directions ``(N, QUERIES, EMBEDDING)``, and subpixels (see `ShuffleUp.subpixels`)."""
        x = taps[-1]
        scales = []
        for layer, tap in zip(self.layers, taps[-2::-1], strict=True):
            x = layer(x, tap)
            scales.append(x)
        return self.color_decoder(scales), self.last_shuf.subpixels(x)


class DDColor(nn.Module):
    """The large network.

    Args:
        size: Of the encoder: "large" or "tiny".
    """

    def __init__(self, size: str = "large") -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGE_STD).view(1, 3, 1, 1))
        arch = ConvNeXt(size)
        self.encoder = nn.ModuleDict({"arch": arch})
        self.decoder = Decoder(arch.channels)
        self.refine_net = nn.Sequential(nn.Sequential(SpectralConv2d(QUERIES + 3, 2, 1)))

    def published(self, image: Tensor) -> Tensor:
        """Return ab as the authors' network does.

        Args:
            image: ``(N, 3, h, w)`` float, a gray picture as RGB, sRGB codes 0..1; h and w multiples of 32.

        Returns:
            ``(N, 2, h, w)`` float, Lab units, without a limit.
        """
        seen = (image - self.get_buffer("mean")) / self.get_buffer("std")
        directions, subpixels = self.decoder(self.encoder["arch"](seen))
        mixing, offset = self.get_parameter("refine_net.0.0.weight"), self.get_parameter("refine_net.0.0.bias")
        of_maps, of_picture = mixing[:, :QUERIES, 0, 0], mixing[:, QUERIES:]
        mixed = torch.einsum("oq,nqc->noc", of_maps, directions)  # (N, 2, EMBEDDING)
        each = torch.unflatten(subpixels, 1, (EMBEDDING, LAST_ENLARGEMENT**2))
        ab = self.decoder.last_shuf.spread(torch.einsum("noc,ncshw->noshw", mixed, each).flatten(1, 2))
        return ab + F.conv2d(seen, of_picture, offset)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Color.

        Args:
            lightness: ``(N, 1, h, w)`` float, CIE L* 0..100; h and w multiples of 32.
            hints: Not heeded: this network knows none.

        Returns:
            ab ``(N, 2, h, w)`` float in Lab units, without a limit: down to -170 has been seen.
        """
        gray: Tensor = spaces.gray_from_lightness(lightness)
        return self.published(gray.expand(-1, 3, -1, -1))


class DDColorTiny(DDColor):
    """The small network: a quarter of the weights."""

    def __init__(self) -> None:
        super().__init__("tiny")
