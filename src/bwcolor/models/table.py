# SPDX-License-Identifier: Apache-2.0
"""The MODELS table: what networks there are, in plain values, without importing any of them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import lcm

from bwcolor.errors import UsageError
from bwcolor.models.download import RemoteFile


@dataclass(frozen=True)
class ModelRow:
    """One network.

    Attributes:
        name: What ``--model`` takes.
        summary: One line for people.
        home: "module:Class" of the network.
        stride: Height and width of its input must be multiples of this.
        ab_stride: How many times smaller its ab grid is than its input.
        working_size: Short side in pixels at which it sees a photo.
        temperature: Of the annealed mean, for networks that classify; None for others.
        looks: Sizes at which a photo and its mirror image are seen and averaged unless told otherwise, as shares of the
            working size; empty for a single look.
        chroma: Factor on its ab, chosen on held-out photographs.
        weights: File name of the shipped weights; empty for a network without any.
        sha256: Hash of that file; empty where there is none.
        takes_hints: Whether the network itself obeys color hints; for others they are spread along lightness after it.
        trainable: Whether ``bwcolor train`` has a recipe for it.
        code_license: SPDX identifier of the code.
        weights_license: Terms of the weights, in words.
        source: Paper or report that it follows.
        origin: The file that its authors publish, fetched when it is first needed; None where there is none.
        trained_on: Data sets that the weights have seen.
        choices: Forms that it can be built in: pairs of a name and its values, the default first.
        tiling: Whether it may see a photo in pieces.
        parts: Names of the networks that a mixture is made of.
        pipeline: Of its authors' own, by its name in `pipelines`; empty where it has none.
        by_certainty: Whether a mixture weighs its parts by their certainty at each place, or all the same.
    """

    name: str
    summary: str
    home: str
    stride: int = 32
    ab_stride: int = 4
    working_size: int = 192
    temperature: float | None = None
    looks: tuple[float, ...] = ()
    chroma: float = 1.0
    weights: str = ""
    sha256: str = ""
    takes_hints: bool = False
    trainable: bool = False
    code_license: str = "Apache-2.0"
    weights_license: str = "none needed"
    source: str = ""
    origin: RemoteFile | None = None
    trained_on: str = ""
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tiling: str = "discouraged: color is a decision about the whole picture"
    parts: tuple[str, ...] = ()
    by_certainty: bool = False
    pipeline: str = ""


DEFAULT_MODEL = "gan"
# of a mixture's name: what separates the parts from the manner, and the manner that is not the mean
MANNER = ":"
CERTAINTY = "certainty"

_TRUNK = "trunk.safetensors"
_TRUNK_SHA256 = "db18312c081277c22b7f7f51acca6cfec5b6b8746979b50418fb996c8426eabc"
_TRUNK_TERMS = "research and non-commercial use (see the model card)"

_TRAINED_BY_USERS = "yours: those of what you train it with"
_IMAGENET = "ImageNet (its own terms: non-commercial research)"
_AUTHORS_TERMS = "BSD-2-Clause, as published with the code; trained on ImageNet (non-commercial research)"
_BACKBONES = ("backbone", ("vgg16", "vgg19", "alexnet", "efficientnet-lite2"))
_PUBLISHER = "https://colorizers.s3.us-east-2.amazonaws.com"
_DDCOLOR = "Kang et al. 2023 (DDColor)"
_DDCOLOR_TERMS = "Apache-2.0, as the authors' code; trained on ImageNet (non-commercial research)"
_DEOLDIFY = "Antic 2018 (DeOldify)"
_DEOLDIFY_TERMS = "MIT, as published with the code; trained on ImageNet (non-commercial research)"


def _ddcolor(name: str, size: int | None, sha256: str) -> RemoteFile:
    """Return a file of DDColor's authors; there each has the same name in a folder of its own."""
    address = f"https://huggingface.co/piddnad/{name}/resolve/main/pytorch_model.bin"
    return RemoteFile(f"{name}.bin", address, sha256, size, "Apache-2.0")


