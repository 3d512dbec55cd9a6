# SPDX-License-Identifier: Apache-2.0
"""A ledger told to others: as a spreadsheet, as checksums, as a bag for a repository."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from bwcolor import __version__
from bwcolor.archive.ledger import COLUMNS
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.settle import file_sha256
from bwcolor.archive.shards import Ledgers
from bwcolor.errors import OutputError, UsageError, VerificationError

COPIED_BYTES = 1 << 20  # at a time


def entries_of(out: Path) -> Iterator[Entry]:
    """Return all rows of an output folder's ledgers, as a stream.

    Raises:
        UsageError: There is no ledger.
    """
    ledgers = Ledgers(out)

    def stream() -> Iterator[Entry]:
        with closing(ledgers):
            yield from ledgers.entries()

    return stream()


def csv_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield rows as lines of comma-separated values (RFC 4180), a header line first."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        values = (getattr(entry, column) for column in COLUMNS)
        writer.writerow(["" if value is None else value for value in values])
    yield line.getvalue()


def sha256sums(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the checksums of the color copies, in lines that ``sha256sum -c`` reads in the output folder."""
    for entry in entries:
        if entry.outcome == Outcome.DONE:
            name = entry.target.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
            mark = "\\" if name != entry.target else ""
            yield f"{mark}{entry.output_sha256}  {name}\n"


def write_bag(out: Path, bag: Path) -> int:
    """Write the color copies as a BagIt bag (RFC 8493), with the ledger as a tag file.

    Each file is hashed while it is copied; a bag is only complete where all are what the ledger says.

    Args:
        out: The output folder.
        bag: The bag's folder; it must not exist.

    Returns:
        The number of files.

    Raises:
        UsageError: There is no ledger, or the bag exists.
        VerificationError: A color copy is not what the ledger says, or its name cannot stand in a manifest.
        OutputError: The bag cannot be written.
    """
    entries = list(entries_of(out))
    done = [entry for entry in entries if entry.outcome == Outcome.DONE]
    if bag.exists():
        raise UsageError(f"{bag} exists.", "Name a folder that does not exist yet with --to.")
    try:
        manifest = [(_copy(out, entry, bag / "data"), f"data/{entry.target}") for entry in done]
        size = sum(entry.output_size for entry in done)
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": f"Bag-Software-Agent: bwcolor {__version__}\nPayload-Oxum: {size}.{len(done)}\n"
            "External-Description: Colorized copies; colors are made by an algorithm.\n",
            "manifest-sha256.txt": _manifest(manifest),
            "metadata/ledger.csv": "".join(csv_of(entries)),
        }
        (bag / "data").mkdir(parents=True, exist_ok=True)
        (bag / "metadata").mkdir()
        for name, content in tags.items():
            (bag / name).write_bytes(content.encode("utf-8", "surrogateescape"))
        hashes = [(file_sha256(bag / name), name) for name in tags]
        (bag / "tagmanifest-sha256.txt").write_text(_manifest(hashes), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{bag} cannot be written: {error.strerror}.", "Give another folder with --to.") from error
    return len(done)


def _copy(out: Path, entry: Entry, data: Path) -> str:
    """Copy one file into the bag and return its hash."""
    try:
        entry.target.encode()
    except UnicodeEncodeError:
        raise VerificationError(
            f"The name {entry.target} is no UTF-8 and cannot stand in a bag.", "Rename the scan and color it again."
        ) from None
    target = data / entry.target
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with (out / entry.target).open("rb") as source, target.open("xb") as copy:
        while piece := source.read(COPIED_BYTES):
            digest.update(piece)
            copy.write(piece)
    shutil.copystat(out / entry.target, target)
    if digest.hexdigest() != entry.output_sha256:
        raise VerificationError(
            f"{entry.target} is not what the ledger says.",
            "`bwcolor verify` names all such files; the bag is not complete.",
        )
    return digest.hexdigest()


def _manifest(rows: list[tuple[str, str]]) -> str:
    """Return manifest lines; RFC 8493, 2.1.3: line breaks and percent signs of names are percent-encoded.

    The Library of Congress' own reader (bagit 1.9) does not decode percent signs; the standard stands.
    """

    def encoded(name: str) -> str:
        return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")

    return "".join(f"{digest}  {encoded(name)}\n" for digest, name in rows)
