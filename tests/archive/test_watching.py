# SPDX-License-Identifier: Apache-2.0
"""What arrives is colored when it is whole, and not before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_scans import make_scan

from bwcolor.archive import watching
from bwcolor.archive.desk import Desk
from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.summary import Silence, Summary
from bwcolor.archive.watching import Arrivals, watch
from bwcolor.errors import MissingExtraError, UsageError

PATIENT = 60.0  # seconds after which a test gives up; the machine may have much else to do


class Rounds:
    """Keeps the summaries."""

    def __init__(self) -> None:
        self.summaries: list[Summary] = []

    def begin(self) -> Silence:
        return Silence()

    def end(self, summary: Summary) -> None:
        self.summaries.append(summary)


@pytest.fixture
def watched(job: Callable[..., Job]) -> Iterator[Callable[..., Rounds]]:
    """Return a starter of watches, which end with the test."""
    stop, threads = threading.Event(), []

    def start(**wishes: object) -> Rounds:
        rounds = Rounds()
        settings = {"seconds": 0.3, "polling": True, "stop": stop}
        threads.append(threading.Thread(target=watch, args=(job(**wishes), rounds), kwargs=settings))
        threads[-1].start()
        return rounds

    yield start
    stop.set()
    for thread in threads:
        thread.join(PATIENT)
        assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def old(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - 1000,) * 2)


def test_what_is_there_and_what_arrives(scans: Path, watched: Callable[..., Rounds]) -> None:
    out = scans.with_name("scans-color")
    old(*(path for path in scans.rglob("*.*")))
    rounds = watched()
    until(lambda: rounds.summaries)
    assert rounds.summaries[0].done == 4
    make_scan(scans / "new" / "late.png", 5)
    until(lambda: (out / "new" / "late.png").exists())
    make_scan(scans / "a.jpg", 99)  # scanned again
    until(lambda: sum(summary.done for summary in rounds.summaries) == 6)
    ledger = Ledger(out)
    assert {row.outcome for row in ledger.entries()} == {"done"}
    assert len(list(ledger.entries())) == 5
    ledger.close()


def test_a_file_is_left_until_it_is_whole(scans: Path, watched: Callable[..., Rounds], tmp_path: Path) -> None:
    old(*(path for path in scans.rglob("*.*")))
    rounds = watched()
    until(lambda: rounds.summaries)
    content = make_scan(tmp_path / "whole.png", 3, (300, 300)).read_bytes()
    slow = scans / "slow.png"
    slow.write_bytes(content[: len(content) // 2])
    time.sleep(1.5)  # it stands still, and does not decode
    assert not (scans.with_name("scans-color") / "slow.png").exists()
    assert [failure for summary in rounds.summaries for failure in summary.failures] == []
    with slow.open("ab") as file:
        file.write(content[len(content) // 2 :])
    until(lambda: (scans.with_name("scans-color") / "slow.png").exists())
    assert list(rounds.summaries[-1].failures) == []


def test_young_files_wait_at_the_start_too(scans: Path, job: Callable[..., Job]) -> None:
    arrivals = Arrivals(job(), 0.2)
    arrivals.add([scans])
    assert len(arrivals.unfinished) == 4
    assert arrivals.whole() == []
    time.sleep(0.25)
    assert len(arrivals.whole()) == 4
    assert arrivals.unfinished == frozenset()


def test_what_never_decodes_fails_by_name(
    scans: Path, watched: Callable[..., Rounds], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PATIENCE_SECONDS", 1.0)
    old(*(path for path in scans.rglob("*.*")))
    rounds = watched()
    until(lambda: rounds.summaries)
    (scans / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    until(lambda: rounds.summaries[-1].failures)
    assert [failure.name for failure in rounds.summaries[-1].failures] == ["broken.png"]


def test_it_waits_for_another_run_to_end(scans: Path, watched: Callable[..., Rounds]) -> None:
    old(*(path for path in scans.rglob("*.*")))
    rounds = watched()
    until(lambda: rounds.summaries)
    with Desk.at(scans.with_name("scans-color")):
        make_scan(scans / "late.png", 5)
        time.sleep(2.5)
        assert not (scans.with_name("scans-color") / "late.png").exists()
    until(lambda: (scans.with_name("scans-color") / "late.png").exists())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_signal_ends_it_and_the_next_start_goes_on(scans: Path) -> None:
    old(*(path for path in scans.rglob("*.*")))
    words = [sys.executable, "-m", "bwcolor", "watch", str(scans), "--model", "null", "--settle", "0.2", "--json"]
    for number, come in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert f'"done": {4 if come == 130 else 1}' in process.stdout.readline()
            make_scan(scans / f"{come}.png", come)
            if come == 130:
                process.send_signal(number)
                assert process.wait(PATIENT) == come
                old(scans / "130.png")
            else:
                assert '"done": 1' in process.stdout.readline()
                process.send_signal(number)
                assert process.wait(PATIENT) == come


def test_only_folders_are_watched(scans: Path, job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="Only folders"):
        watch(job(scans / "a.jpg"), Rounds())


def test_a_missing_package_is_an_error_that_says_how_to_install_it(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtraError, match=r"bwcolor\[watch\]"):
        watch(job(), Rounds())
