# SPDX-License-Identifier: Apache-2.0
"""Photographs from folders and shards, the cache, and sampling that depends on the seed alone."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from bwcolor.errors import NothingToDoError
from bwcolor.training import crops, data, sources


def test_folders_and_shards_hold_the_same_photos(photo_folder, tmp_path):
    shard = tmp_path / "photos.tar"
    with tarfile.open(shard, "w") as archive:
        for path in sorted(photo_folder.iterdir()):
            archive.add(path, path.name)
    from_folder = data.open_photos((photo_folder,), tmp_path / "a")
    from_shard = data.open_photos((shard,), tmp_path / "b")
    assert len(from_folder) == len(from_shard) == 24
    for i in range(24):
        np.testing.assert_array_equal(from_folder[i], from_shard[i])


def test_photos_are_decoded_once(photo_folder, tmp_path, monkeypatch):
    first = data.open_photos((photo_folder,), tmp_path)
    monkeypatch.setattr(sources.Item, "decode", None)
    again = data.open_photos((photo_folder,), tmp_path)
    assert again.keys == first.keys
    np.testing.assert_array_equal(again[5], first[5])


def test_pixels_are_those_of_the_file(photo_folder, tmp_path):
    photos = data.open_photos((photo_folder,), tmp_path)
    truth = np.asarray(Image.open(photo_folder / photos.keys[7]))
    np.testing.assert_array_equal(photos[7], truth)


def test_large_photos_are_averaged_down_and_turned_upright(tmp_path):
    picture = Image.new("RGB", (400, 800), (200, 100, 50))
    exif = Image.Exif()
    exif[274] = 6
    picture.save(tmp_path / "large.jpg", exif=exif, quality=95)
    photos = data.open_photos((tmp_path / "large.jpg",), tmp_path / "cache")
    assert photos[0].shape == (160, 320, 3)
    assert np.abs(photos[0].astype(int) - [200, 100, 50]).max() <= 3


def test_broken_files_are_named_and_left_out(photo_folder, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "bad.jpg").write_bytes(b"no photograph")
    (folder / "good.png").write_bytes((photo_folder / "p000.png").read_bytes())
    photos = data.open_photos((folder,), tmp_path / "cache")
    assert photos.keys == ("good.png",)
    assert photos.unreadable == ("bad.jpg",)


def test_nothing_to_train_on_is_said(tmp_path):
    with pytest.raises(NothingToDoError, match="does not exist"):
        data.open_photos((tmp_path / "none",), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToDoError, match="no photographs"):
        data.open_photos((tmp_path / "empty",), tmp_path)
    (tmp_path / "empty" / "x.jpg").write_bytes(b"")
    with pytest.raises(NothingToDoError, match=r"None of the photographs.*x\.jpg"):
        data.open_photos((tmp_path / "empty",), tmp_path)


def test_held_out_photos_depend_on_their_names_alone(photo_folder, tmp_path):
    photos = data.open_photos((photo_folder,), tmp_path)
    learned, held_out = photos.split(5)
    assert len(learned) == 19
    assert len(held_out) == 5
    assert not set(learned.keys) & set(held_out.keys)
    fewer = photos.select(np.array([i for i in range(24) if photos.keys[i] in held_out.keys or i % 2]))
    assert set(fewer.split(5)[1].keys) == set(held_out.keys)


def test_an_epoch_shows_every_photo_once():
    seen = [index for _, index in data.sample_positions(3, 0, 24, 24)]
    assert sorted(seen) == list(range(24))
    later = data.sample_positions(3, 20, 8, 24)
    assert [e for e, _ in later] == [0] * 4 + [1] * 4
    assert [i for e, i in later if e == 0] == seen[20:]


def test_crops_stay_inside_and_keep_their_size():
    photo = np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)
    for seed in range(20):
        crop = crops.random_crop(photo, 32, crops.Cut(0.5, 1.0, 20.0, 0.2), np.random.default_rng(seed))
        assert crop.shape == (32, 32, 3)
        assert crop.dtype == np.uint8


def test_an_alpha_channel_or_palette_does_not_hinder(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (10, 200, 30, 128)).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    Image.new("P", (40, 40)).save(tmp_path / "b.png")
    assert len(data.open_photos((tmp_path,), tmp_path / "cache")) == 2
