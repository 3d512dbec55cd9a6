# SPDX-License-Identifier: Apache-2.0
"""``bwcolor colorize``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from bwcolor.archive.job import Job

COLOR_PANEL = "Color"
CHOICE_PANEL = "Which photos"
SCAN_PANEL = "Scans"
OUTPUT_PANEL = "Color copies"
RUN_PANEL = "Run"


def colorize(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(help="Folders (with all below them) and single files.", metavar="PATHS...", show_default=False),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Output folder (default: FOLDER-color beside each folder).", metavar="DIR"),
    ] = None,
    # which photos
    include: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            help="Only names that match, such as '*_large.tif' or '1910s/*'; may be repeated.",
            metavar="GLOB",
            rich_help_panel=CHOICE_PANEL,
        ),
    ] = None,
    exclude: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="No names that match; may be repeated.", metavar="GLOB", rich_help_panel=CHOICE_PANEL),
    ] = None,
    files_from: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Only the files of this list, one name in each line (or ended by zero bytes); - is stdin.",
            metavar="LIST",
            rich_help_panel=CHOICE_PANEL,
        ),
    ] = None,
    limit: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Only the first N photos.", metavar="N", min=1, rich_help_panel=CHOICE_PANEL),
    ] = None,
    sample: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Only N photos drawn from all, for a trial before the night.",
            metavar="N",
            min=1,
            rich_help_panel=CHOICE_PANEL,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of --sample.", rich_help_panel=CHOICE_PANEL)] = 0,
    redo_failed: Annotated[
        bool, typer.Option("--redo-failed", help="Only photos that failed before.", rich_help_panel=CHOICE_PANEL)
    ] = False,
    # how scans are read
    invert: Annotated[
        bool, typer.Option("--invert", help="The scans are negatives.", rich_help_panel=SCAN_PANEL)
    ] = False,
    allow_truncated: Annotated[
        bool,
        typer.Option(
            "--allow-truncated",
            help="Color photos of which a part is missing, and say so in the ledger.",
            rich_help_panel=SCAN_PANEL,
        ),
    ] = False,
    max_pixels: Annotated[
        str,
        typer.Option(help="Refuse photos that announce more.", metavar="AMOUNT", rich_help_panel=SCAN_PANEL),
    ] = "2G",
    # how colors are made
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="Network; `bwcolor models` lists them.", rich_help_panel=COLOR_PANEL),
    ] = "gan",
    weights: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Weights of your own (.safetensors or .onnx).", metavar="FILE", rich_help_panel=COLOR_PANEL),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=COLOR_PANEL)] = "auto",
    precision: Annotated[
        str, typer.Option(help="auto, fp32, bf16 or fp16 (CUDA only).", rich_help_panel=COLOR_PANEL)
    ] = "auto",
    working_size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Short side in pixels at which the network sees a photo (default: the model's own).",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = None,
    temperature: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            help="Lower is more vivid and patchier, higher calmer (default: the model's own).",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = None,
    saturation: Annotated[float, typer.Option(help="Factor on the colors.", rich_help_panel=COLOR_PANEL)] = 1.0,
    strength: Annotated[
        float, typer.Option(help="Blend with the gray photo: 0 gray to 1 color.", rich_help_panel=COLOR_PANEL)
    ] = 1.0,
    upsample: Annotated[
        str,
        typer.Option(help="edge carries color along the scan's edges, bilinear does not.", rich_help_panel=COLOR_PANEL),
    ] = "edge",
    effort: Annotated[
        str,
        typer.Option(
            help="fast (one look), best (several looks are averaged), or auto: the model's own.",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = "auto",
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="Run the network's authors' own pipeline, 8 bits and all, to compare with published pictures.",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = False,
    hints: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Known colors of a single photo, JSON or PNG (NAME.hints.json beside a scan counts without it).",
            metavar="FILE",
            rich_help_panel=COLOR_PANEL,
        ),
    ] = None,
    # how color copies are written
    format: Annotated[
        str,
        typer.Option(
            help="keep (the scan's own, TIFF where that is not written), jpeg, png, tiff, webp, ...",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = "keep",
    depth: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Bits per channel, 8 or 16 (default: the scan's).", rich_help_panel=OUTPUT_PANEL),
    ] = None,
    quality: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            help="Of JPEG and WebP, 1 to 100 (default: a JPEG scan's own quantization tables).",
            min=1,
            max=100,
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = None,
    progressive: Annotated[
        bool, typer.Option("--progressive", help="Write progressive JPEG.", rich_help_panel=OUTPUT_PANEL)
    ] = False,
    suffix: Annotated[
        str,
        typer.Option(help="Added to each name: with _color, a.jpg becomes a_color.jpg.", rich_help_panel=OUTPUT_PANEL),
    ] = "",
    keep_times: Annotated[
        bool,
        typer.Option("--keep-times", help="Give copies the file times of the scans.", rich_help_panel=OUTPUT_PANEL),
    ] = False,
    if_color: Annotated[
        str,
        typer.Option(
            help="Scans in color already, and copies that bwcolor has made: skip, copy or recolor.",
            rich_help_panel=SCAN_PANEL,
        ),
    ] = "skip",
    access: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Also write a small copy of each photo into OUT-access: jpeg, webp:80 or jpeg:85:1600 (quality, long "
            "side).",
            metavar="KIND",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = None,
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Also write NAME.uncertainty.png beside each copy: white where the network is sure.",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = False,
    copy_sidecars: Annotated[
        bool, typer.Option("--copy-sidecars", help="Copy .xmp, .txt and .json along.", rich_help_panel=OUTPUT_PANEL)
    ] = False,
    provenance: Annotated[
        bool,
        typer.Option(help="Write into each copy's XMP that, and how, it was colored.", rich_help_panel=OUTPUT_PANEL),
    ] = True,
    source_type: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="IPTC DigitalSourceType of the copies (default: compositeWithTrainedAlgorithmicMedia).",
            metavar="URI",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = None,
    stamp: Annotated[
        bool,
        typer.Option(
            "--stamp",
            help="Write the time into each copy; without it, they can be reproduced.",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = False,
    c2pa: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Sign each copy with a C2PA manifest by this certificate, with its issuers' (needs the extra c2pa).",
            metavar="CERT",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = None,
    c2pa_key: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="The certificate's private key, PEM.", metavar="KEY", rich_help_panel=OUTPUT_PANEL),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Also color again what was colored with other options or changed since, and replace files that "
            "bwcolor did not write.",
            rich_help_panel=OUTPUT_PANEL,
        ),
    ] = False,
    # the run
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=RUN_PANEL)
    ] = False,
    jobs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Photos at once (default: one more than cores).", min=1, rich_help_panel=RUN_PANEL),
    ] = None,
    batch_size: Annotated[
        str,
        typer.Option(
            help="Photos of one shape that share a pass through the network: auto or a number.",
            rich_help_panel=RUN_PANEL,
        ),
    ] = "auto",
    on_oom: Annotated[
        str,
        typer.Option(
            help="When one photo alone does not fit into the device's memory: fail, or cpu.", rich_help_panel=RUN_PANEL
        ),
    ] = "fail",
    max_memory: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="For photos in work, such as 4GB (default: half of the machine's).",
            metavar="AMOUNT",
            rich_help_panel=RUN_PANEL,
        ),
    ] = None,
    max_minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Stop in good order after so long.", rich_help_panel=RUN_PANEL),
    ] = None,
    until: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Stop in good order at this time of day.", metavar="HH:MM", rich_help_panel=RUN_PANEL),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(help="Seconds after which a stage of one photo is given up.", min=1, rich_help_panel=RUN_PANEL),
    ] = 1800.0,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first photo that fails.", rich_help_panel=RUN_PANEL)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.", rich_help_panel=RUN_PANEL)] = False,
    log_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Append a JSON line for each photo to this file.", metavar="FILE", rich_help_panel=RUN_PANEL),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress on stderr.", rich_help_panel=RUN_PANEL)
    ] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", help="Tell of every photo.", count=True, rich_help_panel=RUN_PANEL)
    ] = 0,
) -> None:
    """Color photographs: folders, single files, or both.

    Every photo below a folder gets a color copy of the same name in a tree of the same shape. The scans are never
    touched. What was done stands in a ledger in the output folder (.bwcolor/ledger.sqlite), so that the same command
    run again does only what is missing, changed or failed. Files that are no photos are counted and left alone.

    Without --out, the copies of album lie in album-color beside it; those of a single file album/a.jpg in
    album-color/a.jpg; with several folders each has its own. With --out and several folders, each keeps its name
    below it.

    Ctrl-C once finishes the photos in work and stops; twice stops at once. The same command then goes on.

    Examples:
        bwcolor colorize scans

        bwcolor colorize scans --model null --limit 20 --out trial

        bwcolor colorize album/a.jpg album/b.tif --saturation 0.8

        bwcolor colorize scans --exclude '*_web.jpg' --format tiff --until 07:00
    """
    job = _job(dict(locals()))
    from bwcolor.cli import outcome

    if dry_run:
        outcome.tell_plan(job, json)
    else:
        outcome.run_and_tell(job, json, quiet=quiet, verbose=verbose, log=log_file)


def _job(given: dict[str, Any]) -> Job:
    """Return the job of the command's words: each group of options takes those of its own fields' names."""
    from bwcolor.archive.job import ColorOptions, IfColor, Job, OnOom
    from bwcolor.archive.plan import Request
    from bwcolor.cli.words import access_of, amount_of, deadline_of, names_of_list, pick
    from bwcolor.errors import UsageError
    from bwcolor.photo import ReadOptions, WriteOptions
    from bwcolor.photo.provenance import COMPOSITE
    from bwcolor.photo.signing import Signing

    given |= {name: tuple(given[name] or ()) for name in ("paths", "include", "exclude")}
    if given["files_from"] is not None:
        given["files_from"] = names_of_list(given["files_from"])
    elif not given["paths"]:
        raise UsageError("Name a folder of photographs, or single files.", "For example: bwcolor colorize scans")
    if given["depth"] not in (None, 8, 16):
        raise UsageError(f"--depth {given['depth']} is not written.", "Take 8 or 16 bits per channel.")
    for name, kind in (("if_color", IfColor), ("on_oom", OnOom)):
        if given[name] not in list(kind):
            raise UsageError(f"--{name.replace('_', '-')} {given[name]} is unknown.", f"Take {' or '.join(kind)}.")
        given[name] = kind(given[name])
    if (given["c2pa"] is None) != (given["c2pa_key"] is None):
        raise UsageError("Signing takes a certificate and its key.", "Write --c2pa CERT --c2pa-key KEY.")
    given["signing"] = given["c2pa"] and Signing(given["c2pa"], given["c2pa_key"])
    given["access"] = None if given["access"] is None else access_of(given["access"])
    given["source_type"] = given["source_type"] or COMPOSITE
    given["stamp"] = datetime.now().astimezone().isoformat(timespec="seconds") if given["stamp"] else None
    given["max_pixels"] = amount_of(given["max_pixels"], "--max-pixels")
    if given["max_memory"] is not None:
        given["max_memory"] = amount_of(given["max_memory"], "--max-memory")
    return replace(
        pick(Job, given),
        request=pick(Request, given),
        color=pick(ColorOptions, given | {"quality": given["effort"]}),
        read=pick(ReadOptions, given),
        write=pick(WriteOptions, given),
        deadline=deadline_of(given["max_minutes"], given["until"]),
    )
