# SPDX-License-Identifier: Apache-2.0
"""Bins of color, counted by hand, and what they weigh."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab, rgb2yuv

from bwcolor.errors import NothingToDoError, UsageError
from bwcolor.models.network import build
from bwcolor.models.table import find_model
from bwcolor.training.configuration import recipe
from bwcolor.training.data import open_photos
from bwcolor.training.palette import PaletteOptions, measure_palette, read_palette, write_palette
from bwcolor.training.palette_maps import draw_maps
from bwcolor.training.preparation import find_bins


@pytest.fixture(scope="module")
def photos(photo_folder, tmp_path_factory):
    return open_photos((photo_folder,), tmp_path_factory.mktemp("cache"))


def test_two_flat_photos_fall_into_two_bins(tmp_path):
    for name, color in (("red", (200, 60, 50)), ("blue", (60, 80, 200))):
        Image.new("RGB", (40, 60 if name == "red" else 20), color).save(tmp_path / f"{name}.png")
    photos = open_photos((tmp_path,), tmp_path / "cache")
    palette = measure_palette(photos, PaletteOptions(sigma=0.0))
    truth = {tuple(np.rint(rgb2lab(photos[i][:1, :1])[0, 0, 1:] / 10).astype(int)) for i in (0, 1)}
    filled = palette.frequency > 0
    assert {tuple(cell) for cell in palette.cells[filled]} == truth
    # every photograph counts the same, however large
    np.testing.assert_allclose(palette.frequency[filled], 0.5)
    np.testing.assert_array_equal(palette.centers, palette.cells * 10)


@pytest.mark.parametrize("space", ["lab", "yuv"])
def test_shares_sum_to_one_and_weights_to_one_over_them(photos, space):
    palette = measure_palette(photos, PaletteOptions(space=space))
    assert palette.frequency.sum() == pytest.approx(1)
    assert palette.prior.sum() == pytest.approx(1)
    assert (palette.prior * palette.weights).sum() == pytest.approx(1)
    order = np.argsort(palette.prior)
    assert (np.diff(palette.weights[order]) <= 1e-12).all()


def test_cells_of_u_and_v_are_those_of_the_document(photos):
    palette = measure_palette(photos, PaletteOptions(space="yuv", sigma=0.0, average=1))
    histogram = np.zeros((10, 10))
    for index in range(len(photos)):
        uv = rgb2yuv(photos[index])[..., 1:].reshape(-1, 2)
        counted, _, _ = np.histogram2d(*uv.T, bins=10, range=[[-0.45, 0.45], [-0.65, 0.65]])
        histogram += counted / len(uv) / len(photos)
    # pixels on the very edge of a cell may fall to either side
    np.testing.assert_allclose(palette.frequency.reshape(10, 10), histogram, atol=2e-3)


def test_photos_of_few_colors_still_give_as_many_bins(tmp_path):
    Image.new("RGB", (40, 40), (200, 60, 50)).save(tmp_path / "red.png")
    palette = measure_palette(
        open_photos((tmp_path,), tmp_path / "cache"), PaletteOptions(space="yuv", keep=32, sigma=0.0)
    )
    assert len(palette.centers) == 32
    assert palette.frequency.tolist() == [1.0] + [0.0] * 31
    assert np.isfinite(palette.weights).all()


def test_dropped_bins_are_added_to_the_nearest_kept_one(photos):
    every = measure_palette(photos, PaletteOptions(space="yuv", sigma=0.0))
    kept = measure_palette(photos, PaletteOptions(space="yuv", sigma=0.0, keep=5))
    assert len(kept.cells) == 5
    top = np.argsort(-every.frequency, kind="stable")[:5]
    np.testing.assert_array_equal(kept.cells, every.cells[top])
    expected = every.frequency[top].copy()
    for index in set(range(100)) - set(top.tolist()):
        expected[((every.cells[index] - kept.cells) ** 2).sum(axis=1).argmin()] += every.frequency[index]
    np.testing.assert_allclose(kept.frequency, expected)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_palette_comes_back_from_its_file(photos, tmp_path, suffix):
    palette = measure_palette(photos, PaletteOptions(keep=20))
    again = read_palette(write_palette(palette, tmp_path / f"bins{suffix}"))
    for field in fields(palette):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(palette, field.name))


def test_a_file_without_bins_is_named(tmp_path):
    for name, data in (("a.json", b"{}"), ("b.npz", b"PK"), ("c.json", b"\xff")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NothingToDoError, match="holds no bins"):
            read_palette(tmp_path / name)
    with pytest.raises(NothingToDoError, match="holds no bins"):
        read_palette(tmp_path / "none.json")


def test_training_takes_the_file_for_what_it_would_measure(photos, tmp_path):
    path = write_palette(measure_palette(photos, PaletteOptions(sigma=0.0)), tmp_path / "bins.json")
    network = build(find_model("classify"))
    measured = find_bins(network, photos, recipe("classify"))
    told = find_bins(network, photos, recipe("classify", bins=str(path)))
    torch.testing.assert_close(told, measured)
    assert find_bins(build(find_model("eccv16")), photos, recipe("eccv16", bins=str(path))).shape == (313,)


def test_yuv_bins_gets_its_bins_from_the_photos_or_the_file(photos, tmp_path):
    network = build(find_model("yuv-bins"))
    prior = find_bins(network, photos, recipe("yuv-bins"))
    assert prior.sum().item() == pytest.approx(1)
    path = write_palette(
        measure_palette(photos, PaletteOptions(space="yuv", keep=32, sigma=0.0)), tmp_path / "bins.json"
    )
    told = build(find_model("yuv-bins"))
    torch.testing.assert_close(find_bins(told, photos, recipe("yuv-bins", bins=str(path))), prior)
    torch.testing.assert_close(told.uv_centers, network.uv_centers)
    wrong = write_palette(measure_palette(photos, PaletteOptions()), tmp_path / "lab.json")
    with pytest.raises(UsageError, match="32 bins of U and V"):
        find_bins(told, photos, recipe("yuv-bins", bins=str(wrong)))


@pytest.mark.parametrize(("space", "keep"), [("lab", 0), ("yuv", 12)])
def test_the_maps_show_each_bin_in_its_color(photos, tmp_path, space, keep):
    palette = measure_palette(photos, PaletteOptions(space=space, keep=keep))
    picture = np.asarray(Image.open(draw_maps(palette, tmp_path / "maps.png")))
    height, width = picture.shape[:2]
    quarter = picture[: height // 2, : width // 2].reshape(-1, 3)
    shown = {tuple(color) for color in np.unique(quarter, axis=0)}
    assert {tuple(color) for color in palette.colors()} <= shown
