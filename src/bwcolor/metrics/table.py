# SPDX-License-Identifier: Apache-2.0
"""The METRICS table: every metric by name, with unit, direction, range and source."""

from __future__ import annotations

import math
from difflib import get_close_matches

from bwcolor.errors import UsageError
from bwcolor.metrics import ciede2000, color_bins, edges, features, frames, lab, rgb, yuv
from bwcolor.metrics.metric import HIGHER, LOWER, Metric, mean_of

ALL = "all"
DOWNLOAD = "download"
FRAMES = "frames"
FEWEST_FOR_FID = 2000  # photos; below, the covariance of 2048 features has no full rank and the bias rules

_INF = math.inf
_DOC_0 = "Hwang, Zhou: Image colorization with deep convolutional neural networks (2016)"
_DOC_1 = "a student report on plain CNNs (after Baldassarre's beginner version), percent difference from the truth"
_DOC_2 = "a student report on GANs for CIFAR-10, which gives 0.00622 without its scale"
_HASLER = "Hasler, Suesstrunk: Measuring colourfulness in natural images (SPIE 2003)"
_ZHANG = "Zhang, Isola, Efros: Colorful image colorization (ECCV 2016)"
_NAZERI = "Nazeri, Ng, Ebrahimi: Image colorization using generative adversarial networks (AMDO 2018)"
_CIEDE = "CIE 142-2001; Sharma, Wu, Dalal: The CIEDE2000 color-difference formula (2005)"
_KANG = "Kang et al.: DDColor (ICCV 2023), delta CF"
_GODARD = "bwcolor; builds on Godard, Mac Aodha, Brostow (CVPR 2017), edge-aware smoothness"
_LPIPS = "Zhang et al.: The unreasonable effectiveness of deep features (CVPR 2018), version 0.1"


_signed = rgb.both_colorfulness()
_absolute = rgb.both_colorfulness(absolute=True)

