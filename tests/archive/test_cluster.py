# SPDX-License-Identifier: Apache-2.0
"""A real Ray cluster of two nodes on this machine: it does what one machine's threads do, and outlives its workers."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_scans import make_scan

from bwcolor.archive import cluster
from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.report import entries_of
from bwcolor.archive.rows import Entry, Outcome
from bwcolor.archive.run import colorize
from bwcolor.archive.summary import Silence
from bwcolor.archive.verify import verify
from bwcolor.errors import MissingExtraError, UsageError

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(sys.platform == "win32", reason="Ray's clusters of one machine want Linux"),
]
STORE = 100 << 20  # bytes of a node's store; the least that Ray takes is 75 MB
OF_THE_RUN = {"run", "at", "seconds", "stages"}  # columns that differ from run to run


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """Return a cluster of two nodes, each of one core."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    both = Nodes()
    for _ in range(2):
        both.add_node(num_cpus=1, object_store_memory=STORE, include_dashboard=False)
    ray.init(address=both.address, log_to_driver=False, logging_level=logging.ERROR)
    yield both
    ray.shutdown()
    both.shutdown()


def workers() -> list[int]:
    """Return the process numbers of the workers that this process's nodes have started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.joinpath("cmdline").read_bytes().startswith(b"ray::Worker") and os.getpid() in _above(place):
                found.append(int(place.name))
        except OSError:
            continue
    return found


def _above(place: Path) -> Iterator[int]:
    while place.name != "0":
        parent = place.joinpath("stat").read_text().rpartition(")")[2].split()[1]
        yield int(parent)
        place = place.with_name(parent)


class Killer(Silence):
    """Kills a worker after some photos."""

    def __init__(self, after: int) -> None:
        self.after, self.names, self.killed = after, list[str](), list[int]()

    def ended(self, entry: Entry) -> None:
        self.names.append(entry.name)
        if len(self.names) == self.after:
            self.killed = workers()[:1]
            os.kill(self.killed[0], signal.SIGKILL)


def plain(out: Path) -> list[dict[str, Any]]:
    return [{name: value for name, value in vars(row).items() if name not in OF_THE_RUN} for row in entries_of(out)]


def test_a_worker_is_killed_and_every_photo_is_written_once(
    nodes: Any, scans: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    for number in range(40):
        make_scan(scans / f"{number % 3}" / f"{number}.{('jpg', 'png', 'tif')[number % 3]}", number)
    (scans / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    local, spread = tmp_path / "local", tmp_path / "spread"
    assert colorize(job(out=local)).done == 44
    killer = Killer(after=12)

    summary = colorize(job(out=spread, engine="ray", jobs=None), killer)

    assert len(killer.killed) == 1
    assert (summary.done, [failure.name for failure in summary.failures], summary.left) == (44, ["broken.jpg"], 0)
    assert sorted(killer.names) == sorted(row.name for row in entries_of(spread))  # each was told of once
    assert plain(spread) == plain(local)  # the hashes of the copies are among it
    assert verify(spread).findings == []
    assert list(spread.rglob("*.bwcolor-part")) == []
    assert colorize(job(out=spread, engine="ray", redo_failed=True)).done == 0
    assert colorize(job(out=spread)).settled.count("done") == 44  # the threads of this process take the rows for theirs


def test_a_photo_that_workers_are_lost_at_fails_and_the_others_do_not(
    nodes: Any, scans: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadly(cluster.Worker):
        """A worker whose process dies of one photo; defined here, it goes to the cluster as code."""

        def color(self, todo: list[Any]) -> list[Any]:
            if todo[0][0].name == "b.png":
                os._exit(9)
            return super().color(todo)

    monkeypatch.setattr(cluster, "Worker", Deadly)
    summary = colorize(job(engine="ray", jobs=None))
    assert (summary.done, [failure.name for failure in summary.failures]) == (3, ["b.png"])
    assert "3 workers were lost" in summary.failures[0].reason


def test_what_no_worker_can_do_is_answered_as_on_one_machine(nodes: Any, job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="sees no CUDA"):
        colorize(job(engine="ray", device="cuda"))


def test_a_stop_leaves_no_photo_begun(nodes: Any, scans: Path, job: Callable[..., Job]) -> None:
    for number in range(12):
        Image.fromarray(np.zeros((40, 40), np.uint8)).save(scans / f"black-{number}.png")
    (scans / "a.jpg").write_bytes(b"")
    summary = colorize(replace(job(engine="ray"), fail_fast=True))
    assert summary.stopped == "a photo failed (--fail-fast)"
    ledger = Ledger(scans.with_name("scans-color"))
    assert list(ledger.entries(Outcome.BEGUN)) == []
    ledger.close()
    assert 0 < summary.left < 16


def test_a_missing_package_is_an_error_that_says_how_to_install_it(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"bwcolor\[ray\]"):
        colorize(job(engine="ray"))
