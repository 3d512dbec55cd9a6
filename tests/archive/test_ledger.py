# SPDX-License-Identifier: Apache-2.0
"""The ledger: rows come back as they went in, whatever the names; nothing is half written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bwcolor.archive.ledger import Ledger
from bwcolor.archive.rows import Entry, Outcome, Run, key_of
from bwcolor.errors import OutputError, UsageError

RUN = Run(0, "2026-01-01", "", "here", 1, "0", "{}", 3, 0, 0, "", "")


def entry(name: str, **values: object) -> Entry:
    return replace(Entry(name, f"../s/{name}", name, Outcome.DONE), **values)  # type: ignore[arg-type]


def test_rows_come_back(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, write=True)
    rows = [entry("b.jpg", dl_max=0.5, certainty=None), entry("a.jpg", outcome=Outcome.FAILED, reason="x")]
    ledger.record(*rows)
    ledger.record(entry("b.jpg", dl_max=0.25))
    assert ledger.entry("a.jpg") == rows[1]
    assert ledger.entry("gone") is None
    assert [row.name for row in ledger.entries()] == ["a.jpg", "b.jpg"]
    assert [row.dl_max for row in ledger.entries(Outcome.DONE)] == [0.25]
    ledger.forget("b.jpg")
    assert [row.name for row in ledger.entries()] == ["a.jpg"]


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_names_are_bytes_to_the_system_and_come_back_as_they_are(tmp_path: Path, raw: bytes) -> None:
    ledger = Ledger(tmp_path, write=True)
    name = os.fsdecode(raw)
    ledger.record(entry(name))
    assert ledger.entry(name) == entry(name)
    ledger.close()


def test_runs_are_counted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, write=True)
    assert [ledger.begin_run(RUN).id, ledger.begin_run(RUN).id] == [1, 2]
    ledger.end_run(2, "later", "finished")
    assert [(run.id, run.ended, run.outcome) for run in ledger.runs()] == [(1, "", ""), (2, "later", "finished")]


def test_a_ledger_at_rest_is_one_file_that_can_be_copied_and_read_from_a_read_only_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "out", write=True)
    ledger.record(entry("a.jpg"))
    assert (tmp_path / "out/.bwcolor/ledger.sqlite-wal").exists()
    ledger.close()
    assert [path.name for path in (tmp_path / "out/.bwcolor").iterdir()] == ["ledger.sqlite"]
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    (tmp_path / "copy/.bwcolor").chmod(0o555)
    assert Ledger(tmp_path / "copy").entry("a.jpg") == entry("a.jpg")


def test_a_reader_sees_a_running_ledger(tmp_path: Path) -> None:
    writer = Ledger(tmp_path, write=True)
    writer.record(entry("a.jpg"))
    reader = Ledger(tmp_path)
    writer.record(entry("b.jpg"))
    assert len(list(reader.entries())) == 2


def test_rows_from_many_threads(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, write=True)
    threads = [
        threading.Thread(target=lambda n=n: [ledger.record(entry(f"{n}-{i}")) for i in range(20)]) for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(ledger.entries())) == 100


def test_network_shares_get_a_rollback_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bwcolor.archive.ledger._file_system", lambda folder: "nfs4")
    ledger = Ledger(tmp_path, write=True)
    ledger.record(entry("a.jpg"))
    assert [path.name for path in (tmp_path / ".bwcolor").iterdir()] == ["ledger.sqlite"]


def test_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no ledger"):
        Ledger(tmp_path)


def test_damaged_and_newer_ledgers_are_refused(tmp_path: Path) -> None:
    Ledger(tmp_path, write=True).close()
    path = tmp_path / ".bwcolor/ledger.sqlite"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(UsageError, match="newer"):
        Ledger(tmp_path)
    path.write_bytes(b"rubbish " * 100)
    with pytest.raises(UsageError, match="damaged"):
        Ledger(tmp_path, write=True)


def test_a_full_disk_is_an_output_error_and_keeps_the_rows(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, write=True)
    ledger.record(entry("a.jpg"))
    pages = ledger._base.execute("PRAGMA page_count").fetchone()[0]
    ledger._base.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(OutputError, match="full"):
        ledger.record(*(entry(f"{number}.jpg", reason="x" * 500) for number in range(500)))
    assert [row.name for row in ledger.entries()] == ["a.jpg"]


def test_keys_tell_everything_apart() -> None:
    base = ("s", "h", "w", {"a": 1, "b": None}, "1.0")
    others = [
        ("t", *base[1:]),
        ("s", "i", *base[2:]),
        ("s", "h", "v", *base[3:]),
        (*base[:3], {"a": 2, "b": None}, "1.0"),
    ]
    keys = {key_of(*wishes) for wishes in [base, *others, (*base[:4], "1.1")]}  # type: ignore[arg-type]
    assert len(keys) == 6
    assert key_of("s", "h", "w", {"b": None, "a": 1}, "1.0") == key_of(*base)  # type: ignore[arg-type]
