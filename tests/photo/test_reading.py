# SPDX-License-Identifier: Apache-2.0
"""Every kind of file that is read, one row each; and what happens to files that cannot be."""

from __future__ import annotations

import importlib
import io
import os
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import imagecodecs
import numpy as np
import pytest
import tifffile
from conftest import HEIGHT, WIDTH, color_picture, gray_picture, scaled
from PIL import Image
from skimage.color import rgb2lab

from bwcolor.errors import DamagedPhotoError, PhotoError, PhotoTooLargeError
from bwcolor.photo import ReadOptions, read_color, read_photo
from bwcolor.photo.formats import probe

Build = Callable[[Path], np.ndarray]
CASES: dict[str, tuple[Build, dict]] = {}


def case(name: str, **expected):
    """Register how a file is made; it returns the gray or RGB codes, at full scale, that it must be read as."""

    def register(build: Build) -> Build:
        assert name not in CASES
        CASES[name] = (build, expected)
        return build

    return register


def put(name: str, data_of: Callable[[], bytes], picture: np.ndarray, **expected) -> None:
    case(name, **expected)(lambda path: (path.write_bytes(data_of()), picture)[1])


def pillow(picture: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(picture)
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def png(codes: np.ndarray, bits: int, color: int, *before: tuple[bytes, bytes], interlace: bool = False) -> bytes:
    """Return a PNG made by hand: (h, w) or (h, w, n) codes of any depth."""
    height, width = codes.shape[:2]
    planes = codes.reshape(height, width, -1)

    def packed(part: np.ndarray) -> bytes:
        rows = part.reshape(part.shape[0], -1)
        if bits == 16:
            lines = rows.astype(">u2").view(np.uint8)
        elif bits == 8:
            lines = rows.astype(np.uint8)
        else:
            spread = np.unpackbits(rows.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :]
            lines = np.packbits(spread.reshape(part.shape[0], -1), axis=1)
        return b"".join(b"\0" + line.tobytes() for line in lines)

    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    parts = [planes[top::down, left::across] for left, top, across, down in passes] if interlace else [planes]
    raw = b"".join(packed(part) for part in parts if part.size)
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, int(interlace))
    chunks = ((b"IHDR", head), *before, (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


# ---- JPEG
G8, C8, G16, C16 = gray_picture(), color_picture(), gray_picture(16), color_picture(16)


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@case("gray.jpg", channels="gray")
def _(path):
    path.write_bytes(pillow(G8, "JPEG", quality=95))
    return decoded(path.read_bytes())


@case("progressive.jpg", channels="gray")
def _(path):
    path.write_bytes(pillow(G8, "JPEG", quality=90, progressive=True))
    return decoded(path.read_bytes())


@case("ycbcr.jpg", channels="rgb")
def _(path):
    path.write_bytes(pillow(C8, "JPEG", quality=95))
    return decoded(path.read_bytes())


@case("cmyk.jpg", channels="cmyk")
def _(path):
    path.write_bytes(pillow(C8, "JPEG", "CMYK", quality=95))
    return np.asarray(Image.open(path).convert("RGB"))


@case("ycck.jpg", channels="cmyk")
def _(path):
    inks = 255 - np.concatenate([C8, np.full_like(C8[..., :1], 255)], axis=2)  # Adobe stores inks inverted
    data = imagecodecs.jpeg8_encode(255 - inks, level=97, colorspace="CMYK", outcolorspace="YCCK")
    path.write_bytes(data)
    return np.asarray(Image.open(path).convert("RGB"))


@case("12bit.jpg", bits=12, depth=16, channels="gray")
def _(path):
    path.write_bytes(imagecodecs.jpeg_encode(gray_picture(12), level=98, bitspersample=12))
    return scaled(imagecodecs.jpeg_decode(path.read_bytes()), 12)


put("lossless16.jpg", lambda: bytes(imagecodecs.ljpeg_encode(G16, bitspersample=16)), G16, bits=16, depth=16)

# ---- PNG, by hand, so that no library's habits are in the way
for _bits in (1, 2, 4, 8, 16):
    _codes = gray_picture(_bits)
    for _interlace in (False, True):
        put(
            f"gray{_bits}{'i' if _interlace else ''}.png",
            lambda c=_codes, b=_bits, i=_interlace: png(c, b, 0, interlace=i),
            scaled(_codes, _bits),
            bits=_bits,
            depth=16 if _bits == 16 else 8,
        )
for _bits, _gray, _color in ((8, G8, C8), (16, G16, C16)):
    _most = 2**_bits - 1
    put(f"rgb{_bits}.png", lambda c=_color, b=_bits: png(c, b, 2), _color, channels="rgb", bits=_bits)
    put(f"rgb{_bits}i.png", lambda c=_color, b=_bits: png(c, b, 2, interlace=True), _color, bits=_bits)
    put(
        f"rgba{_bits}.png",
        lambda c=_color, g=_gray, b=_bits: png(np.dstack([c, g]), b, 6),
        _color,
        alpha=_gray,
        channels="rgb+alpha",
    )
    put(
        f"graya{_bits}.png",
        lambda g=_gray, b=_bits, m=_most: png(np.dstack([g, m - g]), b, 4),
        _gray,
        alpha=_most - _gray,
        channels="gray+alpha",
    )
    put(
        f"gray{_bits}key.png",
        lambda g=_gray, b=_bits: png(g, b, 0, (b"tRNS", struct.pack(">H", int(g[3, 3])))),
        _gray,
        alpha=np.where(_gray == _gray[3, 3], 0, _most).astype(_gray.dtype),
    )
    put(
        f"rgb{_bits}key.png",
        lambda c=_color, b=_bits: png(c, b, 2, (b"tRNS", c[3, 3].astype(">u2").tobytes())),
        _color,
        alpha=np.where((_color == _color[3, 3]).all(axis=2), 0, _most).astype(_gray.dtype),
    )
_PALETTE = np.random.default_rng(3).integers(0, 256, (256, 3)).astype(np.uint8)
put("palette8.png", lambda: png(G8, 8, 3, (b"PLTE", _PALETTE.tobytes())), _PALETTE[G8], channels="palette")
put("palette2.png", lambda: png(gray_picture(2), 2, 3, (b"PLTE", _PALETTE[:4].tobytes())), _PALETTE[gray_picture(2)])
put(
    "palettekey.png",
    lambda: png(G8, 8, 3, (b"PLTE", _PALETTE.tobytes()), (b"tRNS", bytes(range(256)))),
    _PALETTE[G8],
    alpha=G8,
)
put(
    "linear.png",
    lambda: png(G8, 8, 0, (b"gAMA", struct.pack(">I", 100000))),
    np.rint(np.where(G8 / 255 <= 0.0031308, 12.92 * G8 / 255, 1.055 * (G8 / 255) ** (1 / 2.4) - 0.055) * 65535).astype(
        np.uint16
    ),
)

# ---- TIFF
_TIFFS = {
    "gray8": (G8, {}),
    "gray16": (G16, {}),
    "gray16be": (G16, {"byteorder": ">"}),
    "big": (G16, {"bigtiff": True}),
    "bigbe": (G16, {"bigtiff": True, "byteorder": ">"}),
    "strips": (G16, {"rowsperstrip": 5}),
    "tiles": (G16, {"tile": (16, 32)}),
    "lzw": (G16, {"compression": "lzw"}),
    "lzwpred": (G16, {"compression": "lzw", "predictor": 2, "rowsperstrip": 7}),
    "deflate": (G8, {"compression": "adobe_deflate", "predictor": 2}),
    "deflatetiles": (C16, {"compression": "adobe_deflate", "predictor": 2, "tile": (16, 16)}),
    "packbits": (G8, {"compression": "packbits"}),
    "zstd": (G16, {"compression": "zstd", "predictor": 2}),
    "rgb8": (C8, {}),
    "rgb16": (C16, {}),
    "planar16": (C16, {"planarconfig": "separate"}),
    "planarlzw": (C8, {"planarconfig": "separate", "compression": "lzw", "rowsperstrip": 8}),
    "planartiles": (C16, {"planarconfig": "separate", "tile": (16, 16), "compression": "zstd"}),
}


def _tiff(path: Path, picture: np.ndarray, **options) -> None:
    head = {name: options.pop(name) for name in ("byteorder", "bigtiff") if name in options}
    stored = np.moveaxis(picture, -1, 0) if options.get("planarconfig") == "separate" else picture
    options.setdefault("photometric", "minisblack" if picture.ndim == 2 else "rgb")
    tifffile.imwrite(path, np.ascontiguousarray(stored), metadata=None, **head, **options)


for _name, (_picture, _options) in _TIFFS.items():
    case(f"{_name}.tif", depth=_picture.dtype.itemsize * 8)(
        lambda path, p=_picture, o=_options: (_tiff(path, p, **dict(o)), p)[1]
    )
for _bits in (1, 2, 4, 8, 10, 12, 16):
    for _white in (False, True):

        def _packed(path, bits=_bits, white=_white):
            codes = gray_picture(bits)
            _raw_tiff(path, 2**bits - 1 - codes if white else codes, bits, photometric=0 if white else 1)
            return scaled(codes, bits)

        case(f"{'white' if _white else 'black'}{_bits}.tif", bits=_bits, depth=16 if _bits > 8 else 8)(_packed)


def _raw_tiff(path: Path, codes: np.ndarray, bits: int, **tags: int) -> None:
    """Write an uncompressed gray TIFF of any depth by hand, bits packed as TIFF 6.0 asks for."""
    if bits in (8, 16):
        data = codes.astype("<u2" if bits == 16 else np.uint8).tobytes()
    else:
        spread = (codes[..., None].astype(np.uint32) >> np.arange(bits - 1, -1, -1)) & 1
        data = np.packbits(spread.astype(np.uint8).reshape(codes.shape[0], -1), axis=1).tobytes()
    entries = {256: codes.shape[1], 257: codes.shape[0], 258: bits, 259: 1, 262: tags["photometric"]}
    entries |= {273: 8, 277: 1, 278: codes.shape[0], 279: len(data)}
    path.write_bytes(tiff_of(entries, data))


def tiff_of(entries: dict[int, int | tuple[int, ...]], data: bytes) -> bytes:
    """Return a little-endian TIFF: pixels first, then one directory of numbers."""
    start = 8 + len(data) + len(data) % 2
    table, values = b"", b""
    begin = start + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        value = entries[tag]
        several = value if isinstance(value, tuple) else (value,)
        kind, letter = (5, "I") if tag == 532 else (3, "H") if max(several) < 65536 else (4, "I")
        raw = struct.pack("<" + letter * len(several), *several)
        count = len(several) // (2 if kind == 5 else 1)
        if len(raw) > 4:
            table += struct.pack("<HHII", tag, kind, count, begin + len(values))
            values += raw
        else:
            table += struct.pack("<HHI", tag, kind, count) + raw.ljust(4, b"\0")
    body = data + b"\0" * (len(data) % 2)
    return b"II*\0" + struct.pack("<I", start) + body + struct.pack("<H", len(entries)) + table + bytes(4) + values


@case("g4.tif", bits=1)
def _(path):
    Image.fromarray(gray_picture(1).astype(bool)).save(path, "TIFF", compression="group4")
    return scaled(gray_picture(1), 1)


@case("g3.tif", bits=1)
def _(path):
    Image.fromarray(gray_picture(1).astype(bool)).save(path, "TIFF", compression="group3")
    return scaled(gray_picture(1), 1)


@case("jpeg.tif")
def _(path):
    tifffile.imwrite(path, G8, compression="jpeg", compressionargs={"level": 95}, photometric="minisblack")
    return tifffile.imread(path)


@case("jpegycbcr.tif", channels="ycbcr")
def _(path):
    options = {"compression": "jpeg", "compressionargs": {"level": 95}, "tile": (16, 16), "subsampling": (2, 2)}
    tifffile.imwrite(path, C8, photometric="ycbcr", **options)
    return np.asarray(Image.open(path).convert("RGB"))


@case("ycbcr11.tif", channels="ycbcr", tolerance=1)
def _(path):
    codes = np.asarray(Image.fromarray(C8).convert("YCbCr"))
    tifffile.imwrite(path, codes, photometric="ycbcr", compression="lzw", subsampling=(1, 1), metadata=None)
    return np.asarray(Image.fromarray(codes, "YCbCr").convert("RGB"))


@case("ycbcr22.tif", channels="ycbcr", tolerance=1)
def _(path):
    codes = np.asarray(Image.fromarray(C8[:36, :52]).convert("YCbCr")).copy()
    codes[..., 1:] = np.repeat(np.repeat(codes[::2, ::2, 1:], 2, axis=0), 2, axis=1)
    luma = codes[..., 0].reshape(18, 2, 26, 2).swapaxes(1, 2).reshape(18, 26, 4)
    data = np.concatenate([luma, codes[::2, ::2, 1:]], axis=2).tobytes()
    entries = {256: 52, 257: 36, 258: (8, 8, 8), 259: 1, 262: 6, 273: 8, 277: 3, 278: 36, 279: len(data), 530: (2, 2)}
    path.write_bytes(tiff_of(entries | {532: (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)}, data))
    return np.asarray(Image.fromarray(codes, "YCbCr").convert("RGB"))


@case("palette.tif", channels="palette", depth=8)
def _(path):
    colormap = _PALETTE.astype(np.uint16).T * 257
    tifffile.imwrite(path, G8, photometric="palette", colormap=colormap, metadata=None)
    return _PALETTE[G8]


@case("cmyk8.tif", channels="cmyk")
def _(path):
    inks = np.dstack([255 - C8, np.full_like(G8, 40)])
    tifffile.imwrite(path, inks, photometric="separated", metadata=None)
    return np.asarray(Image.fromarray(inks, "CMYK").convert("RGB"))


@case("cmyk16.tif", channels="cmyk", depth=16)
def _(path):
    inks = np.dstack([65535 - C16, np.full_like(G16, 9000)])
    tifffile.imwrite(path, inks, photometric="separated", metadata=None)
    paper = 65535 - inks.astype(np.uint64)
    return ((paper[..., :3] * paper[..., 3:] + 32767) // 65535).astype(np.uint16)


@case("graya16.tif", channels="gray+alpha", alpha=65535 - G16)
def _(path):
    tifffile.imwrite(path, np.dstack([G16, 65535 - G16]), photometric="minisblack", extrasamples=["unassalpha"])
    return G16


@case("rgba16.tif", channels="rgb+alpha", alpha=G16)
def _(path):
    tifffile.imwrite(path, np.dstack([C16, G16]), photometric="rgb", extrasamples=["unassalpha"])
    return C16


@case("float32.tif", bits=32, depth=16, tolerance=1, notes="linear light from 0 (black) to 1 (white)")
def _(path):
    linear = (G16 / 65535 * 1.2 - 0.1).astype(np.float32)
    linear[linear > 1] = 1.0
    linear[5, 5] = np.nan
    tifffile.imwrite(path, linear, metadata=None, compression="zlib", predictor=3)
    unit = np.nan_to_num(linear.astype(np.float64)).clip(0, 1)
    return np.rint(np.where(unit <= 0.0031308, 12.92 * unit, 1.055 * unit ** (1 / 2.4) - 0.055) * 65535).astype(
        np.uint16
    )


@case("float255.tif", bits=64, depth=16, tolerance=1, notes="to 255 (white)")
def _(path):
    tifffile.imwrite(path, G8.astype(np.float64), metadata=None)
    unit = G8 / 255.0
    return np.rint(np.where(unit <= 0.0031308, 12.92 * unit, 1.055 * unit ** (1 / 2.4) - 0.055) * 65535).astype(
        np.uint16
    )


@case("uint32.tif", bits=32, depth=16)
def _(path):
    tifffile.imwrite(path, gray_picture(32), metadata=None)
    return scaled(gray_picture(32), 32)


@case("lab8.tif", channels="lab", depth=8, tolerance=2)
def _(path):
    tifffile.imwrite(path, np.dstack([G8, np.zeros_like(G8), np.zeros_like(G8)]), photometric="cielab", metadata=None)
    luminance = np.where(G8 / 2.55 > 7.9996, ((G8 / 2.55 + 16) / 116) ** 3, (G8 / 2.55) / 903.3)
    code = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)
    return np.rint(code * 65535).astype(np.uint16)


# ---- the others
put("lossless.webp", lambda: pillow(C8, "WEBP", lossless=True), C8, channels="rgb")
put("alpha.webp", lambda: pillow(np.dstack([C8, G8]), "WEBP", lossless=True, exact=True), C8, alpha=G8)


@case("lossy.webp")
def _(path):
    path.write_bytes(pillow(C8, "WEBP", quality=80))
    return decoded(path.read_bytes())


for _name, _picture, _bits in (("gray8", G8, 8), ("gray16", G16, 16), ("rgb8", C8, 8), ("rgb16", C16, 16)):
    for _suffix in ("jp2", "j2k"):
        put(
            f"{_name}.{_suffix}",
            lambda p=_picture, s=_suffix: bytes(imagecodecs.jpeg2k_encode(p, codecformat=s, reversible=True)),
            _picture,
            depth=_bits,
            bits=_bits,
        )
put(
    "gray12.jp2",
    lambda: bytes(imagecodecs.jpeg2k_encode(gray_picture(12), codecformat="jp2", reversible=True, bitspersample=12)),
    scaled(gray_picture(12), 12),
    bits=12,
    depth=16,
)
put("gray.bmp", lambda: pillow(G8, "BMP"), G8, channels="gray")
put("rgb.bmp", lambda: pillow(C8, "BMP"), C8, channels="rgb")
put("bits.bmp", lambda: pillow(gray_picture(1).astype(bool), "BMP"), scaled(gray_picture(1), 1))
put(
    "palette.bmp",
    lambda: pillow(C8 & 0xE0, "BMP", "P"),
    np.asarray(Image.fromarray(C8 & 0xE0).convert("P").convert("RGB")),
)


def netpbm(kind: str, codes: np.ndarray, most: int | None) -> bytes:
    head = f"{kind}\n# scanned\n{codes.shape[1]} {codes.shape[0]}\n" + (f"{most}\n" if most else "")
    if kind in ("P1", "P2", "P3"):
        return (head + "\n".join(" ".join(map(str, row)) for row in codes.reshape(codes.shape[0], -1))).encode()
    if kind == "P4":
        return head.encode() + np.packbits(codes, axis=1).tobytes()
    return head.encode() + codes.astype(">u2" if most > 255 else np.uint8).tobytes()


put("plain.pbm", lambda: netpbm("P1", 1 - gray_picture(1), None), scaled(gray_picture(1), 1), bits=1)
put("raw.pbm", lambda: netpbm("P4", 1 - gray_picture(1), None), scaled(gray_picture(1), 1), bits=1)
put("plain.pgm", lambda: netpbm("P2", G8, 255), G8)
put("raw.pgm", lambda: netpbm("P5", G16, 65535), G16, depth=16)
put("ten.pgm", lambda: netpbm("P5", gray_picture(10), 1023), scaled(gray_picture(10), 10), bits=10, depth=16)
put("plain.ppm", lambda: netpbm("P3", C16, 65535), C16, depth=16)
put("raw.ppm", lambda: netpbm("P6", C8, 255), C8, channels="rgb")


@case("gray.avif")
def _(path):
    path.write_bytes(imagecodecs.avif_encode(G8, level=100))
    return G8


@case("ten.avif", bits=10, depth=16)
def _(path):
    path.write_bytes(imagecodecs.avif_encode(gray_picture(10), level=100, bitspersample=10))
    return scaled(gray_picture(10), 10)


@case("color.heic", tolerance=2, channels="rgb")
def _(path):
    pillow_heif = optional("pillow_heif")
    pillow_heif.from_pillow(Image.fromarray(C8)).save(path, quality=-1, chroma=444, matrix_coefficients=0)
    return C8


@case("ten.heic", bits=10, depth=16, tolerance=3)
def _(path):
    pillow_heif = optional("pillow_heif")
    stored = np.repeat(gray_picture(10)[..., None], 3, axis=2).astype(np.uint16) << 6
    picture = pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), stored.tobytes())
    picture.save(path, quality=-1, chroma=444, matrix_coefficients=0)
    return np.repeat(scaled(gray_picture(10), 10)[..., None], 3, axis=2)


