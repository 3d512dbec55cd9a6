# SPDX-License-Identifier: Apache-2.0
"""VGG-16 and VGG-19: Simonyan & Zisserman, "Very Deep Convolutional Networks" (ICLR 2015), configurations D and E.

Layout and names are those of torchvision's published weights; the input is RGB in ImageNet's statistics.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

# 3x3 convolutions of each of the five blocks, by depth
CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
WIDTH = 64  # channels of the first block
WIDENING = (1, 2, 4, 8, 8)  # of the blocks, as multiples of the width
POOLED = 7  # side of the grid that the classifier sees
HIDDEN = 4096
CLASSES = 1000
# of R, G and B in 0..1 over ImageNet
IMAGE_MEAN = (0.485, 0.456, 0.406)
IMAGE_STD = (0.229, 0.224, 0.225)


class Vgg(nn.Module):
    """The blocks, and if wanted the classifier.

    Args:
        depth: 16 or 19.
        blocks: How many of the five blocks are built.
        classifier: Whether the head of 1,000 ImageNet classes is built too.
        width: Channels of the first block: 64 as published; fewer for trials.
    """

    def __init__(self, depth: int = 16, blocks: int = 5, classifier: bool = False, width: int = WIDTH) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.tap_ends: list[int] = []
        inputs = 3
        for count, times in zip(CONVOLUTIONS[depth][:blocks], WIDENING, strict=False):
            for _ in range(count):
                layers += [nn.Conv2d(inputs, times * width, 3, padding=1), nn.ReLU()]
                inputs = times * width
            self.tap_ends.append(len(layers))
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        if classifier:
            self.pool = nn.AdaptiveAvgPool2d(POOLED)
            self.classifier = nn.Sequential(
                nn.Linear(inputs * POOLED * POOLED, HIDDEN),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(HIDDEN, HIDDEN),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(HIDDEN, CLASSES),
            )

    def taps(self, image: Tensor) -> list[Tensor]:
        """Return the last ReLU of each block, at 1/1, 1/2, 1/4, ... of ``(N, 3, h, w)`` in ImageNet's statistics."""
        outputs = []
        x = image
        for index, layer in enumerate(list(self.features)[: self.tap_ends[-1]]):
            x = layer(x)
            if index + 1 in self.tap_ends:
                outputs.append(x)
        return outputs

    def forward(self, image: Tensor) -> Tensor:
        """Classify ``(N, 3, h, w)`` in ImageNet's statistics; returns ``(N, 1000)`` logits."""
        y: Tensor = self.classifier(torch.flatten(self.pool(self.features(image)), 1))
        return y
