# SPDX-License-Identifier: Apache-2.0
"""What is told of an output folder: status, verification, spreadsheets, pages, checksums, bags."""

from __future__ import annotations

import base64
import csv
import io
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import bagit
import numpy as np
import pytest
from PIL import Image
from small_scans import NAMES, make_scan

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.lock import Lock
from bwcolor.archive.page import page_of
from bwcolor.archive.report import csv_of, entries_of, sha256sums, write_bag
from bwcolor.archive.rows import Entry, Outcome, Run
from bwcolor.archive.run import colorize
from bwcolor.archive.status import status_of
from bwcolor.archive.verify import verify
from bwcolor.errors import UsageError, VerificationError

ODD = ("new\nline.png", "back\\slash.png", "per%cent.png", "<b>bold & [red].png", "ünï.png")


@pytest.fixture
def out(scans: Path, job: Callable) -> Path:
    """Return the output of a run over plain and odd names, with one failure."""
    for seed, name in enumerate(ODD):
        make_scan(scans / "odd.png", seed).rename(scans / name)
    (scans / "broken.jpg").write_text("a text")
    colorize(job())
    return scans.with_name("scans-color")


def test_status(out: Path) -> None:
    status = status_of(out)
    assert status.counts == {"done": 9, "failed": 1}
    assert (status.running, status.left, status.seconds_left) == (False, 0, None)
    assert status.megapixels == pytest.approx(9 * 60 * 80 / 1e6)
    (reason,) = status.failures
    assert (reason.error, reason.count, reason.example) == ("DamagedPhotoError", 1, "broken.jpg")
    assert 0 < status.dl_max <= 1


def test_status_of_a_run_that_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    begun = (datetime.now(UTC) - timedelta(seconds=100)).isoformat()
    with Lock(out):
        ledger = Ledger(out, write=True)
        ledger.begin_run(Run(0, begun, "", "here", 1, "0", "{}", 50, 0, 0, "", ""))
        row = Entry("a", "a", "a", Outcome.DONE, run=1)
        ledger.record(*(replace(row, name=str(number), certainty=number / 10) for number in range(20)))
        ledger.record(replace(row, name="x", outcome=Outcome.BEGUN), replace(row, name="old", run=0))
        status = status_of(out)
        assert (status.running, status.left) == (True, 30)
        assert status.seconds_left == pytest.approx(150, rel=0.1)
        assert [name for name, _ in status.unsure] == [str(number) for number in range(10)]
    assert not status_of(out).running


def test_a_sound_output_verifies_wherever_it_lies(out: Path, tmp_path: Path) -> None:
    found = verify(out, jobs=2)
    assert (found.checked, found.measured, found.without_scan, found.findings) == (9, 9, 0, [])
    out.rename(tmp_path / "elsewhere-color")
    found = verify(tmp_path / "elsewhere-color")
    assert (found.checked, found.measured, found.findings) == (9, 9, [])
    (tmp_path / "far").mkdir()
    (tmp_path / "elsewhere-color").rename(tmp_path / "far" / "out")
    found = verify(tmp_path / "far" / "out")
    assert (found.checked, found.measured, found.without_scan, found.findings) == (9, 0, 9, [])


def test_what_is_wrong_is_found(out: Path, scans: Path) -> None:
    (out / "a.jpg").unlink()
    (out / "b.png").write_bytes((out / "b.png").read_bytes() + b"x")
    make_scan(scans / "deep/d.jpg", seed=9)
    # a copy of another lightness, of which the ledger says that it is right
    picture = Image.open(out / "ünï.png").point(lambda level: min(level + 2, 255))
    picture.save(out / "ünï.png")
    ledger = Ledger(out, write=True)
    from bwcolor.archive.settle import file_sha256

    ledger.record(replace(ledger.entry("ünï.png"), output_sha256=file_sha256(out / "ünï.png")))
    ledger.close()
    found = {finding.name: finding.what for finding in verify(out).findings}
    assert sorted(found) == ["a.jpg", "b.png", "deep/d.jpg", "ünï.png"]
    assert "missing" in found["a.jpg"]
    assert "changed after" in found["b.png"]
    assert "not the one that was colored" in found["deep/d.jpg"]
    assert "lightness" in found["ünï.png"]
    assert [each.name for each in verify(out, hashes_only=True).findings] == ["a.jpg", "b.png"]


