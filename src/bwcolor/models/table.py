# SPDX-License-Identifier: Apache-2.0
"""The MODELS table: what networks there are, in plain values, without importing any of them."""

from __future__ import annotations

from difflib import get_close_matches
from math import lcm

from bwcolor.errors import UsageError
from bwcolor.models.published import PUBLISHED
from bwcolor.models.row import ModelRow

DEFAULT_MODEL = "gan"
# of a mixture's name: what separates the parts from the manner, and the manner that is not the mean
MANNER = ":"
CERTAINTY = "certainty"

_TRUNK = "trunk.safetensors"
_TRUNK_SHA256 = "785905135904c59e6def581e37d6533008724d0756f8693b925f8caea9f4b043"
_TRUNKS = ("trunks", ("1", "2"))
_TRUNK_TERMS = "research and non-commercial use (see the model card)"

_TRAINED_BY_USERS = "yours: those of what you train it with"
_BACKBONES = ("backbone", ("vgg16", "vgg19", "alexnet", "efficientnet-lite2"))
_ROWS = (
    ModelRow(
        name="gan",
        summary="residual U-Nets on EfficientNet-Lite2, adversarial ab heads on color bins (default)",
        home="bwcolor.models.ensemble:gan",
        working_size=160,
        temperature=1.0,
        chroma=1.1,
        looks=(1.0, 2 / 3),
        levels="stretch",
        weights=_TRUNK,
        sha256=_TRUNK_SHA256,
        form="trunks=2",
        takes_hints=True,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Nazeri et al. 2018 (conditional GAN); Zhang et al. 2016 (bins); Tan & Le 2019 (encoder)",
        choices=(_TRUNKS,),
    ),
    ModelRow(
        name="classify",
        summary="the same trunks as classifiers over color bins, decoded by the mean",
        home="bwcolor.models.ensemble:classify",
        working_size=160,
        temperature=1.0,
        chroma=1.05,
        looks=(1.0, 2 / 3),
        levels="stretch",
        weights=_TRUNK,
        sha256=_TRUNK_SHA256,
        form="trunks=2",
        takes_hints=True,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Zhang et al. 2016; Tan & Le 2019 (encoder)",
        choices=(_TRUNKS,),
    ),
    *PUBLISHED,
    ModelRow(
        name="vgg-regression",
        summary="residual encoder: U and V by regression on an ImageNet backbone",
        home="bwcolor.models.residual_encoder:VggRegression",
        stride=16,
        ab_stride=1,
        working_size=224,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Dahl 2016",
        choices=(_BACKBONES, ("bottleneck", ("paper", "wide"))),
    ),
    ModelRow(
        name="vgg-classification",
        summary="50 bins of U and 50 of V on an ImageNet backbone",
        home="bwcolor.models.residual_encoder:VggClassification",
        stride=16,
        working_size=224,
        temperature=0.38,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Hwang & Zhou 2016",
        choices=(_BACKBONES,),
    ),
    ModelRow(
        name="cnn",
        summary="a plain convolutional network, as tutorials teach it",
        home="bwcolor.models.cnn:Cnn",
        stride=8,
        ab_stride=2,
        working_size=224,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Aguilar Gomez, Alaskari, Rivera (student report); Wallner 2017 (tutorial)",
        choices=(("form", ("full", "small")),),
    ),
    ModelRow(
        name="cnn-16",
        summary="the plain network, deepened to 16 layers",
        home="bwcolor.models.cnn:Cnn16",
        stride=8,
        ab_stride=2,
        working_size=256,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Aguilar Gomez, Alaskari, Rivera (student report)",
    ),
    ModelRow(
        name="koalarization",
        summary="a plain network that is told what the picture shows",
        home="bwcolor.models.koalarization:Koalarization",
        stride=8,
        ab_stride=2,
        working_size=224,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Baldassarre, Gonzalez Morin, Rodes-Guirao 2017",
        choices=(("backbone", ("inception-resnet-v2", "efficientnet-lite2")),),
    ),
    ModelRow(
        name="chromagan",
        summary="a conditional GAN that learns besides what the picture shows",
        home="bwcolor.models.chromagan:ChromaGan",
        stride=16,
        ab_stride=2,
        working_size=224,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Vitoria, Raad, Ballester 2020",
        choices=(("backbone", ("vgg16", "efficientnet-lite2")), ("class_branch", ("no", "yes"))),
    ),
    ModelRow(
        name="gan-cifar",
        summary="conditional GAN for pictures of 32x32",
        home="bwcolor.models.gan_cifar:GanCifar",
        stride=16,
        ab_stride=1,
        working_size=32,
        weights="gan-cifar.safetensors",
        sha256="9785403dac7e6188ead0a45c410751d14ebd4677af343e61a1f5f7796203e495",
        form="width=narrow",
        trainable=True,
        weights_license="research use (CIFAR-10; see the model card)",
        source="Nazeri, Ng, Ebrahimi 2018",
        trained_on="5,000 pictures of CIFAR-10",
        choices=(("width", ("paper", "narrow")), ("residual", ("no", "yes"))),
    ),
    ModelRow(
        name="yuv-bins",
        summary="the trunk as a classifier over the 32 most frequent bins of U and V",
        home="bwcolor.models.yuv_bins:YuvBins",
        temperature=0.38,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Billaut, de Rochemonteix, Thibault 2018",
        choices=(("bins", ("32", "all")),),
    ),
    ModelRow(
        name="null",
        summary="a fixed tint by lightness, without weights, for tests and trials",
        home="bwcolor.models.null:Null",
        takes_hints=True,
    ),
)

