# SPDX-License-Identifier: Apache-2.0
"""Color that does not keep to the edges of lightness: `leak` across them, `seam` where there are none.

Both build on the edge-aware smoothness of Godard, Mac Aodha and Brostow (CVPR 2017), which weighs a gradient of what
is predicted by exp(-|gradient of the picture|): a change of color is innocent where lightness changes too. Both compare
with the truth, so that only changes of color count that the truth does not have. Gradients are Gaussian derivatives
on pictures made small to a common size, so that the numbers do not depend on the size of a scan.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.metric import Sums, sums
from bwcolor.metrics.pair import Pair, Picture

_Float = NDArray[np.float32]

SHORT_SIDE = 256  # pixels; larger pictures are measured at this size
SIGMA = 1.0  # pixels, of the Gaussian under the derivatives
INNOCENT = 2.0  # Lab units per pixel; a gradient of lightness this steep excuses all but 1/e of a change of color

EDGE = 4.0  # Lab units per pixel; a step of 10 in lightness is this steep after smoothing
REACH = 8  # pixels beside an edge that are looked at

SEAM_LENGTH = 32  # pixels; a straight line of this length is looked at as one
SEAM_NEIGHBOURS = 8  # lines to each side that a seam has to stand out from


def small_lab(picture: Picture) -> _Float:
    """Return ``(h, w, 3)`` float32 CIELAB, made small to a short side of 256 pixels by area averaging."""
    lab = np.moveaxis(picture.lab, 0, -1).astype(np.float32)
    height, width = picture.shape
    scale = SHORT_SIDE / min(height, width)
    if scale >= 1:
        return np.ascontiguousarray(lab)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return cv2.resize(lab, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def steepness(planes: _Float) -> _Float:
    """Return the length of the gradient of all planes together.

    Args:
        planes: ``(h, w, c)`` float32.

    Returns:
        ``(h, w)`` float32, per pixel: the Frobenius norm of the Jacobian (Di Zenzo 1986).
    """
    smooth = cv2.GaussianBlur(planes, (0, 0), SIGMA, borderType=cv2.BORDER_REPLICATE).reshape(planes.shape)
    padded = np.pad(smooth, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    length: _Float = np.sqrt((across**2 + down**2).sum(axis=2))
    return length


def leak(pair: Pair) -> Sums:
    """Measure how steeply color changes beside the edges of lightness, more steeply than the truth's does.

    Where the truth's lightness has an edge, the pixels within reach of it are looked at. Each adds the excess of the
    prediction's gradient of ab over the truth's, weighted down where lightness itself is steep: color that changes on
    the edge is innocent, color that changes beside it has run over.

    Returns:
        The summed excess in Lab units per pixel, and the pixels looked at.
    """
    truth, prediction = small_lab(pair.truth), small_lab(pair.prediction)
    light = steepness(truth[..., :1])
    diameter = 2 * REACH + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
    near = cv2.dilate((light >= EDGE).astype(np.uint8), disc) > 0
    if not near.any():
        return sums(0.0, 0.0)
    excess = np.maximum(steepness(prediction[..., 1:]) - steepness(truth[..., 1:]), 0.0)
    return sums(float((excess * np.exp(-light / INNOCENT))[near].sum()), float(near.sum()))


def seam(pair: Pair) -> float:
    """Return the strongest straight jump of color between two columns or two rows, in Lab units.

    A seam is a step of ab that the truth does not have, the same along a line, where lightness has no edge, and that
    stands out from the lines beside it. Networks that color a photo tile by tile leave them.

    Returns:
        0 upwards; NaN for a picture shorter than a line (32 pixels).
    """
    truth, prediction = small_lab(pair.truth), small_lab(pair.prediction)
    if min(truth.shape[:2]) < SEAM_LENGTH:
        return math.nan
    error = prediction[..., 1:] - truth[..., 1:]
    light = truth[..., 0]
    upright = _strongest(error, light)
    lying = _strongest(error.swapaxes(0, 1), light.T)
    return max(upright, lying)


def _strongest(error: _Float, light: _Float) -> float:
    """Return the strongest jump between columns: error (h, w, 2), light (h, w)."""
    weight = np.exp(-np.abs(np.diff(light, axis=1)) / INNOCENT)[..., None]
    step = np.diff(error, axis=1) * weight
    parts = step.shape[0] // SEAM_LENGTH
    rows = parts * SEAM_LENGTH
    whole = (parts, SEAM_LENGTH, step.shape[1], -1)
    jump = step[:rows].reshape(whole).sum(axis=1) / np.maximum(weight[:rows].reshape(whole).sum(axis=1), 1.0)
    strength = np.linalg.norm(jump, axis=2)  # (parts, columns)
    span = 2 * SEAM_NEIGHBOURS + 1
    padded = np.pad(strength, ((0, 0), (SEAM_NEIGHBOURS, SEAM_NEIGHBOURS)), mode="reflect")
    beside = np.median(np.lib.stride_tricks.sliding_window_view(padded, span, axis=1), axis=2)
    return float(np.maximum(strength - beside, 0.0).mean(axis=0).max())
