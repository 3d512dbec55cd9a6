# SPDX-License-Identifier: Apache-2.0
"""``bwcolor status``, ``bwcolor verify`` and ``bwcolor report``: what an output folder's ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bwcolor.archive.rows import Entry
    from bwcolor.archive.status import Part, Status

Out = Annotated[Path, typer.Argument(help="Output folder of `bwcolor colorize`.", metavar="OUT", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
REASON_LENGTH = 100  # characters of a reason in a table


def status(out: Out, json: Json = False) -> None:
    """Tell how far an output folder has come: counts, failures by reason, what is left and for how long.

    It reads the ledger only, so it can be asked while a run goes on.

    Example:
        bwcolor status scans-color
    """
    from bwcolor.archive.status import status_of
    from bwcolor.cli.terminal import print_json

    found = status_of(out)
    print_json(found.plain()) if json else _print_status(found)


def _print_status(found: Status) -> None:
    from bwcolor.cli.terminal import amount, duration, print_table

    rows: list[tuple[object, ...]] = [(outcome, count, "") for outcome, count in sorted(found.counts.items())]
    run = found.run
    if run is not None:
        ahead = "" if found.seconds_left is None else f"about {duration(found.seconds_left)}"
        rows.append(("left of the last run", found.left, ahead))
        state = "goes on" if found.running else run.outcome or "was killed; the same command goes on"
        why = f" ({run.reason})" if run.reason else ""
        rows.append(("last run", f"#{run.id}", f"{state}{why}, since {run.started}, process {run.pid} on {run.host}"))
    rows.append(("megapixels", f"{found.megapixels:,.1f}", amount(found.bytes)))
    rows.append(("largest |dL|", f"{found.dl_max:.3f}", "levels of 255, before encoding"))
    print_table("", ("", "#", ""), rows)
    if found.shards:
        print_table("Shards", ("shard", "ended#", "left#", "time", "last run"), [_told(part) for part in found.shards])
    if found.failures:
        told = [(each.count, each.error, f"{each.example}: {each.reason}"[:REASON_LENGTH]) for each in found.failures]
        print_table("Failed", ("#", "kind", "first"), told)
    if found.unsure:
        print_table(
            "Look at these first", ("certainty#", "photo"), [(f"{sure:.3f}", name) for name, sure in found.unsure]
        )


def _told(part: Part) -> tuple[object, ...]:
    """Return the row of a shard."""
    from bwcolor.cli.terminal import duration

    ahead = "" if part.seconds_left is None else f"about {duration(part.seconds_left)}"
    state = "goes on" if part.running else part.outcome or "was killed; the same command goes on"
    return part.shard, part.ended, part.left, ahead, state


def verify(
    out: Out,
    hashes_only: Annotated[bool, typer.Option("--hashes-only", help="Do not measure the lightness again.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Photos at once (default: cores).", min=1)] = None,
    json: Json = False,
) -> None:
    """Check every color copy: its hash, its scan's hash, and that it still has the scan's lightness.

    Lossless copies must keep it to 1 level of 255 (4 of 65535 with 16 bits), lossy ones to what was measured when they
    were written. The exit code is 5 where anything is not what the ledger says.

    Example:
        bwcolor verify scans-color
    """
    from tqdm import tqdm

    from bwcolor.archive.rows import Outcome
    from bwcolor.archive.shards import opened
    from bwcolor.archive.verify import verify as verify_all
    from bwcolor.cli.terminal import print_json, print_table
    from bwcolor.errors import ExitCode

    with opened(out) as ledgers:
        done = sum(1 for _ in ledgers.values(outcome=Outcome.DONE))
    with tqdm(total=done, unit="photo", disable=None) as bar:

        def told(entry: Entry) -> None:
            bar.update()

        found = verify_all(out, hashes_only=hashes_only, jobs=jobs, told=told)
    if json:
        print_json(found.plain())
    else:
        rows = [
            ("as the ledger says", found.checked),
            ("lightness measured again", found.measured),
            ("scan not found, hash checked only", found.without_scan),
            ("wrong", len(found.findings)),
        ]
        print_table("", ("color copies", "#"), rows)
        if found.findings:
            print_table("Wrong", ("photo", "what"), [(each.name, each.what) for each in found.findings])
    if found.findings:
        raise typer.Exit(int(ExitCode.VERIFICATION_FAILED))


def report(
    out: Out,
    csv: Annotated[bool, typer.Option("--csv", help="The whole ledger as a spreadsheet.")] = False,
    html: Annotated[bool, typer.Option("--html", help="A page with figures, failures, before and after.")] = False,
    sha256sums: Annotated[bool, typer.Option("--sha256sums", help="Checksums for `sha256sum -c`.")] = False,
    bagit: Annotated[bool, typer.Option("--bagit", help="A BagIt bag (RFC 8493) with copies of the files.")] = False,
    outliers: Annotated[
        bool,
        typer.Option("--outliers", help="Copies whose white point, chroma or hue stand apart from their folder's."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON (with --outliers).")] = False,
    to: Annotated[
        Path | None,
        typer.Option(help="Write there instead of to stdout (a bag: OUT-bag beside OUT).", metavar="PATH"),
    ] = None,
) -> None:
    """Tell others what was done: as a spreadsheet, a page, checksums, or a bag for a repository.

    With --outliers: which copies stand apart from the others of their folder, by a robust z-score over 3.5; the first
    time this looks at every copy.

    Examples:
        bwcolor report scans-color --html --to report.html

        bwcolor report scans-color --csv

        bwcolor report scans-color --outliers
    """
    from bwcolor.archive import report as reports
    from bwcolor.errors import UsageError

    if csv + html + sha256sums + bagit + outliers != 1:
        raise UsageError("Name one kind of report.", "Take --csv, --html, --sha256sums, --bagit or --outliers.")
    if outliers:
        _tell_outliers(out, json, to)
        return
    if json:
        raise UsageError("--json goes with --outliers.", "Take --csv for the whole ledger.")
    if bagit:
        bag = to or out.resolve().with_name(out.resolve().name + "-bag")
        typer.echo(f"{reports.write_bag(out, bag)} files in {bag}")
        return
    if html:
        from bwcolor.archive.page import page_of

        content = iter([page_of(out)])
    else:
        content = (reports.csv_of if csv else reports.sha256sums)(reports.entries_of(out))
    _deliver(content, to)


def _tell_outliers(out: Path, as_json: bool, to: Path | None) -> None:
    """Look at the copies and tell which stand apart."""
    from dataclasses import asdict
    from json import dumps

    from tqdm import tqdm

    from bwcolor.archive.outliers import outliers_of
    from bwcolor.archive.report import entries_of
    from bwcolor.archive.seen import look_at
    from bwcolor.cli.terminal import console, print_table

    done = [entry for entry in entries_of(out) if entry.outcome == "done"]
    with tqdm(total=len(done), unit="photo", disable=None) as bar:

        def told(entry: Entry) -> None:
            bar.update()

        found = outliers_of(look_at(out, done, told))
    if as_json or to is not None:
        _deliver(iter([dumps([asdict(each) for each in found], indent=2) + "\n"]), to)
    elif found:
        rows = [(each.name, each.what, f"{each.score:.1f}", each.words) for each in found]
        print_table("Apart from their folder", ("photo", "by", "score#", ""), rows)
    else:
        console().print("No copy stands apart from its folder.")


def _deliver(content: Iterator[str], to: Path | None) -> None:
    """Write a report, piece by piece, to a file or to stdout."""
    import sys

    from bwcolor.errors import OutputError

    # names go out as the bytes they are
    data = (piece.encode("utf-8", "surrogateescape") for piece in content)
    if to is None:
        sys.stdout.buffer.writelines(data)
        sys.stdout.flush()
        return
    try:
        with to.open("wb") as file:
            file.writelines(data)
    except OSError as error:
        raise OutputError(f"{to} cannot be written: {error.strerror}.", "Give another path with --to.") from error
