# SPDX-License-Identifier: Apache-2.0
"""Estimates: near what a run then takes, and honest about what is not there."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from small_scans import make_scan

from bwcolor.archive.estimate import estimate
from bwcolor.archive.job import Job
from bwcolor.archive.plan import make_plan
from bwcolor.archive.run import colorize

Usage = namedtuple("Usage", "total used free")


def tasks(job: Job) -> list:
    return list(make_plan(job.request, job.suffixes()).tasks)


def test_pixels_and_disk(scans: Path, job: Callable[..., Job]) -> None:
    for number in range(30):
        make_scan(scans / f"{number}.{'jpg' if number % 2 else 'png'}", number, (200, 300))
    wanted = estimate(tasks(job()), job())
    assert wanted.photos == 34
    assert wanted.megapixels == pytest.approx((30 * 200 * 300 + 4 * 60 * 80) / 1e6)
    summary = colorize(job())
    assert summary.done == 34
    out = scans.with_name("scans-color")
    size = sum(path.stat().st_size for path in out.rglob("*.*") if ".bwcolor" not in path.parts)
    assert 0.5 < wanted.bytes / size < 2
    assert wanted.fits


def test_time_is_that_of_earlier_photos(scans: Path, job: Callable[..., Job]) -> None:
    fresh = estimate(tasks(job()), job()).seconds
    assert fresh > 0
    colorize(job())
    make_scan(scans / "more.png", 7)
    again = estimate(tasks(job()), job()).seconds
    assert again > 0
    assert again != fresh


def test_many_photos_are_sampled(scans: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bwcolor.archive.estimate.PROBED", 5)
    for number in range(16):
        make_scan(scans / f"{number}.png", number)
    wanted = estimate(tasks(job()), job())
    assert (wanted.photos, wanted.probed) == (20, 5)
    assert wanted.megapixels == pytest.approx(20 * 60 * 80 / 1e6)


def test_what_there_is_no_room_for_what_is_converted_and_what_is_damaged(
    scans: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bwcolor.archive.machine.shutil.disk_usage", lambda folder: Usage(1, 1, 1000))
    Image.new("CMYK", (30, 20)).save(scans / "cmyk.jpg")
    (scans / "broken.png").write_text("a text")
    wanted = estimate(tasks(job()), job())
    assert (wanted.fits, wanted.free, wanted.unreadable) == (False, 1000, 1)
    assert wanted.converted == (("CMYK becomes RGB", "cmyk.jpg"),)


def test_nothing_to_do(job: Callable[..., Job]) -> None:
    wanted = estimate([], job())
    assert (wanted.photos, wanted.seconds, wanted.bytes, wanted.fits) == (0, 0, 0, True)
