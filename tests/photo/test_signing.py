# SPDX-License-Identifier: Apache-2.0
"""Signed manifests, with keys made here, as the C2PA library reads them."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tifffile
from conftest import gray_picture
from PIL import Image
from signing_keys import make_keys

from bwcolor.errors import UsageError
from bwcolor.photo import Photo, Provenance, WriteOptions, read_color, read_photo, write_photo
from bwcolor.photo.provenance import COMPOSITE
from bwcolor.photo.signing import Signing, check


@pytest.fixture(scope="module")
def c2pa() -> ModuleType:
    return importlib.import_module("c2pa") if os.environ.get("CI") else pytest.importorskip("c2pa")


@pytest.fixture(scope="module")
def signing(tmp_path_factory, c2pa: ModuleType) -> Signing:
    """Return a certificate of an archive, issued by a test authority."""
    return make_keys(tmp_path_factory.mktemp("keys"))


def rows_of(photo: Photo):
    return lambda y0, y1: np.repeat(photo.rows(y0, y1)[..., None], 3, axis=2)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_outputs_are_signed_with_the_scan_as_parent(suffix: str, tmp_path: Path, signing: Signing, c2pa) -> None:
    tifffile.imwrite(tmp_path / "scan.tif", gray_picture(), metadata=None)
    photo = read_photo(tmp_path / "scan.tif")
    options = WriteOptions(provenance=Provenance("gan", "ab" * 32, '{"saturation": 1.0}'), signing=signing)
    written = write_photo(photo, rows_of(photo), tmp_path / f"b{suffix}", options)
    assert written.lost == ()
    assert written.size == written.path.stat().st_size
    kind = {".jpg": "jpeg", ".tif": "tiff"}.get(suffix, suffix[1:])
    with written.path.open("rb") as file:
        told = json.loads(c2pa.Reader(f"image/{kind}", file).json())
    assert told["validation_state"] == "Valid"  # the test authority is nobody's, all else is right
    assert {problem["code"] for problem in told.get("validation_status", [])} <= {"signingCredential.untrusted"}
    manifest = told["manifests"][told["active_manifest"]]
    assert [(each["title"], each["relationship"]) for each in manifest["ingredients"]] == [("scan.tif", "parentOf")]
    opened, colored = manifest["assertions"][0]["data"]["actions"]
    assert (opened["action"], colored["action"]) == ("c2pa.opened", "c2pa.color_adjustments")
    assert colored["digitalSourceType"] == COMPOSITE
    assert colored["parameters"]["model"] == "gan"
    plain = write_photo(photo, rows_of(photo), tmp_path / f"c{suffix}", WriteOptions(provenance=options.provenance))
    assert np.array_equal(read_color(written.path).rows(0, 37), read_color(plain.path).rows(0, 37))
    assert read_photo(written.path).metadata.xmp == read_photo(plain.path).metadata.xmp
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["scan.tif", f"b{suffix}", f"c{suffix}"])
    # a scan's manifest signs the scan: it does not go into another picture
    again = write_photo(read_photo(written.path), rows_of(photo), tmp_path / f"d{suffix}")
    assert again.lost == (("C2PA manifest of the scan",) if suffix != ".webp" else ())
    assert b"c2pa.signature" not in again.path.read_bytes()


def test_formats_that_cannot_be_signed_are_named(tmp_path: Path, signing: Signing) -> None:
    Image.fromarray(gray_picture()).save(tmp_path / "a.bmp")
    photo = read_photo(tmp_path / "a.bmp")
    options = WriteOptions(signing=signing)
    assert write_photo(photo, rows_of(photo), tmp_path / "b.jp2", options).lost == ("C2PA manifest",)
    assert write_photo(photo, rows_of(photo), tmp_path / "b.png", options).lost == ("C2PA ingredient",)


def test_keys_are_checked_before_any_work(tmp_path: Path, signing: Signing) -> None:
    check(signing)
    (tmp_path / "rubbish.pem").write_text("rubbish")
    for wrong in (
        Signing(tmp_path / "none.pem", signing.key),
        Signing(signing.certificate, tmp_path / "rubbish.pem"),
        Signing(tmp_path / "rubbish.pem", signing.key),
        Signing(signing.certificate, signing.key.with_name("ca.key")),  # another certificate's
    ):
        with pytest.raises(UsageError):
            check(wrong)