MODELS = {row.name: row for row in _ROWS}


def find_model(name: str) -> ModelRow:
    """Return a row by its name.

    Args:
        name: As given to ``--model``; ``a+b`` averages the ab of two networks or more, ``a+b:certainty`` weighs them at
            each place by how certain they are there.

    Raises:
        UsageError: There is no such model; the message names the nearest ones.
    """
    if name in MODELS:
        return MODELS[name]
    if "+" in name:
        return _mixture(name)
    near = get_close_matches(name, MODELS, n=2, cutoff=0.5)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"There is no model {name!r}.", f"{meant}These there are: {', '.join(MODELS)}.")


def _mixture(name: str) -> ModelRow:
    """Return the row of a mixture, made of those of its parts."""
    names, _, manner = name.partition(MANNER)
    rows = [find_model(part.strip()) for part in names.split("+")]
    if manner not in ("", CERTAINTY):
        raise UsageError(f"{manner!r} is no way to mix networks.", f"Write {names} or {names}{MANNER}{CERTAINTY}.")
    unsure = [row.name for row in rows if row.temperature is None]
    if manner and unsure:
        raise UsageError(f"{unsure[0]!r} cannot say how certain it is.", f"Write {names} to average their colors.")
    return ModelRow(
        name=name,
        summary=f"{' and '.join(row.name for row in rows)}, {'weighed by certainty' if manner else 'averaged'}",
        home="bwcolor.models.mixture:Mixture",
        stride=lcm(*(row.stride for row in rows)),
        # the coarsest grid: to enlarge ab is not a network's business
        ab_stride=max(row.ab_stride for row in rows),
        working_size=max(row.working_size for row in rows),
        # a habit that the parts do not share is nobody's
        looks=rows[0].looks if len({row.looks for row in rows}) == 1 else (),
        levels=rows[0].levels if len({row.levels for row in rows}) == 1 else "scan",
        code_license=" and ".join(sorted({row.code_license for row in rows})),
        weights_license="; ".join(sorted({row.weights_license for row in rows})),
        source="; ".join(dict.fromkeys(row.source for row in rows if row.source)),
        trained_on="; ".join(dict.fromkeys(row.trained_on for row in rows if row.trained_on)),
        takes_hints=all(row.takes_hints for row in rows),
        parts=tuple(row.name for row in rows),
        by_certainty=bool(manner),
    )