def optional(name: str) -> ModuleType:
    """Return an optional package; where CI is set a missing one is a failure."""
    if os.environ.get("CI"):
        return importlib.import_module(name)
    return pytest.importorskip(name)


@pytest.mark.parametrize("name", CASES)
def test_read(name: str, tmp_path: Path) -> None:
    build, expected = CASES[name]
    path = tmp_path / name
    want = build(path)
    photo, color = read_photo(path), read_color(path)
    rows, rgb = photo.rows(0, photo.height), color.rows(0, color.height)
    assert (photo.height, photo.width) == (color.height, color.width) == want.shape[:2] == rows.shape
    tolerance = expected.get("tolerance", 0)
    if want.ndim == 2:
        assert rows.dtype == want.dtype
        assert np.abs(rows.astype(int) - want).max() <= tolerance
        assert (rgb == rows[..., None]).all()
    else:
        full = 1 if rgb.dtype == want.dtype else 257
        assert np.abs(rgb.astype(int) - want.astype(int) * full).max() <= tolerance * full
        # lightness, by an independent formula, in levels of 255 of the neutral gray
        assert np.abs(lightness(rows) - rgb2lab(rgb / np.iinfo(rgb.dtype).max)[..., 0]).max() < 0.01
    if "alpha" in expected:
        assert np.array_equal(photo.alpha(0, photo.height), expected["alpha"])
    else:
        assert photo.alpha is None
    for field in ("depth", "channels", "bits"):
        if field in expected:
            assert getattr(photo.source, field) == expected[field]
    assert expected.get("notes", "") in " ".join(photo.source.notes)
    row, header = probe(path)
    assert row.name == photo.source.format
    assert header.upright == (photo.width, photo.height)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("white1.tif", "-c g4"),
        ("white1.tif", "-c g3:2d -f lsb2msb"),
        ("black1.tif", "-c lzw -r 4"),
        ("white8.tif", "-c lzw:2 -r 3"),
        ("white16.tif", "-c zip:2 -t -w 16 -l 16"),
        ("black16.tif", "-B -c packbits"),
        ("rgb16.tif", "-c zip:2 -r 5"),
        ("planar16.tif", "-8 -c lzw:2 -r 9"),
        ("rgb8.tif", "-p separate -t -w 32 -l 16 -c lzw"),
        ("palette.tif", "-c zip"),
        ("cmyk8.tif", "-c lzw -8 -B"),
    ],
)
def test_read_as_libtiff_writes(name: str, options: str, tmp_path: Path, witness: Callable[[str], str]) -> None:
    before, after = tmp_path / name, tmp_path / "copy.tif"
    CASES[name][0](before)
    subprocess.run([witness("tiffcp"), *options.split(), before, after], check=True, capture_output=True)
    assert np.array_equal(read_photo(after).rows(0, HEIGHT), read_photo(before).rows(0, HEIGHT))
    assert np.array_equal(read_color(after).rows(0, HEIGHT), read_color(before).rows(0, HEIGHT))


