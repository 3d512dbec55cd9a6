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
REACH = 12  # pixels from an edge that are looked at; two cells of a network's grid

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
    """Measure how much color has run over the edges of lightness, beyond what the truth's own does.

    The pixels within reach of an edge of the truth's lightness are looked at. Where the prediction's gradient of ab is
    steeper than the truth's, the excess counts, weighted down where lightness itself is steep (color that changes on
    the edge is innocent), and times the distance from the edge: a gradient, summed up over the way from the edge to
    where it lies, is the color that has run over (a first moment; integration by parts).

    Returns:
        The summed excess in Lab units, and the pixels looked at.
    """
    truth, prediction = small_lab(pair.truth), small_lab(pair.prediction)
    light = steepness(truth[..., :1])
    if light.max() < EDGE:
        return sums(0.0, 0.0)
    distance = cv2.distanceTransform((light < EDGE).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    near = distance <= REACH
    excess = np.maximum(steepness(prediction[..., 1:]) - steepness(truth[..., 1:]), 0.0)
    return sums(float((excess * np.exp(-light / INNOCENT) * distance)[near].sum()), float(near.sum()))


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
    upright = _strongest(prediction, truth)
    lying = _strongest(prediction.swapaxes(0, 1), truth.swapaxes(0, 1))
    return max(upright, lying)


def _strongest(prediction: _Float, truth: _Float) -> float:
    """Return the strongest jump between columns of ``(h, w, 3)`` Lab."""
    weight = np.exp(-np.abs(np.diff(truth[..., 0], axis=1)) / INNOCENT)[..., None]
    excess = np.maximum(_jumps(prediction, weight) - _jumps(truth, weight), 0.0)
    span = 2 * SEAM_NEIGHBOURS + 1
    padded = np.pad(excess, ((0, 0), (SEAM_NEIGHBOURS, SEAM_NEIGHBOURS)), mode="reflect")
    beside = np.median(np.lib.stride_tricks.sliding_window_view(padded, span, axis=1), axis=2)
    return float(np.maximum(excess - beside, 0.0).mean(axis=0).max())


def _jumps(lab: _Float, weight: _Float) -> _Float:
    """Return ``(lines, columns)`` how far ab jumps from column to column, as the mean over a line's pixels."""
    step = np.diff(lab[..., 1:], axis=1) * weight
    lines = step.shape[0] // SEAM_LENGTH
    shape = (lines, SEAM_LENGTH, step.shape[1], -1)
    pixels = lines * SEAM_LENGTH
    total = step[:pixels].reshape(shape).sum(axis=1)
    # where lightness has an edge along the whole line, next to nothing is left to take a mean of
    mean = total / np.maximum(weight[:pixels].reshape(shape).sum(axis=1), SEAM_LENGTH / 4)
    jumps: _Float = np.linalg.norm(mean, axis=2)
    return jumps
