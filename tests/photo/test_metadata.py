# SPDX-License-Identifier: Apache-2.0
"""What a scan carries beside its pixels, before and after, as ExifTool sees it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from conftest import gray_picture
from PIL import Image, PngImagePlugin

from bwcolor.photo import Photo, Written, read_photo, write_photo, xmp
from bwcolor.photo.metadata import iptc_of, photoshop_of, resources_of

GRAY = gray_picture()

TAGS = (
    "-EXIF:Artist=Zoë Müller",
    "-EXIF:ImageDescription=The mill, 1912",
    "-EXIF:Copyright=Municipal archive",
    "-EXIF:DateTimeOriginal=1912:05:04 10:00:00",
    "-EXIF:UserComment=from the estate of the miller",
    "-EXIF:GPSLatitude=52.1",
    "-EXIF:GPSLatitudeRef=N",
    "-EXIF:GPSLongitude=8.5",
    "-EXIF:GPSLongitudeRef=E",
    "-EXIF:LensModel=Tessar",
    "-IPTC:Caption-Abstract=Die Mühle",
    "-IPTC:Keywords=mill",
    "-IPTC:Keywords=river",
    "-XMP-dc:Title=Mill",
    "-XMP-dc:Subject=mill",
    "-XMP-photoshop:City=Höxter",
    "-XMP-xmp:Rating=4",
)
# Groups that describe the file or the pixels as they are now, or are ExifTool's own sums
LEFT_OUT = ("System:", "File:", "Composite:", "ExifTool:", "ICC")
LEFT_OUT = (*LEFT_OUT, "IFD1:", "JFIF:JFIFVersion", "PNG:", "Jpeg2000:", "RIFF:", "VP8")
STRUCTURE = (
    "ImageWidth ImageHeight BitsPerSample Compression PhotometricInterpretation FillOrder StripOffsets Orientation "
    "SamplesPerPixel RowsPerStrip StripByteCounts PlanarConfiguration Predictor TileWidth TileLength TileOffsets "
    "TileByteCounts ExtraSamples SampleFormat SubfileType YCbCrPositioning"
)


def described(tags: dict[str, Any]) -> dict[str, Any]:
    """Return the tags that describe the photograph."""
    return {
        name: value
        for name, value in tags.items()
        if name != "SourceFile"
        and not name.startswith(LEFT_OUT)
        and not (name.startswith("IFD0:") and name[5:] in STRUCTURE.split())
    }


def scan(path: Path, **options) -> Path:
    picture = GRAY
    if path.suffix == ".tif":
        tifffile.imwrite(path, gray_picture(16), metadata=None, software=False, resolution=(300, 300), resolutionunit=2)
    elif path.suffix == ".jp2":
        path.write_bytes(imagecodecs.jpeg2k_encode(picture, codecformat="jp2", reversible=True))
    elif path.suffix == ".webp":
        Image.fromarray(picture).save(path, lossless=True)
    else:
        Image.fromarray(picture).save(path, dpi=(300, 300), **options)
    return path


def colored(photo: Photo, target: Path) -> Written:
    return write_photo(photo, lambda y0, y1: np.repeat(photo.rows(y0, y1)[..., None], 3, axis=2), target)


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".webp", ".jp2"])
def test_nothing_is_lost_in_the_same_format(suffix: str, tmp_path: Path, exiftool, tagged) -> None:
    source = tagged(scan(tmp_path / f"a{suffix}"), *TAGS)
    written = colored(read_photo(source), tmp_path / f"b{suffix}")
    before, after = described(exiftool(source)), described(exiftool(written.path))
    assert written.lost == ()
    assert len(before) > 10
    assert after == before | {"ExifIFD:ColorSpace": 1}  # sRGB now


@pytest.mark.parametrize("target", [".jpg", ".tif", ".png", ".webp", ".jp2"])
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_everything_that_the_target_holds_survives(suffix: str, target: str, tmp_path: Path, exiftool, tagged) -> None:
    source = tagged(scan(tmp_path / f"a{suffix}"), *TAGS)
    written = colored(read_photo(source), tmp_path / f"b{target}")
    before, after = exiftool(source), exiftool(written.path)
    kept = {name.partition(":")[2]: value for name, value in after.items()}
    assert "ExifTool:Warning" not in after
    for name, value in described(before).items():
        group, tag = name.split(":", 1)
        if group.startswith("IPTC") and target == ".webp":
            assert "IPTC" in written.lost
            continue
        if group in ("JFIF", "Photoshop", "PNG-pHYs") or tag in (
            "XResolution",
            "YResolution",
            "ResolutionUnit",
            "CurrentIPTCDigest",
        ):
            continue
        if tag in ("ComponentsConfiguration", "ExifVersion", "FlashpixVersion", "ColorSpace", "XMPToolkit"):
            continue
        assert tag in kept, f"{name} is lost"
        if group != "XMP-dc":
            assert kept[tag] == value, name
    if target in (".jpg", ".tif", ".png"):
        dpi = read_photo(written.path).metadata.dpi
        assert dpi == pytest.approx((300, 300), abs=0.01)
    assert ("resolution" in written.lost) == (target == ".webp")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".webp"])
def test_orientation_is_applied_once(suffix: str, orientation: int, tmp_path: Path, exiftool, tagged) -> None:
    source = tagged(scan(tmp_path / f"a{suffix}"), "-n", f"-EXIF:Orientation={orientation}", "-EXIF:Artist=Zoë")
    stored = GRAY if suffix != ".tif" else gray_picture(16)
    if suffix == ".jpg":
        stored = np.asarray(Image.open(source))
    turn = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).T,
        8: np.rot90,
    }[orientation]
    photo = read_photo(source)
    assert photo.source.orientation == orientation
    assert np.array_equal(photo.rows(0, photo.height), turn(stored))
    assert np.array_equal(photo.rows(3, 9), turn(stored)[3:9])
    target = colored(photo, tmp_path / f"b{suffix}").path
    tags = exiftool(target)
    assert {value for name, value in tags.items() if name.endswith(":Orientation")} == {1}
    assert tags["IFD0:Artist"] == "Zoë"
    again = read_photo(target)
    assert (again.width, again.height) == (photo.width, photo.height)


def test_sides_and_resolutions_change_places_together(tmp_path: Path, exiftool, tagged) -> None:
    for suffix in (".jpg", ".tif", ".png"):
        path = tmp_path / f"a{suffix}"
        if suffix == ".tif":
            tifffile.imwrite(path, GRAY, resolution=(600, 300), resolutionunit=2, metadata=None)
        else:
            Image.fromarray(GRAY).save(path, dpi=(600, 300))
        tagged(path, "-n", "-EXIF:Orientation=6")
        photo = read_photo(path)
        assert photo.metadata.dpi == pytest.approx((300, 600), abs=0.01)
        written = colored(photo, tmp_path / f"b{suffix}")
        assert read_photo(written.path).metadata.dpi == pytest.approx((300, 600), abs=0.01)


def test_exif_is_the_same_bytes_but_for_what_would_be_false(tmp_path: Path, tagged) -> None:
    """The thumbnail is unlinked, the orientation reset; maker notes do not move."""
    thumbnail = io.BytesIO()
    Image.fromarray(GRAY).resize((16, 12)).save(thumbnail, "JPEG")
    (tmp_path / "t.jpg").write_bytes(thumbnail.getvalue())
    source = scan(tmp_path / "a.jpg")
    tagged(source, *TAGS, "-n", "-EXIF:Orientation=6", f"-ThumbnailImage<={tmp_path / 't.jpg'}")
    before = read_photo(source).metadata.exif
    after = read_photo(colored(read_photo(source), tmp_path / "b.jpg").path).metadata.exif
    assert len(before) == len(after)
    different = [index for index in range(len(before)) if before[index] != after[index]]
    assert 1 <= len(different) <= 10  # orientation (1), pixel sizes (up to 4), link to the thumbnail (up to 4)


def test_maker_notes_survive_as_bytes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = b"Nikon\0\2\x10\0\0 some bytes with offsets of their own" * 5
    Image.fromarray(GRAY).save(tmp_path / "a.jpg", exif=exif)
    photo = read_photo(tmp_path / "a.jpg")
    assert colored(photo, tmp_path / "b.jpg").lost == ()
    assert colored(photo, tmp_path / "b.tif").lost == ("inner offsets of the maker note",)
    for name in ("b.jpg", "b.tif"):
        assert b"Nikon\0\2\x10\0\0 some bytes with offsets of their own" * 5 in (tmp_path / name).read_bytes()


def test_segments_of_a_jpeg_stay_in_order(tmp_path: Path) -> None:
    Image.fromarray(GRAY).save(tmp_path / "a.jpg", quality=90, comment=b"scanned by hand")
    data = (tmp_path / "a.jpg").read_bytes()
    private = b"\xff\xeb\x00\x0ePRIVATE\0\1\2\3\4"
    (tmp_path / "a.jpg").write_bytes(data[:2] + private + data[2:])
    written = colored(read_photo(tmp_path / "a.jpg"), tmp_path / "b.jpg").path.read_bytes()
    assert written[2:].startswith(private)
    assert b"\xff\xfe\x00\x11scanned by hand" in written


def test_gray_thumbnails_are_left_behind(tmp_path: Path) -> None:
    jfxx = b"JFXX\0\x11" + bytes(770)
    jfif = b"JFIF\0\1\2\1\0\x48\0\x48\2\2" + bytes(12)
    Image.fromarray(GRAY).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    segments = b"".join(b"\xff\xe0" + (len(body) + 2).to_bytes(2, "big") + body for body in (jfif, jfxx))
    (tmp_path / "a.jpg").write_bytes(data[:2] + segments + data[20:])
    after = colored(read_photo(tmp_path / "a.jpg"), tmp_path / "b.jpg").path.read_bytes()
    assert b"JFXX" not in after
    assert after[2:20] == b"\xff\xe0\0\x10JFIF\0\1\2\1\0\x48\0\x48\0\0"


def test_png_text_in_every_shape(tmp_path: Path, exiftool) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "The mill")
    info.add_text("Description", "long " * 400, zip=True)
    info.add_itxt("Author", "Zoë", lang="de", tkey="Autor")
    info.add_text("Inventory", "1912/4")
    info.add(b"tIME", b"\x07\x78\5\4\x0a\0\0")
    Image.fromarray(GRAY).save(tmp_path / "a.png", pnginfo=info, dpi=(72.5, 72.5))
    photo = read_photo(tmp_path / "a.png")
    assert dict(photo.metadata.text) == {
        "Title": "The mill",
        "Description": "long " * 400,
        "Author": "Zoë",
        "Inventory": "1912/4",
    }
    before, after = (
        {name: value for name, value in exiftool(path).items() if name.startswith("PNG")}
        for path in (tmp_path / "a.png", colored(photo, tmp_path / "b.png").path)
    )
    for name in (
        "PNG:Title",
        "PNG:Description",
        "PNG:Author-de",
        "PNG:Inventory",
        "PNG:ModifyDate",
        "PNG-pHYs:PixelsPerUnitX",
    ):
        assert after[name] == before[name]
    tiff = exiftool(colored(photo, tmp_path / "b.tif").path)
    assert (tiff["IFD0:DocumentName"], tiff["IFD0:Artist"]) == ("The mill", "Zoë")
    assert tiff["IFD0:ImageDescription"] == "long " * 400
    assert colored(photo, tmp_path / "b.tif").lost == ("text 'Inventory: 1912/4'",)
    assert b"\xff\xfe\x00\x13Inventory: 1912/4" in colored(photo, tmp_path / "b.jpg").path.read_bytes()


def test_private_tags_and_page_names_of_a_tiff(tmp_path: Path, exiftool) -> None:
    extra = [
        (269, 2, 0, "album 7", True),
        (285, 2, 0, "leaf 3", True),
        (297, 3, 2, (3, 40), True),
        (33432, 2, 0, "archive", True),
        (65010, 7, 9, b"anything.", True),
        (33550, 12, 3, (1.5, 2.5, 0.0), True),
    ]
    for order in "<>":
        tifffile.imwrite(
            tmp_path / "a.tif", GRAY, extratags=extra, byteorder=order, metadata=None, software="scanner 2"
        )
        written = colored(read_photo(tmp_path / "a.tif"), tmp_path / "b.tif")
        assert written.lost == ()
        with tifffile.TiffFile(written.path) as tiff:
            tags = tiff.pages[0].tags
            assert (tags[269].value, tags[285].value, tags[297].value) == ("album 7", "leaf 3", (3, 40))
            assert (tags[305].value, tags[33550].value) == ("scanner 2", (1.5, 2.5, 0.0))
            assert bytes(tags[65010].value) == b"anything."
            assert tags[258].value == (8, 8, 8)


def test_photoshop_resources(tmp_path: Path) -> None:
    def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
        label = bytes([len(name)]) + name
        label += b"\0" * (len(label) % 2)
        return (
            b"8BIM" + number.to_bytes(2, "big") + label + len(data).to_bytes(4, "big") + data + b"\0" * (len(data) % 2)
        )

    iptc = b"\x1c\2\x78\0\x04Mill"
    whole = (
        resource(0x03ED, bytes(16), b"res")
        + resource(0x0404, iptc)
        + resource(0x040C, b"thumbnail")
        + resource(0x0425, bytes(16))
    )
    assert [number for number, _ in resources_of(whole)] == [0x03ED, 0x0404, 0x040C, 0x0425]
    assert iptc_of(whole) == iptc
    assert iptc_of(photoshop_of(iptc)) == iptc
    Image.fromarray(GRAY).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    body = b"Photoshop 3.0\0" + whole
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + data[2:])
    for suffix in (".jpg", ".tif", ".png"):
        after = read_photo(colored(read_photo(tmp_path / "a.jpg"), tmp_path / f"b{suffix}").path).metadata.photoshop
        assert [number for number, _ in resources_of(after)] == [0x03ED, 0x0404, 0x0425]
        assert iptc_of(after) == iptc
    assert colored(read_photo(tmp_path / "a.jpg"), tmp_path / "b.webp").lost == ("IPTC", "Photoshop resources")


@pytest.mark.parametrize("data", [b"8BIM", b"8BIM\4\4\xff", b"8BIM\4\4\0\0\xff\xff\xff\xff", b"rubbish"])
def test_damaged_photoshop_resources(data: bytes) -> None:
    resources_of(data)
    iptc_of(data)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_is_copied_as_it_is(tmp_path: Path) -> None:
    for block in (b"rubbish", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"):
        Image.fromarray(GRAY).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + block)
        photo = read_photo(tmp_path / "a.jpg")
        assert photo.metadata.exif == block
        assert read_photo(colored(photo, tmp_path / "b.jpg").path).metadata.exif == block
        colored(photo, tmp_path / "b.tif")


def test_large_metadata(tmp_path: Path, exiftool) -> None:
    """EXIF over 64 kB does not fit into JPEG; a profile and XMP of that size do."""
    tags = [(65010, 7, 100_000, bytes(100_000), True)]
    body = f"<dc:source>{'mill ' * 30_000}</dc:source>"
    packet = xmp.packet_of(xmp.description("", body, {"dc": "http://purl.org/dc/elements/1.1/"}))
    tifffile.imwrite(tmp_path / "a.tif", GRAY, extratags=[*tags, (700, 1, len(packet), packet, True)], metadata=None)
    photo = read_photo(tmp_path / "a.tif")
    written = colored(photo, tmp_path / "b.jpg")
    assert written.lost == ("EXIF (over 64 kB)",)
    assert exiftool(written.path)["XMP-dc:Source"] == "mill " * 30_000
    again = read_photo(written.path)
    assert b"mill " * 30_000 in again.metadata.xmp
    assert b"HasExtendedXMP" not in again.metadata.xmp
    third = colored(again, tmp_path / "c.jpg")
    assert exiftool(third.path)["XMP-dc:Source"] == "mill " * 30_000
    assert exiftool(colored(again, tmp_path / "c.png").path)["XMP-dc:Source"] == "mill " * 30_000


def test_layers_and_pictures_that_do_not_come_along_are_named(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GRAY, extratags=[(37724, 7, 8, b"Adobe Ph", True)], metadata=None)
    assert colored(read_photo(tmp_path / "a.tif"), tmp_path / "b.tif").lost == ("Photoshop layers",)
    Image.fromarray(GRAY).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe2\0\x0eMPF\0II*\0\x08\0\0\0" + data[2:])
    assert colored(read_photo(tmp_path / "a.jpg"), tmp_path / "b.jpg").lost == ("further pictures (MPF)",)