@pytest.mark.parametrize(
    "name",
    [
        "gray8.tif",
        "white1.tif",
        "white8.tif",
        "rgb16.tif",
        "gray4.png",
        "rgb16i.png",
        "gray16.jp2",
        "raw.ppm",
        "bits.bmp",
    ],
)
def test_read_as_imagemagick_does(name: str, tmp_path: Path, magick: Callable[..., None]) -> None:
    CASES[name][0](tmp_path / name)
    color = read_color(tmp_path / name)
    magick(str(tmp_path / name), "-depth", str(color.depth), str(tmp_path / "seen.ppm"))
    assert np.array_equal(read_color(tmp_path / "seen.ppm").rows(0, HEIGHT), color.rows(0, HEIGHT))


def lightness(gray: np.ndarray) -> np.ndarray:
    return rgb2lab(np.repeat(gray[..., None] / np.iinfo(gray.dtype).max, 3, axis=2))[..., 0]


@pytest.mark.parametrize(
    "name", ["gray16.tif", "lzwpred.tif", "tiles.tif", "planartiles.tif", "gray16.png", "ycbcr.jpg"]
)
def test_rows_are_the_same_however_they_are_cut(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CASES[name][0](tmp_path / name)
    whole = read_photo(tmp_path / name).rows(0, HEIGHT)
    monkeypatch.setattr("bwcolor.photo.reading.HELD_PIXELS", 0)  # streams now
    monkeypatch.setattr("bwcolor.photo.segments.BAND_BYTES", 500)
    photo = read_photo(tmp_path / name)
    for y0, y1 in ((5, 6), (0, 3), (HEIGHT - 1, HEIGHT), (2, 30), (29, 31), (0, HEIGHT)):
        assert np.array_equal(photo.rows(y0, y1), whole[y0:y1])


def test_mean_of_a_photo_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(pillow(G8, "JPEG"))
    assert read_photo(path).source.format == "jpeg"


# ---- what cannot be read


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("text.jpg", b"this is a caption, no photograph\n", "is no JPEG"),
        ("empty.png", b"", "is empty"),
        ("zeros.tif", bytes(5000), "begins with zeros"),
        ("short.jpg", b"\xff\xd8\xff\xe0\x00\x10JF", "damaged JPEG"),
        ("short.png", b"\x89PNG\r\n\x1a\n\0\0", "damaged PNG"),
        ("short.tif", b"II*\0\xff\xff\xff\x00", "damaged TIFF"),
    ],
)
def test_no_photo(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DamagedPhotoError, match=says) as caught:
        read_photo(tmp_path / name)
    assert name in caught.value.message
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="cannot be read: No such file"):
        read_photo(tmp_path / "none.jpg")


