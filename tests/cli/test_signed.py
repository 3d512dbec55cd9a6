# SPDX-License-Identifier: Apache-2.0
"""`bwcolor colorize --c2pa`: copies with signed manifests, as the C2PA library reads them."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from signing_keys import make_keys

from bwcolor.archive.ledger import Ledger
from bwcolor.errors import ExitCode

QUICK = ("colorize", "scans", "--model", "null")


@pytest.fixture
def c2pa() -> ModuleType:
    return importlib.import_module("c2pa") if os.environ.get("CI") else pytest.importorskip("c2pa")


@pytest.fixture
def keys(tmp_path: Path, c2pa: ModuleType, witness: Callable) -> tuple[str, ...]:
    """Return the words that sign."""
    witness("openssl")
    (tmp_path / "keys").mkdir()
    made = make_keys(tmp_path / "keys")
    return "--c2pa", str(made.certificate), "--c2pa-key", str(made.key)


def test_copies_are_signed_with_their_scans_as_parents(
    bwcolor: Callable, scans: Path, keys: tuple[str, ...], c2pa: ModuleType
) -> None:
    done = bwcolor(*QUICK, *keys, "--access", "jpeg")
    assert done.code == 0, done.err
    for name, kind in (
        ("scans-color/a.jpg", "jpeg"),
        ("scans-color/b.png", "png"),
        ("scans-color-access/b.jpg", "jpeg"),
    ):
        with Path(name).open("rb") as file:
            told = json.loads(c2pa.Reader(f"image/{kind}", file).json())
        assert told["validation_state"] == "Valid"
        ingredients = told["manifests"][told["active_manifest"]]["ingredients"]
        assert [(each["title"][:2], each["relationship"]) for each in ingredients] == [
            (Path(name).stem + ".", "parentOf")
        ]
    assert bwcolor("verify", "scans-color").code == 0


def test_a_signature_is_part_of_what_decides_a_copy(bwcolor: Callable, scans: Path, keys: tuple[str, ...]) -> None:
    bwcolor(*QUICK)
    plain = Ledger(Path("scans-color")).entry("a.jpg")
    assert json.loads(bwcolor(*QUICK, *keys, "--json").out)["outdated"] == 3
    assert json.loads(bwcolor(*QUICK, *keys, "--json", "--dry-run").out)["states"] == {"outdated": 3}
    assert json.loads(bwcolor(*QUICK, *keys, "--json", "--overwrite").out)["done"] == 3
    signed = Ledger(Path("scans-color")).entry("a.jpg")
    assert signed.key != plain.key
    assert "keys" not in signed.options
    # the same certificate from another place is the same
    Path("keys").rename("safe")
    moved = [word.replace("/keys/", "/safe/") for word in keys]
    assert json.loads(bwcolor(*QUICK, *moved, "--json").out)["already_done"] == 3


def test_what_cannot_sign_is_said_before_any_work(bwcolor: Callable, scans: Path, keys: tuple[str, ...]) -> None:
    Path("rubbish.pem").write_text("rubbish")
    for words in (keys[:2], keys[2:], (*keys[:2], "--c2pa-key", "rubbish.pem"), ("--c2pa", "gone.pem", *keys[2:])):
        for more in ((), ("--dry-run",)):
            done = bwcolor(*QUICK, *words, *more)
            assert done.code == ExitCode.USAGE, words
            assert done.err.startswith("bwcolor: error: ")
    assert not Path("scans-color").exists()


def test_a_missing_package_is_named(bwcolor: Callable, scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    done = bwcolor(*QUICK, "--c2pa", "a.pem", "--c2pa-key", "b.pem")
    assert "bwcolor[c2pa]" in done.err
    assert done.code != 0
    assert not Path("scans-color").exists()
