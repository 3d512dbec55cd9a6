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
        stains: Probability of a print that is darker in places, by up to a third.
        scratches: Probability of scratches and specks of dust, black or white.
        border: Probability of paper or film around the photograph. It has no color, and the true ab says so.
    """

    panchromatic: float = 0.15
    orthochromatic: float = 0.2
    blue_sensitive: float = 0.05
    tone: float = 0.5
    fading: float = 0.35
    blur: float = 0.25
    grain: float = 0.4
    stains: float = 0.15
    scratches: float = 0.2
    border: float = 0.08


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
    if generator.random() < options.stains:
        gray = gray * _uneven(gray.shape, generator)
    if generator.random() < options.scratches:
        gray = _scratched(gray, generator)
    lightness: NDArray[np.float32] = spaces.lightness_from_gray(np.clip(gray, 0, 1))
    return lightness.astype(np.float32)


def _uneven(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return a smooth field of factors, 2/3 to 1."""
    coarse = generator.uniform(2 / 3, 1.0, (4, 4)).astype(np.float32)
    field = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(field, 0.6, 1.0).astype(np.float32)


def _scratched(gray: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return ``(h, w)`` float32 0..1 with lines and specks drawn over it."""
    height, width = gray.shape
    over = np.ascontiguousarray(gray)
    for _ in range(int(generator.integers(0, 9))):
        begin, end = ((int(generator.integers(0, width)), int(generator.integers(0, height))) for _ in range(2))
        cv2.line(over, begin, end, _dust(generator), 1, cv2.LINE_AA)
    for _ in range(int(generator.integers(0, 31))):
        place = (int(generator.integers(0, width)), int(generator.integers(0, height)))
        cv2.circle(over, place, int(generator.integers(0, 3)), _dust(generator), -1)
    opacity = np.float32(generator.uniform(0.5, 1.0))
    return gray + opacity * (over - gray)


def _dust(generator: np.random.Generator) -> float:
    return float(generator.random() < 0.5)


def with_border(
    linear: NDArray[np.float32], options: FilmOptions, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Lay white paper or black film over some sides of a photograph now and then.

    Args:
        linear: ``(h, w, 3)`` float32, linear sRGB 0..1.
        options: How often.
        generator: Source of chance.

    Returns:
        ``(h, w, 3)`` float32; the same where there is no border.
    """
    if generator.random() >= options.border:
        return linear
    height, width = linear.shape[:2]
    tone = generator.uniform(0.5, 1.0) if generator.random() < 0.7 else generator.uniform(0.0, 0.02)
    widths = np.where(generator.random(4) < 0.6, generator.uniform(0.02, 0.14, 4), 0.0)
    top, bottom, left, right = (round(w * s) for w, s in zip(widths, (height, height, width, width), strict=True))
    framed = np.full_like(linear, tone)
    inside = np.s_[top : height - bottom, left : width - right]
    framed[inside] = linear[inside]
    return framed
