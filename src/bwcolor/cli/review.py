# SPDX-License-Identifier: Apache-2.0
"""``bwcolor review``: a page on which people judge color copies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bwcolor.archive.rows import Entry


def review(
    out: Annotated[
        Path, typer.Argument(help="Output folder of `bwcolor colorize`.", metavar="OUT", show_default=False)
    ],
    jobs: Annotated[int | None, typer.Option(help="Photos at once (default: one for each core).", min=1)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a page on which to judge the color copies: before and after, verdicts, ratings, known colors.

    The page is OUT/review.html; open it in any browser, no network is needed. It shows each photo under a slider or
    flipped, at 100 % too; its key "?" explains the others. Photos that failed, of which the network was least sure,
    that are most saturated or unlike the rest of their folder can be looked at first. Verdicts, ratings and hints are
    kept by the browser, and exported as one file, which `bwcolor colorize --decisions FILE` obeys.

    Write the page again after the photos were colored again: verdicts stay with the copies that they were said of.

    Example:
        bwcolor review scans-color
    """
    from tqdm import tqdm

    from bwcolor.archive.report import entries_of
    from bwcolor.archive.review import write_review
    from bwcolor.cli.terminal import amount, console, print_json, shown

    done = sum(entry.outcome == "done" for entry in entries_of(out))
    with tqdm(total=done, unit="photo", disable=None) as bar:

        def told(entry: Entry) -> None:
            bar.update()

        written = write_review(out, told, jobs)
    if json:
        print_json(written.plain())
    else:
        console().print(f"{written.photos} photos in {shown(written.page)} ({amount(written.bytes)})")
