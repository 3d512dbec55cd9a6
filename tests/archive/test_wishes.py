# SPDX-License-Identifier: Apache-2.0
"""Wishes about scans and copies: color photos, further pages, access copies, sidecars, provenance."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from small_scans import NAMES, make_scan

from bwcolor.archive.job import Access, IfColor, Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.run import colorize
from bwcolor.archive.settle import State
from bwcolor.archive.verify import verify
from bwcolor.photo import ReadOptions, WriteOptions, read_photo
from bwcolor.photo.provenance import mark_of

Maker = Callable[..., Job]


@pytest.fixture
def out(scans: Path) -> Path:
    return scans.with_name("scans-color")


def row(out: Path, name: str) -> Entry:
    ledger = Ledger(out)
    try:
        return ledger.entry(name)
    finally:
        ledger.close()


@pytest.fixture
def rainbow(scans: Path) -> Path:
    """Add a photo in many colors."""
    hue = np.linspace(0, 255, 90).astype(np.uint8)
    picture = np.stack([np.tile(hue, (60, 1)), np.full((60, 90), 200, np.uint8), np.full((60, 90), 180, np.uint8)], 2)
    Image.fromarray(picture, "HSV").convert("RGB").save(scans / "rainbow.png")
    return scans / "rainbow.png"


@pytest.mark.parametrize("wish", list(IfColor))
def test_photos_in_color(rainbow: Path, out: Path, job: Maker, wish: IfColor) -> None:
    summary = colorize(job(if_color=wish))
    copy, found = out / "rainbow.png", row(out, "rainbow.png")
    assert summary.failures == []
    if wish is IfColor.RECOLOR:
        assert (summary.done, found.outcome) == (5, Outcome.DONE)
        return
    assert (summary.done, summary.skipped, found.outcome) == (4, 1, Outcome.SKIPPED)
    assert "in color already" in found.reason
    assert copy.exists() == (wish is IfColor.COPY)
    if wish is IfColor.COPY:
        assert copy.read_bytes() == rainbow.read_bytes()
    assert colorize(job(if_color=wish)).settled.states == {State.DONE: 4, State.SKIPPED: 1}
    copy.unlink(missing_ok=True)
    assert colorize(job(if_color=wish)).skipped == (wish is IfColor.COPY)


def test_what_bwcolor_colored_is_not_colored_again(scans: Path, out: Path, job: Maker, tmp_path: Path) -> None:
    colorize(job(strength=0.02))  # so pale that it is no color photo
    (tmp_path / "again").mkdir()
    (out / "b.png").rename(tmp_path / "again" / "b.png")
    summary = colorize(job(tmp_path / "again"))
    assert (summary.done, summary.skipped) == (0, 1)
    assert "colored by bwcolor" in row(tmp_path / "again-color", "b.png").reason


def test_all_pages_of_a_tiff_come_out(tmp_path: Path, job: Maker) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = [make_scan(tmp_path / f"{n}.tif", n, (50 + 20 * n, 64)) for n in range(3)]
    with tifffile.TiffWriter(folder / "all.tif") as writer:
        for page in pages:
            writer.write(tifffile.imread(page), photometric="minisblack")
    assert colorize(job(folder)).done == 1
    out = tmp_path / "pages-color"
    with tifffile.TiffFile(out / "all.tif") as file:
        assert [page.shape for page in file.pages] == [(50, 64, 3), (70, 64, 3), (90, 64, 3)]
    assert row(out, "all.tif").dl_max < 4 / 257
    assert verify(out).findings == []


@pytest.mark.parametrize(("wish", "size"), [(Access("jpeg", 80, 40), (40, 30)), (Access("webp", 50, 4000), (80, 60))])
def test_access_copies(scans: Path, out: Path, job: Maker, wish: Access, size: tuple[int, int]) -> None:
    assert colorize(job(access=wish)).done == 4
    found = row(out, "deep/er/c.tif")
    copy = (out / found.access).resolve()
    assert copy == out.with_name("scans-color-access") / f"deep/er/c.{'jpg' if wish.format == 'jpeg' else 'webp'}"
    with Image.open(copy) as small, Image.open(out / "b.png") as master:
        assert small.size == size
        assert small.mode == "RGB"
        assert master.size == (80, 60)
    assert colorize(job(access=wish)).settled.states == {State.DONE: 4}
    assert colorize(job()).settled.states == {State.OUTDATED: 4}


def test_sidecars_come_along_only_where_asked(scans: Path, out: Path, job: Maker) -> None:
    (scans / "deep" / "d.xmp").write_text("<x/>")
    colorize(job())
    assert not (out / "deep/d.xmp").exists()
    colorize(job(copy_sidecars=True))
    assert (out / "deep/d.xmp").read_text() == "<x/>"
    assert (out / "notes.txt").read_text() == "no photo"
    assert (out / "notes.txt").stat().st_mtime_ns == (scans / "notes.txt").stat().st_mtime_ns
    assert colorize(job(copy_sidecars=True)).exit_code == 0


def test_provenance_says_by_what_and_of_what(scans: Path, out: Path, job: Maker) -> None:
    colorize(job())
    mark = mark_of(read_photo(out / "b.png").metadata.xmp)
    found = row(out, "b.png")
    assert (mark.model, mark.source_sha256, mark.options) == ("null", found.sha256, json.loads(found.options))
    assert mark.stamp is None


def test_provenance_as_exiftool_reads_it(scans: Path, out: Path, job: Maker, witness: Callable) -> None:
    colorize(
        job(
            stamp="2026-03-04T05:06:07+00:00",
            source_type="http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced",
        )
    )
    command = [witness("exiftool"), "-json", "-G1", "-struct", *(str(out / name) for name in NAMES)]
    for told in json.loads(subprocess.run(command, capture_output=True, check=True).stdout):
        assert "lgorithmically" in told["XMP-iptcExt:DigitalSourceType"]
        assert told["XMP-xmp:CreatorTool"].startswith("bwcolor ")
        assert told["XMP-xmpMM:History"][-1]["When"].startswith("2026:03:04 05:06:07")


def test_no_provenance(scans: Path, out: Path, job: Maker) -> None:
    colorize(job(provenance=False))
    assert mark_of(read_photo(out / "b.png").metadata.xmp) is None


def test_reading_and_writing_as_asked(scans: Path, out: Path, job: Maker) -> None:
    wishes = {"read": ReadOptions(depth=16, invert=True), "write": WriteOptions(keep_times=True), "format": "tiff"}
    assert colorize(job(**wishes)).done == 4
    copy = tifffile.imread(out / "b.tif")
    scan = np.asarray(Image.open(scans / "b.png")).astype(int)
    assert copy.dtype == np.uint16
    assert np.corrcoef(copy.mean(axis=2).ravel(), scan.ravel())[0, 1] < -0.99
    assert (out / "b.tif").stat().st_mtime_ns == (scans / "b.png").stat().st_mtime_ns
    assert "read as a negative" in json.loads(row(out, "b.png").notes)
    assert verify(out).findings == []
    assert colorize(job(**wishes | {"write": WriteOptions()})).settled.states == {State.DONE: 4}


def test_a_copy_that_needs_another_format_never_falls_on_another(tmp_path: Path, job: Maker) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    cmyk = Image.merge("CMYK", [Image.effect_noise((40, 30), 9)] * 4)
    cmyk.save(folder / "a.jpg")  # CMYK comes out as TIFF
    make_scan(folder / "a.tif")
    cmyk.save(folder / "b.jpg")
    summary = colorize(job(folder, jobs=1, if_color=IfColor.RECOLOR))
    assert [failure.name for failure in summary.failures] == ["a.jpg"]
    assert "is taken" in summary.failures[0].reason
    assert row(tmp_path / "s-color", "b.jpg").target == "b.tif"
    again = colorize(job(folder, jobs=1, if_color=IfColor.RECOLOR))
    assert again.settled.states == {State.FAILED: 1, State.DONE: 2}


def test_variants_that_hold_no_color_become_those_that_do(tmp_path: Path, job: Maker) -> None:
    folder = tmp_path / "gray"
    for seed, name in enumerate(("a.pgm", "b.J2K", "c.ppm")):
        make_scan(folder / name, seed)
    Image.effect_noise((40, 30), 99).convert("1").save(folder / "d.pbm")
    summary = colorize(job(folder))
    assert (summary.done, summary.failures, summary.plan.left_alone) == (4, [], {})
    out = tmp_path / "gray-color"
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == ["a.ppm", "b.jp2", "c.ppm", "d.ppm"]
    with Image.open(out / "a.ppm") as copy, Image.open(folder / "a.pgm") as scan:
        assert (copy.mode, copy.size) == ("RGB", scan.size)
    assert colorize(job(folder)).settled.states == {State.DONE: 4}
    assert verify(out).findings == []