def test_csv_comes_back(out: Path) -> None:
    entries = list(entries_of(out))
    rows = list(csv.DictReader(io.StringIO("".join(csv_of(entries)), newline="")))
    assert [row["name"] for row in rows] == [entry.name for entry in entries]
    assert float(rows[0]["dl_max"]) == entries[0].dl_max
    assert {row["outcome"] for row in rows} == {"done", "failed"}


def test_checksums_are_those_that_sha256sum_reads(out: Path, witness: Callable) -> None:
    sums = "".join(sha256sums(entries_of(out))).encode()
    assert sums.count(b"\n") == 9
    command = [witness("sha256sum"), "--check", "--strict"]
    done = subprocess.run(command, input=sums, cwd=out, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


class Tags(HTMLParser):
    """Collects a page's tags and the addresses of its pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name == "src" and value]


def test_the_page_holds_its_pictures_and_takes_names_as_text(out: Path, scans: Path) -> None:
    html = page_of(out)
    found = Tags()
    found.feed(html)
    assert len(found.links) == 18
    assert all(link.startswith("data:image/webp;base64,") for link in found.links)
    before, after = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(found.links[n].partition(",")[2])))) for n in (2, 3)
    )
    assert np.abs(before - np.asarray(Image.open(scans / NAMES[0]))[..., None].astype(int)).mean() < 20
    assert np.ptp(before.astype(int), axis=2).max() < 12
    assert np.ptp(after.astype(int), axis=2).mean() > 12
    assert not {"script", "b"} & found.tags
    assert "&lt;b&gt;bold &amp; [red].png" in html
    assert "broken.jpg is no JPEG" in html


def test_a_page_of_an_output_whose_scans_are_gone(out: Path, scans: Path) -> None:
    shutil.rmtree(scans)
    assert "<img" not in page_of(out)


def test_a_bag_is_what_the_library_of_congress_calls_one(out: Path, tmp_path: Path) -> None:
    # that library takes a backslash for Windows' slash, and leaves percent signs as they are
    odd = [name for name in ODD if "\\" not in name and "%" not in name]
    ledger = Ledger(out, write=True)
    ledger.forget(*(name for name in ODD if name not in odd))
    ledger.close()
    assert write_bag(out, tmp_path / "bag") == 7
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert set(bag.payload_files()) == {f"data/{name}" for name in (*NAMES, *odd)}
    assert bag.info["Payload-Oxum"].endswith(".7")
    assert bag.algorithms == ["sha256"]
    assert "metadata/ledger.csv" in set(bag.tagfile_entries())


def test_a_manifest_encodes_as_the_standard_says(out: Path, tmp_path: Path) -> None:
    write_bag(out, tmp_path / "bag")
    manifest = (tmp_path / "bag/manifest-sha256.txt").read_bytes().decode()
    assert {"data/per%25cent.png", "data/new%0Aline.png", "data/back\\slash.png"} <= set(manifest.split()[1::2])


def test_a_bag_of_what_is_not_so_is_refused(out: Path, tmp_path: Path) -> None:
    (out / "a.jpg").write_text("other")
    with pytest.raises(VerificationError, match=r"a\.jpg is not what the ledger says"):
        write_bag(out, tmp_path / "bag")
    with pytest.raises(UsageError, match="exists"):
        write_bag(out, tmp_path / "bag")


def test_no_output_folder(tmp_path: Path) -> None:
    for tell in (status_of, verify, page_of, entries_of):
        with pytest.raises(UsageError, match="holds no ledger"):
            tell(tmp_path)


def test_a_ledger_can_be_read_while_a_run_writes_it(out: Path) -> None:
    ledger = Ledger(out, write=True)
    shutil.rmtree(out / "deep")
    ledger.record(Entry("new", "new", "new", Outcome.BEGUN))
    assert status_of(out).counts["begun"] == 1
    ledger.close()
