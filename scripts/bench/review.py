# SPDX-License-Identifier: Apache-2.0
"""How the review page copes with many photos: seconds until it can be used, and frames while its list is scrolled.

    python scripts/bench/review.py [--photos 1000] [--chromium /usr/bin/chromium]

Colors a handful of small scans by the model without weights, and writes their rows into the ledger many times over,
each with a thumbnail of its own. Printed are the size of the page, the seconds that `write_review` takes with all
pictures at hand, milliseconds from opening the page until it can be used, rows of the list that exist at once,
milliseconds of a key that shows the next photo, and the time between two frames while the list is scrolled from top to
bottom and back.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from bwcolor.archive.gallery import NAME_LENGTH
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.plan import Request
from bwcolor.archive.review import write_review
from bwcolor.archive.run import colorize
from bwcolor.archive.seen import Memory

SCROLL = """async () => {
  const rows = document.getElementById("rows"), times = [], most = rows.scrollHeight - rows.clientHeight;
  let last = performance.now();
  for (let step = 0; step <= 240; step += 1) {
    rows.scrollTop = most * (1 - Math.abs(step / 120 - 1));
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times.slice(5).sort((a, b) => a - b);
}"""


def make_folder(place: Path, count: int) -> Path:
    """Return an output folder with so many rows, each with its thumbnail."""
    scans = place / "scans"
    scans.mkdir()
    draw = np.random.default_rng(0)
    for number in range(8):
        pixels = np.linspace(20, 230, 600 * 800).reshape(600, 800) + draw.normal(0, 6, (600, 800))
        Image.fromarray(np.rint(pixels.clip(0, 255)).astype(np.uint8)).save(scans / f"{number}.jpg")
    colorize(Job(Request((scans,)), ColorOptions(model="null")))
    out = place / "scans-color"
    write_review(out)
    ledger, memory = Ledger(out, write=True), Memory(out)
    rows = list(ledger.entries())
    pictures = out / ".bwcolor" / "review"
    for number in range(count - len(rows)):
        row = rows[number % len(rows)]
        name = f"{number // 100:03}/{number:06}.jpg"
        copy = replace(row, name=name, output_sha256=hashlib.sha256(name.encode()).hexdigest())
        thumb = (pictures / f"{row.output_sha256[:NAME_LENGTH]}.webp").read_bytes()
        (pictures / f"{copy.output_sha256[:NAME_LENGTH]}.webp").write_bytes(thumb)
        seen = memory.get(row)
        assert seen is not None
        memory.put(copy, seen)
        ledger.record(copy)
    ledger.close()
    memory.save(Ledger(out).entries())
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        out = make_folder(Path(place), given.photos)
        begun = time.perf_counter()
        page_file = write_review(out).page
        written = time.perf_counter() - begun
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_selector("html[data-ready]")
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
        times = page.evaluate(SCROLL)
        step = page.evaluate(
            "() => { const begun = performance.now();"
            "for (let i = 0; i < 50; i += 1) dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown'}));"
            "return (performance.now() - begun) / 50; }"
        )
        print(f"{given.photos} photos: page {page_file.stat().st_size / 1e6:.2f} MB, written in {written:.1f} s")
        print(
            f"usable after {ready:.0f} ms; {page.locator('.row-of-list').count()} rows exist; a key takes {step:.1f} ms"
        )
        print(
            f"frames while scrolling: median {times[len(times) // 2]:.1f} ms, 95 % {times[int(len(times) * 0.95)]:.1f}"
        )
        browser.close()


if __name__ == "__main__":
    main()
