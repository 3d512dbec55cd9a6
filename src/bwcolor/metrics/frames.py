# SPDX-License-Identifier: Apache-2.0
"""`flicker`: color that changes from frame to frame where the scene does not.

The warping error of Lai et al. (ECCV 2018): the frame before is carried along the motion, and what then still differs
in color is counted where lightness agrees. The truth's own change is taken off.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Sums, sums
from bwcolor.metrics.pair import Pair

_Float = NDArray[np.float32]

SAME = 2.0  # Lab units; lightness that differs this much after the motion counts only 1/e


def flicker(pair: Pair) -> Sums:
    """Measure the change of color since the frame before, beyond the truth's own.

    Returns:
        The summed excess in Lab units, and the summed weights; zeros for the first frame and after a change of size.
    """
    before = pair.previous
    if before is None or before.truth.shape != pair.truth.shape:
        return sums(0.0, 0.0)
    now_light, then_light = (picture.lab[0].astype(np.float32) for picture in (pair.truth, before.truth))
    motion = _motion(now_light, then_light)
    weight = np.exp(-np.abs(now_light - _carried(then_light, motion)) / SAME)
    excess = _change(pair.prediction.lab, before.prediction.lab, motion)
    excess = np.maximum(excess - _change(pair.truth.lab, before.truth.lab, motion), 0.0)
    return sums(float((excess * weight).sum()), float(weight.sum()))


def _change(now: NDArray[np.float64], then: NDArray[np.float64], motion: _Float) -> NDArray[np.float64]:
    """Return ``(H, W)`` how far ab moved, the motion taken out."""
    carried = _carried(np.moveaxis(then[1:], 0, -1).astype(np.float32), motion)
    distance: NDArray[np.float64] = np.hypot(now[1] - carried[..., 0], now[2] - carried[..., 1])
    return distance


def _motion(now: _Float, then: _Float) -> _Float:
    """Return ``(H, W, 2)`` where each pixel was in the frame before, as an offset in pixels (Farnebaeck 2003)."""
    codes = [np.clip(np.rint(plane * 2.55), 0, 255).astype(np.uint8) for plane in (now, then)]
    flow = cv2.calcOpticalFlowFarneback(
        codes[0], codes[1], None, pyr_scale=0.5, levels=4, winsize=15, iterations=3, poly_n=5, poly_sigma=1.1, flags=0
    )  # type: ignore[call-overload]
    return np.asarray(flow, dtype=np.float32)


def _carried(planes: _Float, motion: _Float) -> _Float:
    """Return the frame before, carried along the motion to this frame."""
    height, width = motion.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(planes, x + motion[..., 0], y + motion[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)
