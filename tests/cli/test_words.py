# SPDX-License-Identifier: Apache-2.0
"""Words that stand for numbers, times and lists."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bwcolor.archive.drawing import Shard
from bwcolor.cli.words import amount_of, deadline_of, moment_of, names_of_list, shard_of
from bwcolor.errors import NothingToDoError, UsageError


@pytest.mark.parametrize(
    ("text", "number"),
    [("500", 500), ("4GB", 4 * 10**9), ("4gib", 4 * 2**30), ("1.5M", 1_500_000), ("2 G", 2 * 10**9), (".5k", 500)],
)
def test_amounts(text: str, number: int) -> None:
    assert amount_of(text, "--x") == number


@pytest.mark.parametrize("text", ["", "GB", "-1", "1 GX", "1e9", "nan"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(UsageError, match="--x"):
        amount_of(text, "--x")


@pytest.mark.parametrize(
    ("text", "moment"), [("07:00", "2026-03-02 07:00"), ("23:30", "2026-03-01 23:30"), ("7:05", "2026-03-02 07:05")]
)
def test_moments_are_the_next_ones(text: str, moment: str) -> None:
    now = datetime.fromisoformat("2026-03-01 22:00")
    assert moment_of(text, now) == datetime.fromisoformat(moment)


def test_the_earlier_deadline_counts() -> None:
    assert deadline_of(None, None) is None
    soon, late = deadline_of(1, None), deadline_of(60 * 24 * 3, "12:00")
    assert soon is not None
    assert late is not None
    assert 50 < (soon - datetime.now().astimezone()).total_seconds() <= 60
    assert late.hour == 12


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"a.jpg\r\ndeep/b c.jpg\n\n")
    assert names_of_list(path) == ("a.jpg", "deep/b c.jpg")
    path.write_bytes(b"line\nbreak.jpg\0caf\xe9.jpg\0")
    assert names_of_list(path) == ("line\nbreak.jpg", "caf\udce9.jpg")
    path.write_bytes(b"\n")
    with pytest.raises(NothingToDoError, match="empty"):
        names_of_list(path)
    with pytest.raises(NothingToDoError, match="cannot be read"):
        names_of_list(tmp_path / "gone")


def test_shares() -> None:
    assert (shard_of("3/16"), str(shard_of(" 16/16 "))) == (Shard(3, 16), "16/16")
    for wrong in ("3", "3/", "3 of 16", "17/16", "0/16", "-1/16", "1/0"):
        with pytest.raises(UsageError, match="shar"):
            shard_of(wrong)
