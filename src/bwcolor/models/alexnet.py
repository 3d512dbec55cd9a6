# SPDX-License-Identifier: Apache-2.0
"""AlexNet: Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).

Layout and names are those of torchvision's published weights (64, 192, 384, 256, 256 channels, not those of the network
of 2012); the input is RGB in ImageNet's statistics.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 192, 384, 256, 256)  # channels of the five convolutions
POOLED = 6  # side of the grid that the classifier sees
HIDDEN = 4096
CLASSES = 1000
TAP_ENDS = (2, 5, 8, 10, 12)  # layers after which each convolution's ReLU is tapped


class AlexNet(nn.Module):
    """The convolutions, and if wanted the classifier.

    Args:
        classifier: Whether the head of 1,000 ImageNet classes is built too.
        whole_cells: Whether pools count the cells that begin at the border (ceil mode), which with an input padded by
            (1, 2) makes the features' grids 1/4, 1/8 and 1/16 of the picture; False is as published.
        shrink: Divides the channels: 1 as published; more for trials.
    """

    def __init__(self, classifier: bool = False, whole_cells: bool = False, shrink: int = 1) -> None:
        super().__init__()
        one, two, three, four, five = (width // shrink for width in WIDTHS)
        self.features = nn.Sequential(
            nn.Conv2d(3, one, 11, 4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=whole_cells),
            nn.Conv2d(one, two, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=whole_cells),
            nn.Conv2d(two, three, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(three, four, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(four, five, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=whole_cells),
        )
        if classifier:
            self.pool = nn.AdaptiveAvgPool2d(POOLED)
            self.classifier = nn.Sequential(
                nn.Dropout(),
                nn.Linear(five * POOLED * POOLED, HIDDEN),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(HIDDEN, HIDDEN),
                nn.ReLU(),
                nn.Linear(HIDDEN, CLASSES),
            )

    def taps(self, image: Tensor) -> list[Tensor]:
        """Return the five ReLUs of ``(N, 3, h, w)`` in ImageNet's statistics: at 1/4, 1/8 and three times 1/16."""
        outputs = []
        x = image
        for index, layer in enumerate(list(self.features)[: TAP_ENDS[-1]]):
            x = layer(x)
            if index + 1 in TAP_ENDS:
                outputs.append(x)
        return outputs

    def forward(self, image: Tensor) -> Tensor:
        """Classify ``(N, 3, h, w)`` in ImageNet's statistics; returns ``(N, 1000)`` logits."""
        y: Tensor = self.classifier(torch.flatten(self.pool(self.features(image)), 1))
        return y
