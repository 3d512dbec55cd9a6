# SPDX-License-Identifier: Apache-2.0
"""What each network has been measured at: scripts/make_measured.py takes it from docs/."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Figures of a network; those of two networks can be compared only where both are of the same photographs.

    Attributes:
        figures: In words, each with its unit.
        photographs: On what.
        quoted: Whose row of the published numbers it is; empty where bwcolor has measured it itself.
    """

    figures: str
    photographs: str
    quoted: str = ""

    @property
    def brief(self) -> str:
        """The figures and what they are of."""
        return f"{self.figures} ({self.photographs}{', published' if self.quoted else ''})"

    def __str__(self) -> str:
        """Return all of it in one line."""
        whose = f", as published: {self.quoted}" if self.quoted else ""
        return f"{self.figures} ({self.photographs}{whose})"


MEASURED = {
    "gan": Measured(
        "PSNR 23.83 dB, CIEDE2000 9.54, chroma ratio 0.721",
        "200 photographs, docs/quality.md",
    ),
    "classify": Measured(
        "PSNR 23.86 dB, CIEDE2000 9.53, chroma ratio 0.702",
        "200 photographs, docs/quality.md",
    ),
    "eccv16": Measured(
        "FID 8.72, colorfulness 31.60 (delta 6.61), PSNR 22.64 dB",
        "ImageNet validation, 5,000",
        "Zhang et al. 2016",
    ),
    "siggraph17": Measured(
        "PSNR 24.43 dB",
        "ImageNet, 1,000",
        "Zhang et al. 2017, no hints",
    ),
    "ddcolor": Measured(
        "FID 3.92, colorfulness 38.26 (delta 0.05), PSNR 23.85 dB",
        "ImageNet validation, 5,000",
        "DDColor, large",
    ),
    "ddcolor-tiny": Measured(
        "FID 4.38, colorfulness 37.66 (delta 0.55), PSNR 23.54 dB",
        "ImageNet validation, 5,000",
        "DDColor, tiny",
    ),
    "deoldify-artistic": Measured(
        "FID 6.59, colorfulness 21.29 (delta 16.92), PSNR 24.11 dB",
        "ImageNet validation, 5,000",
        "DeOldify, which generator is not said",
    ),
    "deoldify-stable": Measured(
        "FID 6.59, colorfulness 21.29 (delta 16.92), PSNR 24.11 dB",
        "ImageNet validation, 5,000",
        "DeOldify, which generator is not said",
    ),
    "cnn-16": Measured(
        "96 % of pixels differ (Zhang et al.: 94 %)",
        "single photographs",
        "a student report, plain CNN of 16 layers",
    ),
    "koalarization": Measured(
        "45.9 % taken for real",
        "12 photographs, 41 people",
        "Deep Koalarization",
    ),
    "chromagan": Measured(
        "PSNR 24.98 dB; 77 % judged natural (true photographs: 87 %)",
        "ImageNet",
        "ChromaGAN",
    ),
    "gan-cifar": Measured(
        "MSE 0.00591, eps-accuracy 5 %: 58.24 %",
        "CIFAR-10, 1,000 test pictures, docs/experiments.md",
    ),
}
