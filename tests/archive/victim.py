# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed: python victim.py SCANS OUT SEED...

For each seed a child colors SCANS into OUT until it kills itself with SIGKILL: after a seeded number of rows of the
ledger, or in the middle of writing a file. The children are forked from a process that has loaded everything and run
nothing, so that each starts in no time. Prints how each child ended.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from bwcolor.archive import hands, stages
from bwcolor.archive.job import ColorOptions, Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.plan import Request
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.run import colorize
from bwcolor.photo import writing
from bwcolor.photo.formats import FORMATS

CODECS = [row.codec for row in FORMATS.values() if row.depths]  # imported before the first fork


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(scans: Path, out: Path, seed: int) -> None:
    """Color until the seeded moment."""
    chance = random.Random(seed)
    left = chance.randint(0, 4)
    moment = ("row", "rows passing", "fsync", "rename")[seed % 4]

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            die()

    if moment == "row":
        record = Ledger.record

        def recording(self: Ledger, *entries: Entry) -> None:
            if entries[0].outcome == Outcome.DONE:
                count()
            record(self, *entries)

        Ledger.record = recording
    elif moment == "rows passing":
        write = stages.write_photo

        def writing_photo(photo, rows, target, options, pages):
            def passing(y0: int, y1: int):
                if y0 > 0 or y1 == photo.height:
                    count()
                return rows(y0, y1)

            return write(photo, passing, target, options, pages)

        stages.write_photo = writing_photo
    elif moment == "fsync":
        fsync = os.fsync

        def syncing(descriptor: int) -> None:
            count()
            fsync(descriptor)

        writing.os = type("os", (), {**vars(os), "fsync": staticmethod(syncing)})
    else:
        replace = Path.replace

        def replacing(self: Path, target: Path) -> Path:
            moved = replace(self, target)
            count()
            return moved

        Path.replace = replacing
    hands.CREW_FROM = sys.maxsize  # what is patched here must happen here
    colorize(Job(Request((scans,), out), ColorOptions(model="null"), jobs=2))
    os._exit(0)


if __name__ == "__main__":
    folder, output, *seeds = sys.argv[1:]
    for each in seeds:
        child = os.fork()
        if child == 0:
            main(Path(folder), Path(output), int(each))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{each} {code}\n")
        sys.stdout.flush()