@pytest.mark.parametrize("name", CASES)
def test_truncated(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    CASES[name][0](path)
    data = path.read_bytes()
    # TIFF made by hand has its directory at the end: half of it is no TIFF at all
    for share in (0.5, 0.8):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(DamagedPhotoError, match=name):
            read_photo(path)


@pytest.mark.parametrize(
    "name", ["gray.jpg", "progressive.jpg", "gray16.png", "gray4i.png", "rgba8.png", "raw.ppm", "strips.tif"]
)
def test_truncated_and_allowed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    want = CASES[name][0](path)
    whole = read_photo(path)
    assert not whole.source.truncated
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    photo = read_photo(path, ReadOptions(allow_truncated=True))
    assert photo.source.truncated
    assert (photo.height, photo.width) == want.shape[:2]
    if name in ("gray.jpg", "gray16.png", "raw.ppm"):  # stored from top to bottom
        assert np.array_equal(photo.rows(0, 8), whole.rows(0, 8))


def test_damaged_chunk_of_a_png(tmp_path: Path) -> None:
    data = bytearray(png(G16, 16, 0))
    data[len(data) // 2] ^= 4
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(DamagedPhotoError, match="IDAT chunk is cut off or damaged"):
        read_photo(tmp_path / "a.png")


def test_too_large(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 50), np.uint8))
    assert read_photo(tmp_path / "a.tif", ReadOptions(max_pixels=2000)).width == 50
    with pytest.raises(PhotoTooLargeError, match="50 x 40 pixels"):
        read_photo(tmp_path / "a.tif", ReadOptions(max_pixels=1999))


