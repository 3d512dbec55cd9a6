# SPDX-License-Identifier: Apache-2.0
"""Systems measured on photos: rows, pairs, failures, order."""

import numpy as np
import pytest
from PIL import Image
from skimage import color, metrics

from bwcolor.errors import NothingToDoError, PhotoError, UsageError
from bwcolor.evaluation.photographs import data_or_default, read_truth
from bwcolor.evaluation.scoring import mean_ab, score
from bwcolor.evaluation.systems import Folder, Gray, Tint
from bwcolor.metrics.pair import Picture
from bwcolor.metrics.table import METRICS, find_metrics
from bwcolor.photo.folders import find_photographs


def test_photographs_are_found_with_names_below_their_folder(folder):
    (folder / "notes.txt").write_text("no picture")
    assert list(find_photographs([folder])) == ["0.png", "2.png", "4.png", "sub/1.png", "sub/3.png"]
    assert list(find_photographs([folder / "0.png"])) == ["0.png"]


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        Image.new("RGB", (4, 4)).save(tmp_path / f"frame-{number}.png")
    assert list(find_photographs([tmp_path])) == ["frame-1.png", "frame-9.png", "frame-10.png"]


def test_two_folders_may_hold_the_same_names(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (4, 4)).save(other / "0.png")
    assert len(find_photographs([folder, other])) == 6


