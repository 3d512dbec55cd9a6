# SPDX-License-Identifier: Apache-2.0
"""What a row of the MODELS table says of a network, in plain values."""

from __future__ import annotations

from dataclasses import dataclass

from bwcolor.models.download import RemoteFile

TILED_SCALE = 2  # times the working size of a whole photo at which tiles are cut, unless told otherwise


@dataclass(frozen=True)
class ModelRow:
    """One network.

    Attributes:
        name: What ``--model`` takes.
        summary: One line for people.
        home: "module:name" of the class, or of the function, that makes the network.
        stride: Height and width of its input must be multiples of this.
        ab_stride: How many times smaller its ab grid is than its input.
        working_size: Short side in pixels at which it sees a photo.
        temperature: Of the annealed mean, for networks that classify; None for others.
        looks: Sizes at which a photo and its mirror image are seen and averaged unless told otherwise, as shares of the
            working size; empty for a single look.
        levels: "stretch" where it sees faded photos with black and white moved apart unless told otherwise, "scan"
            where it sees them as they are.
        chroma: Factor on its ab, chosen on held-out photographs.
        weights: File name of the shipped weights; empty for a network without any.
        sha256: Hash of that file; empty where there is none.
        form: "name=value" of the form that these weights are of, where it is not the default.
        takes_hints: Whether the network itself is told color hints; in any case they are spread along lightness after
            it, so that a hinted place has its color.
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
    levels: str = "scan"
    chroma: float = 1.0
    weights: str = ""
    sha256: str = ""
    form: str = ""
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

    def size_for(self, asked: int | None, tiled: bool) -> int:
        """Return the short side in pixels at which it sees a photo, as asked for or by itself."""
        return asked or self.working_size * (TILED_SCALE if tiled else 1)

    def own_form(self) -> dict[str, str]:
        """Return the form that its own weights are of, as `network.build` takes it."""
        name, _, value = self.form.partition("=")
        return {name: value} if name else {}
