#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write what each network has been measured at, from docs/, where ``bwcolor models`` reads it.

python scripts/make_measured.py
"""

from __future__ import annotations

import re
from pathlib import Path

from bwcolor.models.table import MODELS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "quality.md"
TARGET = ROOT / "src" / "bwcolor" / "models" / "measured.py"
EXPERIMENTS = ROOT / "docs" / "experiments.md"
# a shipped network of its own experiment: the row of its table, and on which pictures
EXPERIMENTED = {
    "gan-cifar": (
        "narrow, weak discriminator, then none (shipped)",
        "CIFAR-10, 1,000 test pictures, docs/experiments.md",
    )
}
OURS = {"psnr dB": "PSNR {} dB", "ciede2000 dE00": "CIEDE2000 {}", "chroma-ratio": "chroma ratio {}"}
# of the page's table of published numbers: whose row, and on which photographs
QUOTED = {
    "eccv16": ("Zhang et al. 2016", "ImageNet validation, 5,000"),
    "siggraph17": ("Zhang et al. 2017, no hints", "ImageNet, 1,000"),
    "ddcolor": ("DDColor, large", "ImageNet validation, 5,000"),
    "ddcolor-tiny": ("DDColor, tiny", "ImageNet validation, 5,000"),
    "deoldify-artistic": ("DeOldify, which generator is not said", "ImageNet validation, 5,000"),
    "deoldify-stable": ("DeOldify, which generator is not said", "ImageNet validation, 5,000"),
    "cnn-16": ("a student report, plain CNN of 16 layers", "single photographs"),
    "koalarization": ("Deep Koalarization", "12 photographs, 41 people"),
    "chromagan": ("ChromaGAN", "ImageNet"),
}

TABLE = "MEASURED = {\n"  # from here to its end, the module is made by this script


def cells(line: str) -> list[str]:
    """Return the cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def own(page: str) -> dict[str, tuple[str, str]]:
    """Return the figures and the photographs of each network of the page's first table."""
    block = page.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
    first = next(part for part in block.split("\n\n") if part.startswith("|"))
    rows = [cells(line) for line in first.splitlines()]
    found = re.search(r"([\d,]+) photographs", block)
    if found is None:
        raise SystemExit("docs/quality.md does not say how many photographs were measured")
    values = {row[0].rpartition(" ")[0]: [cell.partition(" ")[0] for cell in row] for row in rows}
    return {
        name: (
            ", ".join(words.format(values[metric][column]) for metric, words in OURS.items()),
            f"{found[1]} photographs, docs/quality.md",
        )
        for column, name in enumerate(rows[0])
        if name in MODELS
    }


def experimented(page: str, name: str) -> tuple[str, str]:
    """Return the figures and the pictures of a network that was measured by an experiment."""
    wanted, photographs = EXPERIMENTED[name]
    rows = [cells(line) for line in page.splitlines() if line.startswith("|")]
    at = next((index for index, row in enumerate(rows) if row[0] == wanted), None)
    if at is None:
        raise SystemExit(f"docs/experiments.md has no row {wanted!r}")
    head = next(row for row in reversed(rows[:at]) if row[0] == "what")
    values = {name: cell.partition(" ")[0] for name, cell in zip(head, rows[at], strict=True)}
    return f"MSE {values['mse']}, eps-accuracy 5 %: {values['eps-accuracy-5, %']} %", photographs


def page() -> str:
    """Return the whole module."""
    text = PAGE.read_text(encoding="utf-8")
    published = {(row[0], row[1]): row[2] for line in text.splitlines() if len(row := cells(line)) == 3}
    ours = own(text)
    lines = []
    for name in MODELS:
        if name in ours:
            said = ours[name]
        elif name in EXPERIMENTED:
            said = experimented(EXPERIMENTS.read_text(encoding="utf-8"), name)
        elif name in QUOTED:
            method, photographs = QUOTED[name]
            said = (published[method, photographs], photographs, method)
        else:
            continue
        lines.append(f'    "{name}": Measured(\n' + "".join(f'        "{part}",\n' for part in said) + "    ),\n")
    return TARGET.read_text(encoding="utf-8").partition(TABLE)[0] + TABLE + "".join(lines) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(TARGET)
