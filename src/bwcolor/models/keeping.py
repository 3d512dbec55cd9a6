# SPDX-License-Identifier: Apache-2.0
"""Weights files by hand: bringing one in, taking one out, proving that one is still what it was."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bwcolor import __version__
from bwcolor.errors import OutputError, UsageError, WeightsError
from bwcolor.models import backbones, conversion, loading
from bwcolor.models import weights as weight_files
from bwcolor.models.cache import alone
from bwcolor.models.download import RemoteFile, matches
from bwcolor.models.ensemble import TRUNK
from bwcolor.models.row import ModelRow
from bwcolor.models.table import MODELS, find_model

PICKLES = frozenset({".pth", ".pt", ".bin"})
SAFETENSORS = ".safetensors"
FORMATS = ("safetensors", "onnx")
LEAST_ROW = 32  # weights of one output, from which on 8 bits for each and a step for all are worth it


@dataclass(frozen=True)
class Verdict:
    """Whether a weights file is what it was.

    Attributes:
        name: Of the model.
        path: Of its weights file.
        sha256: That it has now.
        problem: What is wrong; empty where nothing is.
    """

    name: str
    path: Path
    sha256: str
    problem: str


def get(name: str) -> Path:
    """Return where the weights of a network, or of a backbone, lie, fetching them where they are not here.

    Args:
        name: Of a row of the MODELS table, or "vgg16", "vgg19", "alexnet".

    Raises:
        UsageError: There is no such network, or it is a mixture.
        WeightsError: They cannot be had.
    """
    if name in backbones.PUBLISHED:
        return backbones.published_weights(name)
    row = _single(name)
    if not weight_files.needs_weights(row):
        raise UsageError(f"{name} needs no weights.")
    path = loading.weights_path(row)
    loading.trusted_sha256(row, path)
    return path


def verify(row: ModelRow) -> Verdict | None:
    """Read a network's weights file whole and compare it with its pinned or recorded hash; None where there is none."""
    path = weight_files.local_path(row)
    if path is None:
        return None
    try:
        digest = loading.trusted_sha256(row, path, thorough=True)
        state, about = weight_files.read_state(path)
        weight_files.compare(loading.layout(row, about.get("options")), state, path, row.name)
    except WeightsError as error:
        return Verdict(row.name, path, weight_files.file_sha256(path), str(error))
    return Verdict(row.name, path, digest, "")


def bring_in(source: Path, name: str | None = None) -> Path:
    """Keep a weights file that was fetched or trained elsewhere, after a strict comparison.

    Args:
        source: A published PyTorch file, or safetensors.
        name: Of the network; None takes what the file says of itself, or the network that publishes such a file.

    Returns:
        Where it is kept.

    Raises:
        UsageError: It is not known which network it is for.
        WeightsError: It is missing, damaged, refused, or does not fit.
        OutputError: The cache cannot be written.
    """
    if not source.is_file():
        raise WeightsError(f"{source} does not exist.")
    if source.suffix.lower() in PICKLES:
        return _bring_in_pickle(source, name)
    about = weight_files.read_about(source)
    row = _single(name or about.get("model") or _unknown(source))
    state, _ = weight_files.read_state(source)
    weight_files.compare(loading.layout(row, about.get("options")), state, source, row.name)
    target = weight_files.kept_path(row)
    with alone(target):
        part = target.with_name(f".{target.name}.part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error}.") from error
        weight_files.record_sha256(target)
    return target


def _bring_in_pickle(source: Path, name: str | None) -> Path:
    digest = weight_files.file_sha256(source)
    for backbone, file in backbones.PUBLISHED.items():
        if name in (None, backbone) and matches(file, digest):
            return backbones.published_weights(backbone, source)
    found = name or next((row.name for row in MODELS.values() if row.origin and matches(row.origin, digest)), None)
    row = _single(found or _unknown(source))
    if row.origin is not None and not matches(row.origin, digest):
        raise WeightsError(f"{source} is not the file that the authors of {row.name} publish.", _expected(row.origin))
    target = weight_files.kept_path(row)
    with alone(target):
        conversion.convert(source, target, loading.layout(row), row.name)
    return target


