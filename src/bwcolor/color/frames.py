# SPDX-License-Identifier: Apache-2.0
"""Color averaged over neighboring frames of a film, along the motion of their lightness.

As with Lai et al., Learning Blind Video Temporal Consistency (ECCV 2018), what agrees in lightness after the motion is
one thing; the motion is found by dense inverse search (Kroeger et al., ECCV 2016).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float32]

AGREE = 4.0  # Lab units; lightness that differs this much after the motion counts only 1/e
FLOW_SIDE = 64  # pixels of the shorter side, below which there is no motion to be found by this method


@dataclass(frozen=True)
class Frame:
    """A frame as the network sees it.

    Attributes:
        lightness: ``(h, w)`` CIE L*, 0..100.
        ab: ``(h / s, w / s, 2)``, Lab units, for a whole s.
    """

    lightness: _Float
    ab: _Float


def averaged(frame: Frame, others: Iterable[Frame]) -> _Float:
    """Return the color of a frame, averaged with that of others along the motion.

    Args:
        frame: The frame.
        others: Its neighbors; those of another size are another scene.

    Returns:
        ``(h / s, w / s, 2)``, Lab units.
    """
    total = frame.ab.astype(np.float64)
    weights = np.ones(frame.ab.shape[:2])
    for other in others:
        if other.lightness.shape != frame.lightness.shape or min(frame.lightness.shape) < FLOW_SIDE:
            continue
        carried, weight = _carried(frame, other)
        total += carried * weight[..., None]
        weights += weight
    result: _Float = (total / weights[..., None]).astype(np.float32)
    return result


def _carried(frame: Frame, other: Frame) -> tuple[_Float, _Float]:
    """Return another frame's ab where it would be in this one, and how far the lightness agrees there, 0..1."""
    motion = _motion(frame.lightness, other.lightness)
    grid = frame.ab.shape[1], frame.ab.shape[0]
    stride = frame.lightness.shape[1] / grid[0]
    agree = np.exp(-abs(frame.lightness - _moved(other.lightness, motion)) / AGREE)
    small = cv2.resize(motion, grid, interpolation=cv2.INTER_AREA) / np.float32(stride)
    weight = cv2.resize(agree, grid, interpolation=cv2.INTER_AREA)
    return _moved(other.ab, np.asarray(small, np.float32)), np.asarray(weight, np.float32)


def _motion(now: _Float, then: _Float) -> _Float:
    """Return ``(h, w, 2)`` where each pixel is in the other frame, as an offset in pixels."""
    codes = [np.clip(np.rint(plane * 2.55), 0, 255).astype(np.uint8) for plane in (now, then)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(codes[0], codes[1], None), dtype=np.float32)  # type: ignore[call-overload]


def _moved(planes: _Float, motion: _Float) -> _Float:
    """Return planes as they are at the places that the motion names."""
    height, width = motion.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(planes, x + motion[..., 0], y + motion[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)
