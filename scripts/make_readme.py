#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of README.md that the program itself knows: models, formats, exit codes.

python scripts/make_readme.py            write them between their markers
python scripts/make_readme.py --check    say which are stale, and fail if any is
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from make_man import EXIT_MEANINGS

import bwcolor
from bwcolor.models.catalog import describe
from bwcolor.models.measured import MEASURED
from bwcolor.models.row import ModelRow
from bwcolor.models.table import DEFAULT_MODEL, MODELS
from bwcolor.photo.formats import FORMATS

README = Path(__file__).resolve().parent.parent / "README.md"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def weights(row: ModelRow) -> str:
    """Return where a model's weights come from and their size in MB (10^6 bytes)."""
    if row.weights:
        shipped = Path(bwcolor.__file__).parent / "weights" / row.weights
        return f"{shipped.stat().st_size / 1e6:.1f} MB, shipped"
    if row.origin:
        size = f"{row.origin.size / 1e6:.0f} MB, " if row.origin.size else ""
        return f"{size}downloaded once"
    return "train your own" if row.trainable else "none"


def models() -> str:
    """Return the table of models."""
    rows = [
        [
            f"`{row.name}`" + (" (default)" if row.name == DEFAULT_MODEL else ""),
            row.summary.removesuffix(" (default)"),
            f"{describe(row).cost.parameters / 1e6:.1f} M",
            f"{describe(row).cost.gflop:.1f}",
            MEASURED[row.name].brief if row.name in MEASURED else "-",
            weights(row),
            row.code_license,
            row.weights_license,
            row.source or "-",
        ]
        for row in MODELS.values()
    ]
    return table(
        [
            "`--model`",
            "what it is",
            "parameters",
            "GFLOP at 256x256",
            "measured at",
            "weights",
            "license of the code",
            "terms of the weights",
            "after",
        ],
        rows,
    )


def exit_codes() -> str:
    """Return the table of exit codes."""
    return table(["code", "meaning"], [[str(code.value), meaning] for code, meaning in EXIT_MEANINGS.items()])


def formats() -> str:
    """Return the table of formats."""
    rows = [
        [
            row.title,
            " ".join(f"`{suffix}`" for suffix in (*row.suffixes, *row.read_as)),
            " and ".join(map(str, row.depths)) + " bits" if row.depths else "no",
            ", ".join(sorted(row.holds)) or "-",
        ]
        for row in FORMATS.values()
    ]
    return table(["format", "suffixes that are read", "written with", "a written file can keep"], rows)


TABLES = {"models": models, "formats": formats, "exit-codes": exit_codes}


def fill(text: str) -> tuple[str, list[str]]:
    """Return a README with its tables made anew, and the names of those that were stale."""
    stale = []
    for name, make in TABLES.items():
        begin, end = f"<!-- table: {name} -->\n", f"<!-- end of {name} -->"
        pattern = re.compile(re.escape(begin) + "(.*?)" + re.escape(end), re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise SystemExit(f"README.md must hold one table {name!r} between its two markers")
        fresh = f"{make()}\n"
        if pattern.findall(text) != [fresh]:
            stale.append(name)
        text = pattern.sub(lambda _, fresh=fresh, begin=begin, end=end: begin + fresh + end, text)
    return text, stale


def main(arguments: list[str]) -> int:
    """Write the tables, or with --check compare them; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    text, stale = fill(README.read_text(encoding="utf-8"))
    for name in stale:
        print(f"README.md: the table {name!r} {'is stale' if arguments else 'was written'}")
    if not arguments:
        README.write_text(text, encoding="utf-8", newline="\n")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
