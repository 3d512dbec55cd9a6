# SPDX-License-Identifier: Apache-2.0
"""Directories of fields: written, read, appended to files of others; never trusted."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from bwcolor.photo import exif, fields, ifd

FIELDS = st.lists(
    st.tuples(st.integers(1, 65535), st.sampled_from([1, 2, 3, 4, 5, 7, 12]), st.integers(1, 9)),
    unique_by=lambda field: field[0],
    min_size=1,
    max_size=12,
)


def made(told, order: str) -> tuple[fields.Field, ...]:
    rng = np.random.default_rng(1)
    usual = [field for field in told if field[0] not in fields.POINTERS]
    plain = [fields.Field(tag, kind, count, rng.bytes(count * ifd.TYPE_SIZES[kind])) for tag, kind, count in usual]
    inner = (fields.Field(36867, 2, 20, b"1912:05:04 10:00:00\0"),)
    return (*plain, fields.Field(exif.EXIF_IFD, 4, 1, struct.pack(order + "I", 0), inner))


@settings(deadline=None, max_examples=100)
@given(FIELDS, st.sampled_from("<>"))
def test_blocks_come_back(told, order: str) -> None:
    block = fields.block_of_fields(made(told, order), order)
    found, seen = fields.fields_of_block(block)
    assert seen == order
    wanted = sorted(made(told, order), key=lambda field: field.tag)
    assert [(f.tag, f.kind, f.count) for f in found] == [(f.tag, f.kind, f.count) for f in wanted]
    assert [f.data for f in found if f.inner is None] == [f.data for f in wanted if f.inner is None]
    assert next(f for f in found if f.inner).inner == wanted[[f.inner is not None for f in wanted].index(True)].inner
    # in the other byte order and back nothing has changed
    other = "<" if order == ">" else ">"
    turned = fields.reordered(found, order, other)
    again, _ = fields.fields_of_block(fields.block_of_fields(turned, other))
    assert fields.block_of_fields(fields.reordered(again, other, order), order) == block


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_fields_are_appended_to_every_page(big: bool, order: str, tmp_path: Path, witness) -> None:
    path = tmp_path / "a.tif"
    pictures = [np.full((9, 7), value, np.uint16) for value in (1, 2, 3)]
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as tiff:
        for picture in pictures:
            tiff.write(picture, photometric="minisblack", description="old", metadata=None, software="scanner")
    inner = (fields.Field(36867, 2, 20, b"1912:05:04 10:00:00\0"),)
    with path.open("r+b") as file:
        fields.append(
            file,
            [
                (fields.text_field(270, f"page {page}"), fields.Field(exif.EXIF_IFD, 4, 1, b"", inner))
                for page in range(3)
            ],
        )
    with tifffile.TiffFile(path) as tiff:
        assert [page.description for page in tiff.pages] == ["page 0", "page 1", "page 2"]
        assert [page.software for page in tiff.pages] == ["scanner"] * 3
        assert all(page.tags[exif.EXIF_IFD].value["DateTimeOriginal"] == "1912:05:04 10:00:00" for page in tiff.pages)
        assert all(np.array_equal(page.asarray(), picture) for page, picture in zip(tiff.pages, pictures, strict=True))
    subprocess.run([witness("tiffinfo"), "-d", path], check=True, capture_output=True)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_rubbish_is_no_block(data: bytes, head: bytes) -> None:
    fields.fields_of_block(head + data)
    exif.gamma(head + data)
    block = exif.upright(head + data, 10, 20, turned=True)
    assert len(block) == len(head + data)


def test_values_outside_of_the_file_are_left_out() -> None:
    entries = struct.pack("<HHII", 270, 2, 100, 5000) + struct.pack("<HHII", 271, 2, 3, 0x636261)
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4)
    assert [field.tag for field in fields.fields_of_block(block)[0]] == [271]
    with pytest.raises(ifd.IfdError):
        ifd.read_layout(io.BytesIO(b"II+\0\x09\0\0\0" + bytes(8)))


def test_a_directory_in_itself_ends() -> None:
    entry = struct.pack("<HHII", exif.EXIF_IFD, 4, 1, 8)
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4)
    found, _ = fields.fields_of_block(block)
    assert found[0].inner[0].inner[0].inner[0].inner is None


def test_gamma_of_exif() -> None:
    inner = (fields.Field(exif.GAMMA, 5, 1, struct.pack("<II", 22, 10)),)
    block = fields.block_of_fields([fields.Field(exif.EXIF_IFD, 4, 1, b"", inner)], "<")
    assert exif.gamma(block) == pytest.approx(2.2)
    assert exif.gamma(fields.block_of_fields([fields.text_field(270, "x")], "<")) is None
