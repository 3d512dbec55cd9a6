# SPDX-License-Identifier: Apache-2.0
"""The commands below ``bwcolor models`` that fetch, find, prove, bring in, write and join weights files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = typer.Argument(help="Network, as `bwcolor models` lists them.", metavar="NAME", show_default=False)
JSON = typer.Option("--json", help="Print JSON instead of a table.")


def download(
    names: Annotated[
        list[str],
        typer.Argument(help="Networks, or the backbones vgg16, vgg19, alexnet.", metavar="NAME...", show_default=False),
    ],
    json: Annotated[bool, JSON] = False,
) -> None:
    """Fetch the weights of networks now, so that they are here when there is no connection.

    They are checked and kept in the user's cache, or in $BWCOLOR_HOME. $BWCOLOR_MIRROR names folders or addresses that
    are asked first; with $BWCOLOR_OFFLINE=1 nothing is ever fetched.

    Example:
        bwcolor models download eccv16 siggraph17
    """
    from bwcolor.models.keeping import get

    _tell_places({name: get(name) for name in names}, json)


def path(name: Annotated[str, NAME], json: Annotated[bool, JSON] = False) -> None:
    """Print where the weights of a network lie on this machine.

    Example:
        bwcolor models path gan
    """
    from bwcolor.errors import WeightsError
    from bwcolor.models.table import find_model
    from bwcolor.models.weights import local_path

    row = find_model(name)
    found = {part: local_path(find_model(part)) for part in row.parts or (row.name,)}
    here = {part: place for part, place in found.items() if place is not None}
    if not here and not row.parts:
        raise WeightsError(f"No weights of {name} are on this machine.", f"See: bwcolor models info {name}")
    _tell_places(here, json)


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Networks (default: all whose weights are here).", metavar="NAME...", show_default=False),
    ] = None,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Prove that weights are still what was shipped, fetched or imported, by reading them whole.

    Example:
        bwcolor models verify
    """
    from bwcolor.cli.terminal import print_json, print_table, shown
    from bwcolor.errors import VerificationError
    from bwcolor.models.keeping import verify as prove
    from bwcolor.models.table import MODELS, find_model

    proven = [prove(row) for row in (map(find_model, names) if names else MODELS.values()) if not row.parts]
    verdicts = [verdict for verdict in proven if verdict is not None]
    if json:
        print_json([{**vars(verdict), "path": str(verdict.path)} for verdict in verdicts])
    else:
        rows = ((v.name, shown(v.path), v.sha256[:12], v.problem or "as it was") for v in verdicts)
        print_table("", ("name", "weights", "SHA-256", "verdict"), rows)
    wrong = [verdict for verdict in verdicts if verdict.problem]
    if wrong:
        raise VerificationError(
            f"{len(wrong)} of {len(verdicts)} weights files are not what they were.", wrong[0].problem
        )


def bring_in(
    file: Annotated[
        Path, typer.Argument(help="A published .pth file, or .safetensors.", metavar="FILE", show_default=False)
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Network it is for (default: what the file says).", metavar="NAME"),
    ] = None,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Keep a weights file that was fetched on another machine, or trained here, under its network's name.

    Published files are checked against their hash; pickles are read without running anything that stands in them, and
    converted to safetensors.

    Examples:
        bwcolor models import colorization_release_v2-9b330a0b.pth

        bwcolor models import runs/mine/cnn.safetensors --model cnn
    """
    from bwcolor.models.keeping import bring_in as keep

    kept = keep(file, model)
    _tell_places({kept.stem: kept}, json)


def export(
    name: Annotated[str, NAME],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write (default: NAME and the format's suffix).", metavar="FILE"),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="safetensors (weights) or onnx (the whole network); default: as --out says.", metavar="NAME"),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Other weights than the network's own.", metavar="FILE"),
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Store float16: half the size (safetensors).")] = False,
    hints: Annotated[bool, typer.Option("--hints", help="The network shall take color hints (onnx).")] = False,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Write a network's weights as one safetensors file, or the whole network as ONNX.

    Its form and its terms stand in the header. An ONNX file takes any number of photos of any size that the network
    takes, and is proven to compute the same before it is written. Both kinds go into --weights of the other commands.

    Examples:
        bwcolor models export gan --half --out gan.safetensors

        bwcolor models export gan --out gan.onnx
    """
    from bwcolor.errors import UsageError
    from bwcolor.models.keeping import FORMATS, take_out

    if format not in (None, *FORMATS):
        raise UsageError(f"--format {format} is not written.", f"Take {' or '.join(FORMATS)}.")
    target = out or Path(f"{name}.{format or FORMATS[0]}")
    if format is not None and target.suffix.lower() != f".{format}":
        raise UsageError(
            f"{target.name} is no name of a file of --format {format}.", f"Name it {target.stem}.{format}."
        )
    _tell_places({name: take_out(name, target, weights, half, hints)}, json)


def join(
    files: Annotated[
        list[Path], typer.Argument(help="Weights of each training, .safetensors.", metavar="FILES", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.", metavar="FILE", show_default=False)],
    coarse: Annotated[
        bool, typer.Option("--int8", help="Store 8 bits per weight, with a step per output, instead of 16.")
    ] = False,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Join two networks that were trained apart, each with a --seed of its own: the mean of what they say.

    That is nearer to the truth than either and takes no longer, since each look at a photo asks one of them in turn.
    The first one sees the larger size, so name the better one first; with --effort fast it is the only one asked. ONNX
    files and mixtures ask both at every look. gan and classify can be joined; the file goes into --weights.

    Examples:
        bwcolor models join runs/a/gan.safetensors runs/b/gan.safetensors --out both.safetensors
    """
    from bwcolor.models.keeping import join as join_files

    joined = join_files(files, out, coarse)
    _tell_places({joined.stem: joined}, json)


def _tell_places(places: dict[str, Path], as_json: bool) -> None:
    """Print where files lie, by the names of their networks."""
    from bwcolor.cli.terminal import print_json

    if as_json:
        print_json({name: str(place) for name, place in places.items()})
    else:
        typer.echo("\n".join(map(str, places.values())))
