# SPDX-License-Identifier: Apache-2.0
"""`Job`: everything that a run was asked for, in one value."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from bwcolor.archive.album import SHARED
from bwcolor.archive.plan import Request
from bwcolor.errors import UsageError
from bwcolor.models.table import DEFAULT_MODEL, find_model
from bwcolor.photo import signing
from bwcolor.photo.formats import FORMATS
from bwcolor.photo.options import ReadOptions, WriteOptions
from bwcolor.photo.provenance import COMPOSITE
from bwcolor.photo.signing import Signing

ENGINES = ("local", "ray")
KEEP = "keep"  # --format: the scan's own
_INDIFFERENT = ("max_pixels", "keep_times")  # options of reading and writing that change no byte of a color copy
TIME_LIMIT = 1800.0  # seconds that one stage may take for one photo


@dataclass(frozen=True)
class ColorOptions:
    """How colors are made: the arguments of `bwcolor.colorizer.load`, as they were given."""

    model: str = DEFAULT_MODEL
    weights: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    working_size: int | None = None
    temperature: float | None = None
    saturation: float = 1.0
    strength: float = 1.0
    upsample: str = "edge"
    levels: str = "auto"
    quality: str = "auto"
    tile_size: int | None = None
    tile_overlap: int | None = None
    as_published: bool = False
    reference: Path | None = None
    backend: str = "torch"

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that are named; they take photos in turn."""
        return tuple(name.strip() for name in self.device.split(","))

    def arguments(self, device: str | None = None) -> dict[str, Any]:
        """Return the arguments of `bwcolor.colorizer.load` for one device, the first where none is named."""
        return vars(self) | {"device": device or self.devices[0]}

    def known(self) -> dict[str, Any]:
        """Return those settings of the Colorizer that can be told without loading it."""
        row = find_model(self.model)
        reference = None
        if self.reference is not None:
            from bwcolor.photo.reference import read_reference

            reference = read_reference(self.reference).sha256
        known = {
            "model": self.model,
            "working_size": row.size_for(self.working_size, self.tile_size is not None),
            "tile_size": self.tile_size,
            "temperature": (self.temperature or row.temperature) if row.temperature is not None else None,
            "saturation": self.saturation,
            "strength": self.strength,
            "upsample": self.upsample,
            "levels": row.levels if self.levels == "auto" else self.levels,
            "as_published": self.as_published,
            "reference": reference,
        }
        if self.tile_size is None or self.tile_overlap is not None:
            known["tile_overlap"] = self.tile_overlap
        if self.as_published and self.working_size is None:
            del known["working_size"]  # the authors' own, which only their pipelines know
        given = {"device": self.devices[0], "precision": self.precision, "backend": self.backend}
        return known | {name: value for name, value in given.items() if value != "auto"}


class IfColor(StrEnum):
    """What is done with scans that are in color already, or that bwcolor itself has colored."""

    SKIP = "skip"
    COPY = "copy"
    RECOLOR = "recolor"


class OnOom(StrEnum):
    """What is done with a photo that alone does not fit into the device's memory."""

    FAIL = "fail"
    CPU = "cpu"


@dataclass(frozen=True)
class Access:
    """A second, small copy of each photo.

    Attributes:
        format: "jpeg" or "webp".
        quality: 1 to 100.
        long_side: Pixels of its longer side, at most.
    """

    format: str = "jpeg"
    quality: int = 85
    long_side: int = 2048