def take_out(name: str, target: Path, weights: Path | None = None, half: bool = False, hints: bool = False) -> Path:
    """Write a network's weights, or the whole network, to a file that other programs, and ``--weights``, read.

    Args:
        name: Of the network.
        target: A ``.safetensors`` file for the weights, an ``.onnx`` file for the network.
        weights: Other weights than the network's own.
        half: Whether to store float16 (safetensors only).
        hints: Whether the network shall take color hints (ONNX only).

    Returns:
        The file.

    Raises:
        UsageError: No such network, or it has no weights, or the suffix is another one, or does not go with an option.
        WeightsError: The weights cannot be had.
        MissingExtraError: The packages of the extra "onnx" are not installed.
        OutputError: The file cannot be written.
    """
    row = _single(name)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        known = " or ".join(f"NAME.{name}" for name in FORMATS)
        raise UsageError(f"{target.name} is no file of a format that can be written.", f"Name it {known}.")
    if half and kind == "onnx":
        raise UsageError("ONNX files are written in float32 only.", "Leave --half away.")
    if hints and kind != "onnx":
        raise UsageError("Weights take hints if their network does.", "Leave --hints away; it is for ONNX files.")
    if not weight_files.needs_weights(row):
        raise UsageError(f"{name} has no weights.")
    loaded = loading.load_network(name, weights)
    about = {
        "model": row.name,
        "options": dict(loaded.options),
        "version": __version__,
        "source_sha256": loaded.sha256,
        "license": row.weights_license,
    }
    if kind == "onnx":
        from bwcolor.models.export import export_onnx

        return export_onnx(loaded.network, row, target, about, hints)
    weight_files.write_state(loaded.network.state_dict(), target, about, half=half)
    return target


def join(sources: Sequence[Path], target: Path, coarse: bool = False) -> Path:
    """Write the weights of trunks that were trained apart into one file, in which they answer together.

    Args:
        sources: A ``.safetensors`` file of a trained trunk each, all of one network.
        target: A ``.safetensors`` file.
        coarse: Whether the larger weights are stored in 8 bits instead of 16 (see `weights.in_8_bits`).

    Returns:
        The file.

    Raises:
        UsageError: These are not trunks that can be joined, or the suffix is another one.
        WeightsError: A file is missing or damaged.
        OutputError: The file cannot be written.
    """
    if target.suffix.lower() != SAFETENSORS:
        raise UsageError(f"{target.name} is no file of weights.", f"Name it {target.stem}{SAFETENSORS}.")
    parts = [weight_files.read_state(source) for source in sources]
    names = [str(about.get("model", "")) for _, about in parts]
    row = MODELS.get(names[0])
    counts = dict(row.choices).get("trunks", ()) if row else ()
    hint = "Give two files of `bwcolor train`, both of gan or both of classify."
    if row is None or str(len(parts)) not in counts[1:] or len(set(names)) > 1:
        said = ", ".join(name or "nothing that it says" for name in names)
        raise UsageError(f"Networks of {said} cannot be joined.", hint)
    for source, (part, about) in zip(sources, parts, strict=True):
        if about.get("options"):
            raise UsageError(f"{source} is joined already.", hint)
        weight_files.compare(loading.layout(row), part, source, row.name)
    digests = [weight_files.file_sha256(source) for source in sources]
    if len(set(digests)) < len(digests):
        raise UsageError("These files are the same network, and its mean with itself is itself.", hint)
    options = {"trunks": str(len(parts))}
    state = {TRUNK.format(n) + name: value for n, (part, _) in enumerate(parts) for name, value in part.items()}
    large = [name for name, value in state.items() if value.ndim > 1 and value[0].numel() >= LEAST_ROW]
    joined = [{"sha256": digest, **said} for digest, (_, said) in zip(digests, parts, strict=True)]
    about = {"model": row.name, "options": options, "version": __version__, "joined": joined}
    weight_files.write_state(state, target, about, coarse=large if coarse else ())
    return target


def _single(name: str) -> ModelRow:
    row = find_model(name)
    if row.parts:
        raise UsageError(f"{name} is a mixture: its networks have their own weights.", f"Take {row.parts[0]}.")
    return row


def _unknown(source: Path) -> str:
    raise UsageError(f"{source.name} does not say which network it is for.", "Name it with --model NAME.")


def _expected(file: RemoteFile) -> str:
    return f"Its SHA-256 should begin {file.sha256[:8]}. Fetch {file.address} again."
