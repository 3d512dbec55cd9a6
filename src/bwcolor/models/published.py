# SPDX-License-Identifier: Apache-2.0
"""Rows of the MODELS table for networks whose authors publish weights: fetched when they are first needed."""

from __future__ import annotations

from bwcolor.models.download import RemoteFile
from bwcolor.models.row import ModelRow

_IMAGENET = "ImageNet (its own terms: non-commercial research)"
_AUTHORS_TERMS = "BSD-2-Clause, as published with the code; trained on ImageNet (non-commercial research)"
_PUBLISHER = "https://colorizers.s3.us-east-2.amazonaws.com"
_DDCOLOR = "Kang et al. 2023 (DDColor)"
_DDCOLOR_TERMS = "Apache-2.0, as the authors' code; trained on ImageNet (non-commercial research)"
_DEOLDIFY = "Antic 2018 (DeOldify)"
_DEOLDIFY_TERMS = "MIT, as published with the code; trained on ImageNet (non-commercial research)"


def _ddcolor(name: str, size: int | None, sha256: str) -> RemoteFile:
    """Return a file of DDColor's authors; there each has the same name in a folder of its own."""
    address = f"https://huggingface.co/piddnad/{name}/resolve/main/pytorch_model.bin"
    return RemoteFile(f"{name}.bin", address, sha256, size, "Apache-2.0")


PUBLISHED = (
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
)