# name, summary, unit, goal, lowest, highest, source, measure
_ROWS = (
    Metric("psnr", "peak signal-to-noise ratio of 8-bit RGB, mean over photos", "dB", HIGHER, 0, _INF,
           "MSE over pixels and channels, no border cut", rgb.psnr, rgb.mean_psnr),
    Metric("ssim", "structural similarity of 8-bit RGB (Gaussian window 11x11), mean over photos", "", HIGHER, -1, 1,
           "Wang et al.: Image quality assessment (2004)", mean_of(rgb.ssim), decimals=4),
    Metric("mse", "mean squared error of RGB values 0..1, mean over photos", "", LOWER, 0, 1,
           _DOC_2, mean_of(rgb.mse), decimals=5),
    Metric("mae", "mean absolute error of 8-bit RGB, mean over photos", "levels", LOWER, 0, 255,
           _NAZERI, mean_of(rgb.mae)),
    *(
        Metric(f"pixel-diff{suffix}", f"pixels with a channel off by more than {level} levels of 255", "%", LOWER, 0,
               100, _DOC_1, mean_of(rgb.pixel_difference(level)))
        for suffix, level in (("", 0), ("-2", 2), ("-5", 5), ("-10", 10))
    ),
    Metric("sat-diff", "deviation of the mean HSV saturation from the truth's, mean over photos", "%", LOWER, 0, _INF,
           _DOC_0, mean_of(rgb.saturation_difference)),
    Metric("l2-uv", "L_reg: squared error of U and V summed over a photo's pixels, mean over photos", "", LOWER, 0,
           _INF, _DOC_0, mean_of(yuv.squared_error), decimals=1),
    Metric("l2-uv-pixel", "L_reg per pixel, mean over photos", "", LOWER, 0, 2.3,
           _DOC_0, mean_of(yuv.squared_error_per_pixel), decimals=5),
    Metric("acc-u", f"pixels whose U falls into the true one's of {yuv.BINS} bins", "%", HIGHER, 0, 100,
           _DOC_0, mean_of(yuv.accuracy(yuv.U))),
    Metric("acc-v", f"pixels whose V falls into the true one's of {yuv.BINS} bins", "%", HIGHER, 0, 100,
           _DOC_0, mean_of(yuv.accuracy(yuv.V))),
    Metric("acc-bins", "pixels whose ab falls into the true one's of 313 bins", "%", HIGHER, 0, 100,
           _ZHANG, mean_of(color_bins.accuracy)),
    Metric("auc-raw", "mean share of pixels with an ab error of at most 0..150", "%", HIGHER, 0, 100,
           _ZHANG, mean_of(lab.auc)),
    Metric("auc-rebalanced", "the same, rare colors weighted up by one over their frequency in these photos", "%",
           HIGHER, 0, 100, _ZHANG, color_bins.scores_by_bin, color_bins.rebalanced_auc),
    *(
        Metric(f"eps-accuracy-{percent}", f"pixels with a and b off by at most {percent} % of their range", "%",
               HIGHER, 0, 100, _NAZERI, mean_of(lab.eps_accuracy(percent)))
        for percent in (2, 5)
    ),
    Metric("psnr-ab", "peak signal-to-noise ratio of a and b (peak 255 Lab units), mean over photos", "dB", HIGHER, 0,
           _INF, "as psnr, without lightness", mean_of(lab.ab_psnr)),
    Metric("ciede2000", "color difference, mean over pixels", "dE00", LOWER, 0, _INF,
           _CIEDE, ciede2000.distribution, ciede2000.mean),
    *(
        Metric(f"ciede2000-p{percent}", f"color difference that {percent} % of pixels stay below", "dE00", LOWER, 0,
               120, _CIEDE, ciede2000.distribution, ciede2000.percentile(percent))
        for percent in (50, 90)
    ),
    Metric("chroma-ratio", "mean chroma of the prediction by that of the truth, over all pixels", "", 1.0, 0, _INF,
           "CIE 15 (CIELAB chroma)", lab.chroma_ratio, decimals=3),
    Metric("hue-error", "pixels with true chroma above 15 whose hue is off by more than 90 degrees", "%", LOWER, 0,
           100, "CIE 15 (CIELAB hue)", lab.hue_error),
    Metric("colorfulness", "how colorful the prediction is, mean over photos", "", None, 0, _INF,
           _HASLER, _signed, rgb.mean_of_first),
    Metric("delta-colorfulness", "|mean colorfulness - the truth's|", "", LOWER, 0, _INF,
           _KANG, _signed, rgb.gap_of_means),
    Metric("colorfulness-abs", "the same from |R-G| and |(R+G)/2-B|, as published tables mostly have it", "", None, 0,
           _INF, _KANG, _absolute, rgb.mean_of_first),
    Metric("delta-colorfulness-abs", "|mean colorfulness-abs - the truth's|", "", LOWER, 0, _INF,
           _KANG, _absolute, rgb.gap_of_means),
    Metric("l-error", "error of lightness as neutral gray, mean over photos", "levels", LOWER, 0, 255,
           "bwcolor", mean_of(lab.lightness_error), decimals=3),
    Metric("l-lost", "pixels whose lightness is off by more than one level of 255", "%", LOWER, 0, 100,
           "bwcolor", mean_of(lab.lightness_lost), decimals=3),
    Metric("leak", "color that has run over edges of lightness, beyond the truth's", "Lab", LOWER, 0, _INF,
           _GODARD, edges.leak, decimals=3),
    Metric("seam", "strongest straight jump of color where lightness has none, mean over photos", "Lab", LOWER, 0,
           _INF, _GODARD, mean_of(edges.seam)),
    Metric("flicker", "color changing from frame to frame beyond the truth's, motion taken out", "Lab", LOWER, 0, _INF,
           "Lai et al.: Learning blind video temporal consistency (ECCV 2018), warping error",
           frames.flicker, decimals=3, needs=FRAMES),
    *(
        Metric(f"lpips{suffix}", f"perceptual distance, {trunk}, mean over photos", "", LOWER, 0, _INF,
               _LPIPS, f"bwcolor.metrics.lpips:{home}_measure", decimals=4, needs=DOWNLOAD)
        for suffix, trunk, home in (
            ("", "AlexNet (244 MB)", "alex"),
            ("-squeeze", "SqueezeNet (5 MB)", "squeeze"),
            ("-vgg", "VGG-16 (553 MB)", "vgg"),
        )
    ),
    Metric("kid", "kernel distance of Inception features (96 MB), times 1000, unbiased at any number", "x1000", LOWER,
           -_INF, _INF, "Binkowski et al.: Demystifying MMD GANs (ICLR 2018)",
           "bwcolor.metrics.inception:feature_measure", needs=DOWNLOAD, decimals=3,
           whole=features.kernel_of_rows, left_out=features.kernel_without_each, least=3),
    Metric("fid", "Frechet distance of Inception features (96 MB); compare at equal photos only", "", LOWER, 0, _INF,
           "Heusel et al.: GANs trained by a two time-scale update rule (NeurIPS 2017)",
           "bwcolor.metrics.inception:feature_measure", needs=DOWNLOAD,
           whole=features.frechet_of_rows, least=FEWEST_FOR_FID,
           instead="Take kid, which is unbiased at any number."),
)  # fmt: skip

METRICS = {row.name: row for row in _ROWS}


def find_metrics(names: str) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Return the metrics of a comma-separated list.

    Args:
        names: As given to ``--metrics``; "all" stands for everything that needs no download and no frames, and the
            beginning of several names ("eps-accuracy") for all of these.

    Returns:
        The metrics, each once, and those that "all" left out.

    Raises:
        UsageError: There is no such metric; the message names the nearest ones.
    """
    found: dict[str, Metric] = {}
    left: dict[str, Metric] = {}
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name == ALL:
            found |= {row.name: row for row in _ROWS if not row.needs}
            left |= {row.name: row for row in _ROWS if row.needs}
        elif name in METRICS:
            found[name] = METRICS[name]
        elif family := {row.name: row for row in _ROWS if row.name.startswith(f"{name}-")}:
            found |= family
        else:
            near = get_close_matches(name, METRICS, n=3, cutoff=0.5)
            meant = f"Did you mean {' or '.join(near)}? " if near else ""
            raise UsageError(f"There is no metric {name!r}.", f"{meant}See: bwcolor eval --list.")
    if not found:
        raise UsageError("No metric was named.", "See: bwcolor eval --list.")
    return tuple(found.values()), tuple(row for row in left.values() if row.name not in found)
