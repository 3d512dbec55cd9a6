# SPDX-License-Identifier: Apache-2.0
"""Shards deal a folder out to machines, each with its own ledger; together they are what one run is."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_scans import NAMES, make_scan

from bwcolor.archive.desk import Desk
from bwcolor.archive.drawing import Shard, shares_of
from bwcolor.archive.job import Job
from bwcolor.archive.ledger import Ledger
from bwcolor.archive.plan import make_plan
from bwcolor.archive.report import csv_of, entries_of
from bwcolor.archive.rows import Outcome
from bwcolor.archive.run import colorize, look_ahead
from bwcolor.archive.settle import State
from bwcolor.archive.shards import Ledgers, shard_folders, state_folder
from bwcolor.archive.status import status_of
from bwcolor.archive.verify import verify
from bwcolor.errors import UsageError

OF_THE_RUN = ("run", "at", "seconds", "stages")  # columns that differ from run to run


@pytest.fixture
def many(scans: Path) -> Path:
    for number in range(20):
        make_scan(scans / f"{number % 3}" / f"{number}.png", number, (40, 40 + 3 * number))
    return scans


def told(out: Path) -> list[dict[str, str]]:
    """Return the report of an output folder, but for what differs from run to run."""
    rows = list(csv.DictReader(io.StringIO("".join(csv_of(entries_of(out))), newline="")))
    return [{name: value for name, value in row.items() if name not in OF_THE_RUN} for row in rows]


def test_the_shares_are_all_photos_once_and_of_one_size(many: Path, job: Callable[..., Job]) -> None:
    order = [task.source for task in make_plan(job().request, job().suffixes()).tasks]
    shares = []
    for number in range(1, 6):
        wish = job(shard=Shard(number, 5))
        plan = make_plan(wish.request, wish.suffixes())
        shares.append([task.source for task in plan.tasks])
        assert plan.not_drawn == 24 - len(plan.tasks)
        assert shares[-1] == sorted(shares[-1], key=order.index)
    assert sorted(path for share in shares for path in share) == sorted(order)
    sizes = [sum(path.stat().st_size for path in share) for share in shares]
    assert max(sizes) - min(sizes) <= max(path.stat().st_size for share in shares for path in share)


def test_large_and_small_files_are_dealt_out_evenly() -> None:
    rng = random.Random(1)
    sizes = [int(rng.lognormvariate(15, 1)) for _ in range(10_000)]
    loads = [0] * 16
    for size, share in zip(sizes, shares_of(sizes, 16), strict=True):
        loads[share] += size
    assert max(loads) / (sum(sizes) / 16) < 1.001
    assert sorted(shares_of([0] * 12, 4)) == sorted([0, 1, 2, 3] * 3)


def test_shards_together_are_one_run(many: Path, job: Callable[..., Job], tmp_path: Path) -> None:
    (many / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    one, out = tmp_path / "one", tmp_path / "out"
    assert colorize(job(out=one)).done == 24
    summaries = [colorize(job(out=out, shard=Shard(number, 4))) for number in (3, 1, 4, 2)]
    assert (sum(each.done for each in summaries), sum(len(each.failures) for each in summaries)) == (24, 1)
    assert told(out) == told(one)
    assert not (out / ".bwcolor" / "ledger.sqlite").exists()
    status = status_of(out)
    assert status.counts == {Outcome.DONE: 24, Outcome.FAILED: 1}
    assert [(part.shard, part.left, part.outcome) for part in status.shards] == [
        (f"{number}/4", 0, "finished") for number in (1, 2, 3, 4)
    ]
    assert (status.megapixels, status.bytes) == (status_of(one).megapixels, status_of(one).bytes)
    assert verify(out).checked == 24
    # a run over everything finds all done, and makes one ledger of the four
    assert colorize(job(out=out)).settled.states == {State.DONE: 24, State.FAILED: 1}
    assert shard_folders(out) == []
    assert told(out) == told(one)
    ledger = Ledger(out)
    runs = {run.id for run in ledger.runs()}
    assert {row.run for row in ledger.entries()} <= runs
    assert len(runs) == 5
    ledger.close()


def test_what_another_shard_has_done_is_not_done_again(many: Path, job: Callable[..., Job]) -> None:
    for number in (1, 2):
        colorize(job(shard=Shard(number, 2)))
    make_scan(many / "0" / "huge.tif", 9, (300, 300))  # it changes everybody's share
    again = [colorize(job(shard=Shard(number, 2))) for number in (1, 2)]
    assert sum(each.done for each in again) == 1
    assert sum(each.settled.count(State.DONE) for each in again) == 24
    assert look_ahead(job(shard=Shard(1, 3)))[1].left == 0


def test_a_row_written_later_counts(many: Path, job: Callable[..., Job]) -> None:
    out = many.with_name("scans-color")
    colorize(job())
    assert colorize(job(shard=Shard(1, 1), overwrite=True, saturation=0.5)).done == 24
    with_both = Ledgers(out)
    assert {row.options.count('"saturation": 0.5') for row in with_both.entries()} == {1}
    assert with_both.entries_of(["a.jpg"])["a.jpg"] == next(row for row in with_both.entries() if row.name == "a.jpg")
    assert len(list(with_both.values("name"))) == 24
    assert len(list(with_both.values("name", outcome=Outcome.DONE))) == 24
    with_both.close()


def test_a_shard_and_a_whole_run_keep_each_other_out(many: Path, job: Callable[..., Job]) -> None:
    out = many.with_name("scans-color")
    first = Shard(1, 3)
    with Desk.at(out, first):
        with pytest.raises(UsageError, match="Another run works"):
            colorize(job())
        with pytest.raises(UsageError, match="Another run works"):
            colorize(job(shard=first))
        assert colorize(job(shard=Shard(2, 3))).done > 0
        assert status_of(out).running
    with Desk.at(out), pytest.raises(UsageError, match="Another run works"):
        colorize(job(shard=first))


def test_a_shard_on_another_machine_keeps_a_whole_run_out(many: Path, job: Callable[..., Job]) -> None:
    """Some network shares keep no locks between machines; what stands in the lock counts as long as it is fresh."""
    colorize(job(shard=Shard(1, 3)))
    out = many.with_name("scans-color")
    (state_folder(out, Shard(1, 3)) / "lock").write_text('{"host": "elsewhere", "pid": 7}')
    with pytest.raises(UsageError, match="process 7 on elsewhere"):
        colorize(job())


def test_names_that_are_no_utf8_are_merged_in_order(job: Callable[..., Job], tmp_path: Path) -> None:
    folder = tmp_path / "names"
    make_scan(folder / "z.png")
    for name in (b"a\xff.png", "ü.png".encode(), b"b.png", b"\xe9.png"):
        shutil.copy(bytes(folder / "z.png"), bytes(folder) + b"/" + name)
    for number in (1, 2, 3):
        colorize(job(folder, shard=Shard(number, 3), out=tmp_path / "three"))
    colorize(job(folder, out=tmp_path / "one"))
    assert [row["name"] for row in told(tmp_path / "three")] == [row["name"] for row in told(tmp_path / "one")]


def test_a_share_without_photos_is_no_error(scans: Path, job: Callable[..., Job]) -> None:
    summaries = [colorize(job(shard=Shard(number, 9))) for number in range(1, 10)]
    assert sum(each.done for each in summaries) == len(NAMES)
    assert {int(each.exit_code) for each in summaries} == {0}


@pytest.mark.parametrize("wrong", [(0, 3), (4, 3), (1, 0)])
def test_shards_count_from_one(wrong: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="no shard"):
        Shard(*wrong)


def test_half_written_files_of_others_at_work_are_let_alone(many: Path, job: Callable[..., Job]) -> None:
    colorize(job(shard=Shard(1, 2)))
    out = many.with_name("scans-color")
    with Desk.at(out, Shard(1, 2)) as desk:
        row = next(desk.ledger.entries())
        desk.ledger.record(replace(row, outcome=Outcome.BEGUN))
    fresh = (out / row.target).with_name(".0123.bwcolor-part")
    fresh.write_bytes(b"half")
    with Desk.at(out, Shard(1, 2)):
        assert fresh.exists()
    with Desk.at(out):
        assert not fresh.exists()
