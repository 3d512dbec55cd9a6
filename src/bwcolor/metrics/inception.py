# SPDX-License-Identifier: Apache-2.0
"""Inception v3 as FID knows it: the network, and the features of a picture.

Szegedy et al. 2016 ("Rethinking the Inception architecture"), with the differences of the original FID weights: means
that do not count padding, a maximum in the last block's pool branch. Layers bear the names of the published file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from bwcolor.errors import WeightsError
from bwcolor.metrics.metric import Measure, Sums
from bwcolor.metrics.pair import Pair, Picture
from bwcolor.models.download import RemoteFile, fetch

SIDE = 299  # pixels
FEATURES = 2048
NORM_EPSILON = 1e-3

WEIGHTS = RemoteFile(
    name="pt_inception-2015-12-05-6726825d.pth",
    address="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    size=95_628_359,
    license="Apache-2.0",
)

# One layer: (name, channels, kernel); a chain of layers; the branches of a block. A chain may end in two layers side
# by side.
_Layer = tuple[str, int, tuple[int, int]]
_Chain = Sequence[_Layer | tuple[_Layer, _Layer]]

_POINT, _SQUARE, _FLAT, _TALL = (1, 1), (3, 3), (1, 7), (7, 1)


class ConvNorm(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: int = 1, same: bool = True) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if same else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        return F.relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """A block of branches whose channels are put side by side.

    Args:
        inputs: Channels.
        branches: Chains of layers; in a reducing block the last of each has stride 2 and no padding.
        pool: "mean" or "max" (3x3, before a 1x1 layer of ``pooled`` channels), or "reduce" (3x3 maximum, stride 2).
        pooled: Channels of the pool branch's layer; 0 for none.
    """

    def __init__(self, inputs: int, branches: Sequence[_Chain], pool: str, pooled: int = 0) -> None:
        super().__init__()
        self.pool = pool
        self.chains: list[list[tuple[str, ...]]] = []
        for chain in branches:
            channels = inputs
            names: list[tuple[str, ...]] = []
            for index, step in enumerate(chain):
                layers: tuple[_Layer, ...] = (step,) if isinstance(step[0], str) else step
                reduces = pool == "reduce" and index == len(chain) - 1
                for name, outputs, kernel in layers:
                    self.add_module(name, ConvNorm(channels, outputs, kernel, 2 if reduces else 1, not reduces))
                names.append(tuple(layer[0] for layer in layers))
                channels = sum(layer[1] for layer in layers)
            self.chains.append(names)
        if pooled:
            self.branch_pool = ConvNorm(inputs, pooled, _POINT)

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        found = []
        for chain in self.chains:
            value = x
            for names in chain:
                value = torch.cat([self.get_submodule(name)(value) for name in names], dim=1)
            found.append(value)
        if self.pool == "reduce":
            return torch.cat([*found, F.max_pool2d(x, 3, 2)], dim=1)
        mean = self.pool == "mean"
        pooled = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) if mean else F.max_pool2d(x, 3, 1, 1)
        return torch.cat([*found, self.branch_pool(pooled)], dim=1)


def _double(*widths: int) -> _Chain:
    kernels = (_POINT, _SQUARE, _SQUARE)
    return [(f"branch3x3dbl_{i}", w, k) for i, (w, k) in enumerate(zip(widths, kernels, strict=True), 1)]


def _block_a(inputs: int, pooled: int) -> Mixed:
    fives: _Chain = [("branch5x5_1", 48, _POINT), ("branch5x5_2", 64, (5, 5))]
    return Mixed(inputs, [[("branch1x1", 64, _POINT)], fives, _double(64, 96, 96)], "mean", pooled)


def _block_b(inputs: int) -> Mixed:
    return Mixed(inputs, [[("branch3x3", 384, _SQUARE)], _double(64, 96, 96)], "reduce")


def _block_c(inputs: int, width: int) -> Mixed:
    once = zip((width, width, 192), (_POINT, _FLAT, _TALL), strict=True)
    twice = zip((width,) * 4 + (192,), (_POINT, _TALL, _FLAT, _TALL, _FLAT), strict=True)
    sevens: _Chain = [(f"branch7x7_{i}", w, k) for i, (w, k) in enumerate(once, 1)]
    doubled: _Chain = [(f"branch7x7dbl_{i}", w, k) for i, (w, k) in enumerate(twice, 1)]
    return Mixed(inputs, [[("branch1x1", 192, _POINT)], sevens, doubled], "mean", 192)


def _block_d(inputs: int) -> Mixed:
    threes: _Chain = [("branch3x3_1", 192, _POINT), ("branch3x3_2", 320, _SQUARE)]
    kernels = (_POINT, _FLAT, _TALL, _SQUARE)
    sevens: _Chain = [(f"branch7x7x3_{i}", 192, kernel) for i, kernel in enumerate(kernels, 1)]
    return Mixed(inputs, [threes, sevens], "reduce")


def _block_e(inputs: int, pool: str) -> Mixed:
    def fork(stem: str) -> tuple[_Layer, _Layer]:
        return (f"{stem}a", 384, (1, 3)), (f"{stem}b", 384, (3, 1))

    threes: _Chain = [("branch3x3_1", 384, _POINT), fork("branch3x3_2")]
    doubled: _Chain = [
        ("branch3x3dbl_1", 448, _POINT), ("branch3x3dbl_2", 384, _SQUARE), fork("branch3x3dbl_3")
    ]  # fmt: skip
    return Mixed(inputs, [[("branch1x1", 320, _POINT)], threes, doubled], pool, 192)


class Inception(nn.Module):
    """Inception v3 up to its global mean."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, _SQUARE, stride=2, same=False)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, _SQUARE, same=False)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, _SQUARE)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80, _POINT)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, _SQUARE, same=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _block_a(192, 32), _block_a(256, 64), _block_a(288, 64)
        self.Mixed_6a = _block_b(288)
        self.Mixed_6b, self.Mixed_6c = _block_c(768, 128), _block_c(768, 160)
        self.Mixed_6d, self.Mixed_6e = _block_c(768, 160), _block_c(768, 192)
        self.Mixed_7a = _block_d(768)
        self.Mixed_7b, self.Mixed_7c = _block_e(1280, "mean"), _block_e(2048, "max")

    def stages(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the four outputs that FID is published for.

        Args:
            x: ``(N, 3, h, w)`` float RGB, 0..1; resized to 299x299 bilinearly without antialiasing.

        Returns:
            ``(N, 64, 73, 73)``, ``(N, 192, 35, 35)``, ``(N, 768, 17, 17)`` and ``(N, 2048, 1, 1)``.
        """
        x = 2 * F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False) - 1
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        first = F.max_pool2d(x, 3, 2)
        second = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(first)), 3, 2)
        x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(second))))
        third = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(third)))
        return first, second, third, x.mean(dim=(2, 3), keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, 2048)`` features of ``(N, 3, h, w)`` RGB, 0..1."""
        return self.stages(x)[3].flatten(1)


def load(state: dict[str, Tensor]) -> Inception:
    """Return the network with published weights, strictly; their classifier is not needed and left away.

    Raises:
        WeightsError: Names or shapes differ.
    """
    network = Inception().eval().requires_grad_(False)
    try:
        network.load_state_dict({name: value for name, value in state.items() if not name.startswith("fc.")})
    except RuntimeError as error:
        raise WeightsError(f"These are not the weights of FID's Inception: {error}") from error
    return network


@cache
def feature_measure() -> Measure:
    """Return what measures the features of prediction and truth, side by side: ``(4096,)``.

    Raises:
        WeightsError: The weights are not in the cache and cannot be downloaded.
    """
    network = load(torch.load(fetch(WEIGHTS), map_location="cpu", weights_only=True))

    @lru_cache(maxsize=2)  # the truth's, while the systems take turns
    def features(picture: Picture) -> NDArray[np.float64]:
        rgb = torch.from_numpy(np.moveaxis(picture.codes, -1, 0).astype(np.float32) / 255.0)[None]
        with torch.inference_mode():
            found: NDArray[np.float64] = network(rgb)[0].double().numpy()
        return found

    def measure(pair: Pair) -> Sums:
        return np.concatenate([features(pair.prediction), features(pair.truth)])

    return measure