_ROWS = (
    ModelRow(
        name="gan",
        summary="residual U-Net on EfficientNet-Lite2, adversarial ab head on color bins (default)",
        home="bwcolor.models.trunk:Gan",
        working_size=160,
        temperature=0.6,
        looks=(1.0, 2 / 3),
        weights=_TRUNK,
        sha256=_TRUNK_SHA256,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Nazeri et al. 2018 (conditional GAN); Zhang et al. 2016 (bins); Tan & Le 2019 (encoder)",
    ),
    ModelRow(
        name="classify",
        summary="the same trunk as a classifier over color bins, decoded by the annealed mean",
        home="bwcolor.models.trunk:Classify",
        working_size=160,
        temperature=0.6,
        looks=(1.0, 2 / 3),
        weights=_TRUNK,
        sha256=_TRUNK_SHA256,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Zhang et al. 2016; Tan & Le 2019 (encoder)",
    ),
    ModelRow(
        name="eccv16",
        summary="Colorful Image Colorization: 313 bins, no skips",
        home="bwcolor.models.eccv16:Eccv16",
        stride=8,
        working_size=256,
        temperature=1.0,
        trainable=True,
        pipeline="zhang",
        weights_license=_AUTHORS_TERMS,
        source="Zhang, Isola, Efros 2016",
        origin=RemoteFile(
            name="colorization_release_v2-9b330a0b.pth",
            address=f"{_PUBLISHER}/colorization_release_v2-9b330a0b.pth",
            sha256="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
            license="BSD-2-Clause",
        ),
        trained_on=_IMAGENET,
    ),
    ModelRow(
        name="siggraph17",
        summary="user-guided colorization: regression at full size, led by hints",
        home="bwcolor.models.siggraph17:Siggraph17",
        stride=8,
        ab_stride=1,
        working_size=256,
        takes_hints=True,
        trainable=True,
        pipeline="zhang",
        weights_license=_AUTHORS_TERMS,
        source="Zhang et al. 2017",
        origin=RemoteFile(
            name="siggraph17-df00044c.pth",
            address=f"{_PUBLISHER}/siggraph17-df00044c.pth",
            sha256="df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
            size=136_787_426,
            license="BSD-2-Clause",
        ),
        trained_on=_IMAGENET,
        choices=(("global_hints", ("no", "yes")),),
    ),
    ModelRow(
        name="ddcolor",
        summary="DDColor, large: learned color queries on ConvNeXt-L; the best open weights there are",
        home="bwcolor.models.ddcolor:DDColor",
        ab_stride=1,
        working_size=512,
        pipeline="ddcolor",
        weights_license=_DDCOLOR_TERMS,
        source=_DDCOLOR,
        origin=_ddcolor(
            "ddcolor_modelscope", 911_914_869, "d81711971ec59200da26d5e8a1afae8dd3778d495ea8ad7a7dadc769f403f7e7"
        ),
        trained_on=_IMAGENET,
    ),
    ModelRow(
        name="ddcolor-artistic",
        summary="DDColor, large: trained on artistic pictures too, with fewer bold patches",
        home="bwcolor.models.ddcolor:DDColor",
        ab_stride=1,
        working_size=512,
        pipeline="ddcolor",
        weights_license=_DDCOLOR_TERMS,
        source=_DDCOLOR,
        origin=_ddcolor(
            "ddcolor_artistic", 911_914_869, "5a076e84efce59848394f572a105f7b78f7f6e917f615d1ee88537241b96dca3"
        ),
        trained_on=f"{_IMAGENET}; pictures that its authors do not publish",
    ),
    ModelRow(
        name="ddcolor-tiny",
        summary="DDColor, small: ConvNeXt-T, a quarter of the weights",
        home="bwcolor.models.ddcolor:DDColorTiny",
        ab_stride=1,
        working_size=512,
        pipeline="ddcolor",
        weights_license=_DDCOLOR_TERMS,
        source=_DDCOLOR,
        origin=_ddcolor("ddcolor_paper_tiny", None, "8a1277bc90a1bfbb6d2d83933a9a6bc821931879ca93e26e4fcec12165d41fce"),
        trained_on=_IMAGENET,
    ),
    ModelRow(
        name="deoldify-artistic",
        summary="DeOldify's vivid generator: a U-Net on ResNet-34 with self-attention",
        home="bwcolor.models.deoldify:DeOldifyArtistic",
        ab_stride=1,
        working_size=384,
        pipeline="deoldify",
        weights_license=_DEOLDIFY_TERMS,
        source=_DEOLDIFY,
        origin=RemoteFile(
            name="ColorizeArtistic_gen.pth",
            address="https://data.deepai.org/deoldify/ColorizeArtistic_gen.pth",
            sha256="3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
            size=255_144_681,
            license="MIT",
        ),
        trained_on=_IMAGENET,
    ),
    ModelRow(
        name="deoldify-stable",
        summary="DeOldify's steady generator: a wide U-Net on ResNet-101",
        home="bwcolor.models.deoldify:DeOldifyStable",
        ab_stride=1,
        working_size=384,
        pipeline="deoldify",
        weights_license=_DEOLDIFY_TERMS,
        source=_DEOLDIFY,
        origin=RemoteFile(
            name="ColorizeStable_gen.pth",
            address="https://www.dropbox.com/s/axsd2g85uyixaho/ColorizeStable_gen.pth?dl=1",
            sha256="ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
            size=874_066_230,
            license="MIT",
        ),
        trained_on=_IMAGENET,
    ),
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
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Nazeri, Ng, Ebrahimi 2018",
        choices=(("width", ("paper", "narrow")),),
    ),
    ModelRow(
        name="yuv-bins",
        summary="the trunk as a classifier over the 32 most frequent bins of U and V",
        home="bwcolor.models.yuv_bins:YuvBins",
        temperature=0.38,
        trainable=True,
        weights_license=_TRAINED_BY_USERS,
        source="Billaut, de Rochemonteix, Thibault 2018",
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
        code_license=" and ".join(sorted({row.code_license for row in rows})),
        weights_license="; ".join(sorted({row.weights_license for row in rows})),
        source="; ".join(dict.fromkeys(row.source for row in rows if row.source)),
        trained_on="; ".join(dict.fromkeys(row.trained_on for row in rows if row.trained_on)),
        takes_hints=all(row.takes_hints for row in rows),
        parts=tuple(row.name for row in rows),
        by_certainty=bool(manner),
    )