def test_without_photographs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NothingToDoError, match="does not exist"):
        find_photographs([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToDoError, match="No photographs"):
        find_photographs([tmp_path / "empty"])
    with pytest.raises(NothingToDoError, match=r"bwcolor\.toml.*\./photos"):
        data_or_default([])
    (tmp_path / "photos").mkdir()
    assert [str(place) for place in data_or_default([])] == ["photos"]


def test_the_gray_version_has_the_truths_lightness_at_16_bits(folder):
    truth = Picture(read_truth(folder / "0.png"))
    gray = Gray().predict("0.png", truth)
    assert gray.dtype == np.uint16
    np.testing.assert_allclose(color.rgb2lab(gray / 65535)[..., 0], color.rgb2lab(truth.codes)[..., 0], atol=3e-3)


def test_the_tint_is_the_photos_own_mean(folder):
    photos = find_photographs([folder])
    a, b = mean_ab(photos)
    labs = np.concatenate([color.rgb2lab(read_truth(path)).reshape(-1, 3) for path in photos.values()])
    assert (a, b) == pytest.approx(tuple(labs[:, 1:].mean(axis=0)), abs=2e-3)
    truth = Picture(np.full((8, 8, 3), 120, np.uint8))
    lab = color.rgb2lab(Tint((5.0, 9.0)).predict("", truth) / 65535)
    np.testing.assert_allclose(lab[0, 0], (Picture(truth.rgb).lab[0, 0, 0], 5.0, 9.0), atol=0.05)


def test_rows_hold_what_outside_implementations_say(folder, shifted):
    photos = find_photographs([folder])
    scores = score(photos, [Gray(), shifted("off", 7)], find_metrics("psnr,ssim")[0])
    expected = []
    for path in photos.values():
        truth = np.asarray(Image.open(path))
        expected.append(metrics.peak_signal_noise_ratio(truth, np.clip(truth.astype(int) + 7, 0, 255).astype(np.uint8)))
    np.testing.assert_allclose(scores.per_photo("off", METRICS["psnr"]), expected)
    assert scores.estimate("off", METRICS["psnr"]).value == pytest.approx(np.mean(expected))
    assert scores.shapes[0] == (64, 80)
    difference = scores.difference("off", "gray", METRICS["psnr"])
    gray = scores.estimate("gray", METRICS["psnr"]).value
    assert difference.value == pytest.approx(np.mean(expected) - gray)


def test_worst_comes_first(folder, shifted):
    scores = score(find_photographs([folder]), [shifted("off", 60)], find_metrics("psnr,sat-diff,chroma-ratio")[0])
    for metric in scores.metrics:
        values = metric.badness(scores.per_photo("off", metric)[scores.worst("off", metric, 5)])
        assert (np.diff(values) <= 0).all()
    assert len(scores.worst("off", METRICS["psnr"], 2)) == 2


def test_a_photo_that_fails_is_named_and_left_out_for_all(folder, shifted):
    (folder / "broken.png").write_bytes((folder / "0.png").read_bytes()[:100])
    scores = score(find_photographs([folder]), [Gray(), shifted("off", 3)], find_metrics("psnr")[0])
    assert [name for name, _ in scores.failed] == ["broken.png"]
    assert scores.rows["gray", "psnr"].shape == scores.rows["off", "psnr"].shape == (5, 3)


def test_a_folder_of_predictions_is_paired_by_name(folder, tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "sub").mkdir(parents=True)
    for name, path in find_photographs([folder]).items():
        target = (theirs / name).with_suffix(".tif")
        Image.fromarray(np.clip(np.asarray(Image.open(path)).astype(int) + 9, 0, 255).astype(np.uint8)).save(target)
    scores = score(find_photographs([folder]), [Folder(theirs)], find_metrics("mae")[0])
    assert 7 < scores.estimate("theirs", METRICS["mae"]).value <= 9
    (theirs / "0.tif").unlink()
    Image.new("RGB", (5, 6)).save(theirs / "2.tif")
    scores = score(find_photographs([folder]), [Folder(theirs)], find_metrics("mae")[0])
    assert dict(scores.failed)["0.png"] == f"{theirs} holds no prediction for it."
    assert "5 x 6" in dict(scores.failed)["2.png"]
    assert "80 x 64" in dict(scores.failed)["2.png"]
    assert len(scores.photos) == 3


def test_when_nothing_can_be_measured_the_first_reason_is_told(folder, tmp_path):
    empty = tmp_path / "theirs"
    empty.mkdir()
    Image.new("RGB", (5, 6)).save(empty / "unrelated.png")
    with pytest.raises(NothingToDoError, match="holds no prediction"):
        score(find_photographs([folder]), [Folder(empty)], find_metrics("mae")[0])


def test_fid_is_refused_for_few_photos_and_kid_is_named(folder):
    with pytest.raises(UsageError, match=r"below 2000 photos, and these are 5.*kid"):
        score(find_photographs([folder]), [Gray()], find_metrics("fid")[0])


def test_two_systems_of_one_name_are_refused(folder, shifted):
    with pytest.raises(UsageError, match="same name"):
        score(find_photographs([folder]), [shifted("a", 1), shifted("a", 2)], find_metrics("mae")[0])


def test_flicker_follows_the_order_of_the_frames(tmp_path, shifted):
    still = np.full((40, 40, 3), (90, 120, 150), np.uint8)
    for index in range(4):
        Image.fromarray(still).save(tmp_path / f"{index}.png")

    class Flickering(shifted):
        def predict(self, name, truth):
            wrong = truth.codes.copy()
            wrong[..., 0] += 20 * (int(name[0]) % 2)
            return wrong

    scores = score(find_photographs([tmp_path]), [shifted("still", 5), Flickering("flickering", 0)],
                   find_metrics("flicker")[0])  # fmt: skip
    assert np.isnan(scores.per_photo("still", METRICS["flicker"])[0])
    assert scores.estimate("still", METRICS["flicker"]).value == pytest.approx(0, abs=1e-6)
    assert scores.estimate("flickering", METRICS["flicker"]).value > 5


def test_predictions_are_rounded_to_the_truths_depth(tmp_path):
    import imagecodecs

    fine = (np.random.default_rng(0).integers(0, 65536, (20, 20, 3))).astype(np.uint16)
    (tmp_path / "fine.png").write_bytes(imagecodecs.png_encode(fine))
    Image.fromarray((fine >> 8).astype(np.uint8)).save(tmp_path / "coarse.png")
    scores = score(find_photographs([tmp_path]), [Gray()], find_metrics("l-error")[0])
    coarse, fine_error = scores.per_photo("gray", METRICS["l-error"])
    assert fine_error < 0.002 < 0.1 < coarse


def test_an_unreadable_prediction_is_a_failure(folder, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "0.png").write_bytes(b"nonsense")
    with pytest.raises(PhotoError):
        Folder(theirs).predict("0.png", Picture(read_truth(folder / "0.png")))
