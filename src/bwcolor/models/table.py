# SPDX-License-Identifier: Apache-2.0
"""The MODELS table: what networks there are, in plain values, without importing any of them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from bwcolor.errors import UsageError


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
        chroma: Factor on its ab, chosen on held-out photographs.
        weights: File name of the shipped weights; empty for a network without any.
        sha256: Hash of that file; empty where there is none.
        takes_hints: Whether it obeys color hints.
        trainable: Whether ``bwcolor train`` has a recipe for it.
        code_license: SPDX identifier of the code.
        weights_license: Terms of the weights, in words.
        source: Paper or report that it follows.
    """

    name: str
    summary: str
    home: str
    stride: int = 32
    ab_stride: int = 4
    working_size: int = 192
    temperature: float | None = None
    chroma: float = 1.0
    weights: str = ""
    sha256: str = ""
    takes_hints: bool = False
    trainable: bool = False
    code_license: str = "Apache-2.0"
    weights_license: str = "none needed"
    source: str = ""


DEFAULT_MODEL = "gan"

_TRUNK_TERMS = "research and non-commercial use (see the model card)"

_ROWS = (
    ModelRow(
        name="gan",
        summary="residual U-Net on EfficientNet-Lite2, adversarial ab head on color bins (default)",
        home="bwcolor.models.trunk:Gan",
        temperature=0.6,
        takes_hints=True,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Nazeri et al. 2018 (conditional GAN); Zhang et al. 2016 (bins); Tan & Le 2019 (encoder)",
    ),
    ModelRow(
        name="classify",
        summary="the same trunk as a classifier over color bins, decoded by the annealed mean",
        home="bwcolor.models.trunk:Classify",
        temperature=0.6,
        takes_hints=True,
        trainable=True,
        weights_license=_TRUNK_TERMS,
        source="Zhang et al. 2016; Tan & Le 2019 (encoder)",
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
        name: As given to ``--model``.

    Raises:
        UsageError: There is no such model; the message names the nearest ones.
    """
    if name in MODELS:
        return MODELS[name]
    near = get_close_matches(name, MODELS, n=2, cutoff=0.5)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"There is no model {name!r}.", f"{meant}These there are: {', '.join(MODELS)}.")