def test_zip_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    row = zlib.compress(bytes(100_000_001))
    head = struct.pack(">IIBBBBB", 100_000_000, 1_000_000, 8, 0, 0, 0, 0)
    body = b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d))
        for n, d in ((b"IHDR", head), (b"IDAT", row), (b"IEND", b""))
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(PhotoTooLargeError, match="over the limit of 2,000 megapixels"):
        read_photo(tmp_path / "bomb.png")


def test_suspicious_ratio_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bwcolor.photo.reading.SUSPECT_PIXELS", 10_000)
    path = tmp_path / "a.png"
    path.write_bytes(png(np.zeros((1000, 1000), np.uint8), 1, 0))
    assert read_photo(path).source.notes == ("1 megapixels in only 0 kB",)


def test_depth_and_invert(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", G8)
    assert read_photo(tmp_path / "a.tif", ReadOptions(depth=16)).source.depth == 16
    negative = read_photo(tmp_path / "a.tif", ReadOptions(invert=True))
    assert np.array_equal(negative.rows(0, HEIGHT), 255 - G8)
    assert negative.source.notes == ("read as a negative",)


def test_neutral_rgb_is_read_exactly_as_gray(tmp_path: Path) -> None:
    for name, picture in (
        ("a.png", np.repeat(G8[..., None], 3, axis=2)),
        ("b.tif", np.repeat(G16[..., None], 3, axis=2)),
    ):
        tifffile.imwrite(tmp_path / name, picture) if name[-1] == "f" else Image.fromarray(picture).save(
            tmp_path / name
        )
        photo = read_photo(tmp_path / name)
        assert np.array_equal(photo.rows(0, HEIGHT), picture[..., 0])
        assert photo.tone == "neutral"


def test_all_pages(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(G8, photometric="minisblack")
        tiff.write(np.ascontiguousarray(G8[::2, ::2]), photometric="minisblack", subfiletype=1)
        tiff.write(C16, photometric="rgb")
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(photo.rows(0, HEIGHT), G8)
    assert len(photo.pages) == 1
    assert (photo.pages[0].width, photo.pages[0].source.depth, photo.pages[0].tone) == (WIDTH, 16, "toned")
    assert photo.source.notes == ("smaller versions of its picture are left out",)
    assert probe(tmp_path / "a.tif")[1].pages == 2
