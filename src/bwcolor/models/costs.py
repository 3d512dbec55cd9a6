# SPDX-License-Identifier: Apache-2.0
"""What each network costs, in each of its forms: counted by scripts/measure_costs.py, not written by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a network costs.

    Attributes:
        parameters: That are learned.
        gflop: Billions of multiplications and additions for one picture of 256x256: convolutions and matrix products.
    """

    parameters: int
    gflop: float


COSTS = {
    "gan": Cost(7_087_270, 5.84),
    "gan trunks=2": Cost(14_174_540, 11.69),
    "classify": Cost(6_920_804, 4.48),
    "classify trunks=2": Cost(13_841_608, 8.96),
    "eccv16": Cost(32_236_011, 83.55),
    "siggraph17": Cost(34_187_027, 150.39),
    "siggraph17 global_hints=yes": Cost(35_141_907, 150.39),
    "ddcolor": Cost(227_869_328, 129.84),
    "ddcolor-artistic": Cost(227_869_328, 129.84),
    "ddcolor-tiny": Cost(55_006_640, 46.99),
    "deoldify-artistic": Cost(63_645_681, 393.18),
    "deoldify-stable": Cost(218_221_173, 282.49),
    "vgg-regression": Cost(8_139_165, 41.81),
    "vgg-regression backbone=vgg19": Cost(11_089_053, 51.47),
    "vgg-regression backbone=alexnet": Cost(2_659_389, 2.75),
    "vgg-regression backbone=efficientnet-lite2": Cost(1_189_413, 1.35),
    "vgg-regression bottleneck=wide": Cost(8_165_642, 45.26),
    "vgg-classification": Cost(8_217_764, 51.28),
    "vgg-classification backbone=vgg19": Cost(11_167_652, 60.95),
    "vgg-classification backbone=alexnet": Cost(2_720_420, 9.92),
    "vgg-classification backbone=efficientnet-lite2": Cost(1_246_052, 7.94),
    "cnn": Cost(3_892_194, 15.19),
    "cnn form=small": Cost(32_202, 0.37),
    "cnn-16": Cost(3_896_530, 15.34),
    "koalarization": Cost(62_417_258, 46.03),
    "koalarization backbone=efficientnet-lite2": Cost(12_665_866, 21.44),
    "chromagan": Cost(47_523_234, 48.48),
    "chromagan backbone=efficientnet-lite2": Cost(37_879_250, 9.15),
    "chromagan class_branch=yes": Cost(171_166_090, 48.73),
    "gan-cifar": Cost(16_652_419, 43.13),
    "gan-cifar width=narrow": Cost(869_827, 2.57),
    "gan-cifar residual=yes": Cost(35_534_979, 52.80),
    "yuv-bins": Cost(6_898_688, 4.30),
    "yuv-bins bins=all": Cost(6_905_284, 4.35),
    "null": Cost(0, 0.00),
}