@dataclass(frozen=True)
class Job:
    """A run's wishes.

    Attributes:
        request: Which photos, and where to.
        color: How colors are made.
        read: How scans are read.
        write: How color copies are written.
        format: "keep" or a name of the FORMATS table.
        if_color: What is done with scans that are in color already.
        access: A second, small copy under a tree of its own; None for none.
        consistent: Draw the white points of each folder's photos together.
        sequence: Take each folder for the frames of a film.
        uncertainty: Write beside each copy a picture of how sure the network is where.
        copy_sidecars: Copy .xmp, .txt and .json files along.
        provenance: Write into each copy that, and by what, it was colored.
        source_type: IPTC DigitalSourceType of the copies.
        stamp: Write the time of the run into each copy; None keeps copies the same bytes whenever they are made.
        overwrite: Also color what was colored with other options, and replace files that bwcolor did not write.
        redo_failed: Only photos that failed before.
        fail_fast: Stop at the first photo that fails.
        jobs: Photos at once; None takes one more than there are cores.
        batch_size: "auto", or how many photos of one shape may share a pass through the network.
        on_oom: What is done when one photo alone does not fit into the device's memory.
        max_memory: Bytes for the photos in work; None takes half of the machine's.
        engine: Who does the work: "local", or "ray": workers on all machines of a cluster.
        ray_address: Of the cluster; None for that of RAY_ADDRESS, one that runs here, or else a new one.
        deadline: When to stop in good order; None for never.
        time_limit: Seconds that one stage may take for one photo.
    """

    request: Request = field(default_factory=lambda: Request(()))
    color: ColorOptions = field(default_factory=ColorOptions)
    read: ReadOptions = field(default_factory=ReadOptions)
    write: WriteOptions = field(default_factory=WriteOptions)
    format: str = KEEP
    if_color: IfColor = IfColor.SKIP
    access: Access | None = None
    consistent: bool = False
    sequence: bool = False
    uncertainty: bool = False
    copy_sidecars: bool = False
    provenance: bool = True
    source_type: str = COMPOSITE
    stamp: str | None = None
    overwrite: bool = False
    redo_failed: bool = False
    fail_fast: bool = False
    jobs: int | None = None
    batch_size: str = "auto"
    on_oom: OnOom = OnOom.FAIL
    max_memory: int | None = None
    engine: str = "local"
    ray_address: str | None = None
    deadline: datetime | None = None
    time_limit: float = TIME_LIMIT

    def check(self) -> None:
        """See before any work that it can be done as it is asked for.

        Raises:
            UsageError: An unknown model, one that cannot do what is asked for, or keys that cannot sign.
            MissingExtraError: Copies are to be signed, and the package that signs is missing.
        """
        row = find_model(self.color.model)
        published = self.color.as_published
        if self.request.hints is not None and published:
            raise UsageError("The published pipelines take no color hints.", "Leave --as-published or --hints away.")
        if self.consistent and self.sequence:
            raise UsageError("The frames of a film have one look already.", "Leave --consistent or --sequence away.")
        if (self.consistent or self.sequence) and (self.request.shard is not None or self.engine != "local"):
            raise UsageError(
                "--consistent and --sequence look at a whole folder, on one machine.",
                "Leave --shard and --engine away.",
            )
        if published and (self.consistent or self.sequence):
            raise UsageError("The published pipelines see every photo alone.", "Leave --as-published away.")
        if self.request.decisions is not None and self.request.samples is not None:
            raise UsageError("Decisions are of the copies of one folder.", "Leave --samples or --decisions away.")
        if self.request.decisions is not None and published:
            raise UsageError("The published pipelines obey no decisions.", "Leave --as-published or --decisions away.")
        if self.request.samples is not None and self.request.decisions is not None:
            raise UsageError("Decisions are of the likeliest colors, not of samples.", "Leave --samples away.")
        if self.request.samples is not None and (published or row.temperature is None):
            raise UsageError(
                f"{'A published pipeline' if published else row.name} knows one coloring of a photo only.",
                "Leave --as-published away." if published else f"Take --model {DEFAULT_MODEL} for --samples.",
            )
        if self.color.reference is not None and published:
            raise UsageError("The published pipelines know no reference.", "Leave --as-published or --reference away.")
        if self.uncertainty and (published or (row.temperature is None and not row.parts)):
            raise UsageError(f"{row.name} cannot say how sure it is.", f"Take --model {DEFAULT_MODEL}.")
        if self.write.signing is not None:
            signing.check(self.write.signing)

    def file_options(self) -> dict[str, Any]:
        """Return the options of reading and writing, plain values: they decide a result beside the colors."""
        options = asdict(self.read) | asdict(self.write) | {"format": self.format, "suffix": self.request.suffix}
        options |= {"if_color": self.if_color.value, "access": self.access and asdict(self.access)}
        options |= {"provenance": self.provenance, "source_type": self.source_type, "stamp": self.stamp is not None}
        options |= {name: True for name in SHARED if getattr(self, name)}
        options |= {"uncertainty": True} if self.uncertainty else {}  # rows of copies without a map stay as they are
        options["signing"] = self.write.signing and _certificate_sha256(self.write.signing)
        return {name: value for name, value in options.items() if name not in _INDIFFERENT}

    def suffixes(self) -> dict[str, str]:
        """Return for each suffix of a photo that of its color copy; "" where it keeps its own.

        Raises:
            UsageError: The format wanted is not one that is written.
        """
        written = [name for name, row in FORMATS.items() if row.depths]
        if self.format not in (KEEP, *written):
            raise UsageError(f"--format {self.format} is not written.", f"Take keep, {', '.join(written)}.")
        names = {}
        for row in FORMATS.values():
            target = FORMATS[self.format] if self.format != KEEP else row if row.depths else FORMATS["tiff"]
            for suffix in (*row.suffixes, *row.read_as):
                names[suffix] = "" if suffix in target.suffixes else target.suffixes[0]
        return names


def _certificate_sha256(signing: Signing) -> str:
    """Return by what signatures are told apart: a certificate's hash, wherever its file lies.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return hashlib.sha256(signing.certificate.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{signing.certificate} cannot be read: {error.strerror}.", "Name a PEM file.") from error


def as_json(value: Any) -> str:
    """Return plain values as JSON text, the same for the same values."""
    return json.dumps(value, sort_keys=True, default=str)
