# SPDX-License-Identifier: Apache-2.0
"""``bwcolor colorize``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bwcolor.cli.options import color, copies, photos, run, scans

if TYPE_CHECKING:
    from bwcolor.archive.job import Job


def colorize(
    paths: photos.Paths = None,
    out: photos.Out = None,
    include: photos.Include = None,
    exclude: photos.Exclude = None,
    files_from: photos.FilesFrom = None,
    limit: photos.Limit = None,
    sample: photos.Sample = None,
    seed: photos.Seed = 0,
    shard: photos.Shard = None,
    redo_failed: photos.RedoFailed = False,
    invert: scans.Invert = False,
    allow_truncated: scans.AllowTruncated = False,
    max_pixels: scans.MaxPixels = "2G",
    model: color.Model = "gan",
    weights: color.Weights = None,
    device: color.Devices = "auto",
    precision: color.Precision = "auto",
    backend: color.Backend = "torch",
    working_size: color.WorkingSize = None,
    temperature: color.Temperature = None,
    saturation: color.Saturation = 1.0,
    strength: color.Strength = 1.0,
    upsample: color.Upsample = "edge",
    levels: color.Levels = "auto",
    effort: color.Effort = "auto",
    tile_size: color.TileSize = None,
    tile_overlap: color.TileOverlap = None,
    as_published: color.AsPublished = False,
    hints: color.Hints = None,
    decisions: color.Decisions = None,
    reference: color.Reference = None,
    samples: color.Samples = None,
    consistent: color.Consistent = False,
    sequence: color.Sequence = False,
    format: copies.Format = "keep",
    depth: copies.Depth = None,
    quality: copies.Quality = None,
    progressive: copies.Progressive = False,
    suffix: copies.Suffix = "",
    keep_times: copies.KeepTimes = False,
    if_color: scans.IfColor = "skip",
    access: copies.Access = None,
    uncertainty: copies.Uncertainty = False,
    copy_sidecars: copies.CopySidecars = False,
    provenance: copies.Provenance = True,
    source_type: copies.SourceType = None,
    stamp: copies.Stamp = False,
    c2pa: copies.C2pa = None,
    c2pa_key: copies.C2paKey = None,
    overwrite: copies.Overwrite = False,
    dry_run: run.DryRun = False,
    jobs: run.Jobs = None,
    engine: run.Engine = "local",
    ray_address: run.RayAddress = None,
    batch_size: run.BatchSize = "auto",
    on_oom: run.OnOom = "fail",
    max_memory: run.MaxMemory = None,
    max_minutes: run.MaxMinutes = None,
    until: run.Until = None,
    time_limit: run.TimeLimit = 1800.0,
    fail_fast: run.FailFast = False,
    json: run.Json = False,
    log_file: run.LogFile = None,
    quiet: run.Quiet = False,
    verbose: run.Verbose = 0,
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

        bwcolor colorize album/a.jpg --model gan --samples 3
    """
    job = job_of(dict(locals()))
    from bwcolor.cli import outcome

    if dry_run:
        outcome.tell_plan(job, json)
    else:
        outcome.run_and_tell(job, json, quiet=quiet, verbose=verbose, log=log_file)


def job_of(given: dict[str, Any]) -> Job:
    """Return the job of the command's words: each group of options takes those of its own fields' names."""
    from bwcolor.archive.job import ENGINES, ColorOptions, IfColor, Job, OnOom
    from bwcolor.archive.plan import Request
    from bwcolor.cli.words import access_of, amount_of, deadline_of, names_of_list, pick, shard_of
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
    if given["engine"] not in ENGINES:
        raise UsageError(f"--engine {given['engine']} is unknown.", f"Take {' or '.join(ENGINES)}.")
    if (given["c2pa"] is None) != (given["c2pa_key"] is None):
        raise UsageError("Signing takes a certificate and its key.", "Write --c2pa CERT --c2pa-key KEY.")
    given["signing"] = given["c2pa"] and Signing(given["c2pa"], given["c2pa_key"])
    given["shard"] = None if given["shard"] is None else shard_of(given["shard"])
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
