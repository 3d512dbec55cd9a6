# SPDX-License-Identifier: Apache-2.0
"""What film, prints and scanners do to lightness: only the network's input is changed, the true ab stays.

Historic scans are not modern photographs turned gray: early plates hardly saw red, prints fade, lenses were soft,
and film has grain. Each effect is drawn per sample from the sample's own generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.color import spaces

# Shares of linear R, G and B in the gray of an emulsion
PANCHROMATIC = (0.30, 0.59, 0.11)
ORTHOCHROMATIC = (0.05, 0.50, 0.45)  # common about 1880-1930: blind to red
BLUE_SENSITIVE = (0.00, 0.10, 0.90)  # most plates before 1900


@dataclass(frozen=True)
class FilmOptions:
    """How often each effect is applied (probabilities) and how strong it is at most.

    Attributes:
        panchromatic: Probability of a panchromatic emulsion with jittered weights instead of plain luminance.
        orthochromatic: Probability of an orthochromatic emulsion.
        blue_sensitive: Probability of a blue-sensitive one.
        tone: Probability of a changed gamma (0.7 to 1.4).
        fading: Probability of lifted blacks and lowered whites.
        blur: Probability of a soft lens (sigma 0.4 to 1.2 pixels of the crop).
        grain: Probability of film grain (sigma 0.01 to 0.05 of full scale).
    """

    panchromatic: float = 0.15
    orthochromatic: float = 0.2
    blue_sensitive: float = 0.05
    tone: float = 0.5
    fading: float = 0.35
    blur: float = 0.25
    grain: float = 0.4


def _emulsion(options: FilmOptions, generator: np.random.Generator) -> NDArray[np.float32] | None:
    draw = generator.random()
    for probability, response in (
        (options.panchromatic, PANCHROMATIC),
        (options.orthochromatic, ORTHOCHROMATIC),
        (options.blue_sensitive, BLUE_SENSITIVE),
    ):
        if draw < probability:
            weights = np.clip(np.array(response) + generator.uniform(-0.1, 0.1, 3), 0, None)
            response_weights: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
            return response_weights
        draw -= probability
    return None


def film_lightness(
    linear: NDArray[np.float32], options: FilmOptions, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Photograph a scene on old film, print it, let it fade, and scan it.

    Args:
        linear: ``(h, w, 3)`` float32, linear sRGB 0..1.
        options: How often and how strongly.
        generator: Source of chance.

    Returns:
        ``(h, w)`` float32, CIE L* 0..100 of the scan.
    """
    response = _emulsion(options, generator)
    if response is None:
        luminance: NDArray[np.float32] = spaces.luminance_from_linear(linear[..., 0], linear[..., 1], linear[..., 2])
    else:
        luminance = linear @ response
    gray: NDArray[np.float32] = spaces.srgb_from_linear(luminance)
    if generator.random() < options.tone:
        gray = np.clip(gray, 0, 1) ** np.float32(generator.uniform(0.7, 1.4))
    if generator.random() < options.blur:
        gray = cv2.GaussianBlur(gray, (0, 0), generator.uniform(0.4, 1.2)).astype(np.float32)
    if generator.random() < options.grain:
        noise = generator.standard_normal(gray.shape, dtype=np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), generator.uniform(0.3, 0.8)).astype(np.float32)
        strength = generator.uniform(0.01, 0.05) * 2 / max(float(noise.std()), 1e-6)
        gray = gray + np.float32(strength) * noise * np.sqrt(np.clip(gray * (1 - gray), 0, None))
    if generator.random() < options.fading:
        black, white = generator.uniform(0.0, 0.22), generator.uniform(0.78, 1.0)
        gray = np.float32(black) + gray * np.float32(white - black)
    lightness: NDArray[np.float32] = spaces.lightness_from_gray(np.clip(gray, 0, 1))
    return lightness.astype(np.float32)
