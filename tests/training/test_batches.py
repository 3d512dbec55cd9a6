# SPDX-License-Identifier: Apache-2.0
"""What the network is shown."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from bwcolor.color import spaces
from bwcolor.training.augment import FilmOptions, film_lightness, with_border
from bwcolor.training.batches import batches, make_batch, true_ab
from bwcolor.training.configuration import recipe
from bwcolor.training.data import open_photos
from bwcolor.training.hints import simulate_hints

CLEAN = FilmOptions(*[0] * len(fields(FilmOptions)))


@pytest.fixture(scope="module")
def photos(photo_folder, tmp_path_factory):
    return open_photos((photo_folder,), tmp_path_factory.mktemp("cache"))


@pytest.fixture
def options():
    return recipe("gan", steps=10, batch=4, crops=((0.0, 64), (0.5, 96)), hint_share=0.5)


def test_a_batch_depends_on_its_place_alone(photos, options):
    first, again = (make_batch(photos, options, 3, 12) for _ in range(2))
    other = make_batch(photos, options, 3, 16)
    assert torch.equal(first.lightness, again.lightness)
    assert torch.equal(first.ab, again.ab)
    assert not torch.equal(first.ab, other.ab)


def test_the_thread_makes_the_same_batches_and_ends(photos, options):
    import threading

    before = threading.active_count()
    seen = 0
    for step, batch in enumerate(batches(photos, options, 0, 0)):
        assert torch.equal(batch.ab, make_batch(photos, options, step, seen).ab)
        seen += len(batch.ab)
    assert step == 9
    assert threading.active_count() == before


def test_an_error_in_the_thread_reaches_the_loop(photos, options, monkeypatch):
    def fail(*args):
        raise OSError("disk gone")

    monkeypatch.setattr("bwcolor.training.batches.make_batch", fail)
    with pytest.raises(OSError, match="disk gone"):
        next(iter(batches(photos, options, 0, 0)))


def test_larger_crops_get_smaller_batches(photos, options):
    assert make_batch(photos, options, 0, 0).ab.shape == (4, 2, 64, 64)
    assert make_batch(photos, options, 5, 0).ab.shape == (2, 2, 96, 96)


def test_colors_and_clean_lightness_are_those_of_scikit_image(photos):
    photo = photos[3]
    lab = rgb2lab(photo)
    np.testing.assert_allclose(true_ab(photo), lab[..., 1:].transpose(2, 0, 1), atol=1e-2)
    linear = np.asarray(spaces.linear_from_srgb(photo / 255.0), dtype=np.float32)
    lightness = film_lightness(linear, CLEAN, np.random.default_rng(0))
    np.testing.assert_allclose(lightness, lab[..., 0], atol=1e-2)


def test_old_emulsions_saw_red_as_dark():
    red = np.zeros((8, 8, 3), dtype=np.float32)
    red[..., 0] = 1.0
    plain = film_lightness(red, CLEAN, np.random.default_rng(0)).mean()
    ortho = film_lightness(red, replace(CLEAN, orthochromatic=1.0), np.random.default_rng(0)).mean()
    assert ortho < plain - 10


@pytest.mark.parametrize(
    "effect", ["tone", "fading", "blur", "grain", "panchromatic", "blue_sensitive", "stains", "scratches"]
)
def test_every_effect_changes_lightness_and_stays_in_range(photos, effect):
    linear = np.asarray(spaces.linear_from_srgb(photos[1] / 255.0), dtype=np.float32)
    clean = film_lightness(linear, CLEAN, np.random.default_rng(0))
    aged = film_lightness(linear, replace(CLEAN, **{effect: 1.0}), np.random.default_rng(5))
    assert aged.shape == clean.shape
    assert aged.min() >= -1e-3
    assert aged.max() <= 100 + 1e-3
    assert np.abs(aged - clean).max() > 0.5


def test_a_border_is_neutral_and_the_rest_is_as_it_was(photos):
    linear = np.asarray(spaces.linear_from_srgb(photos[1] / 255.0), dtype=np.float32)
    assert with_border(linear, CLEAN, np.random.default_rng(0)) is linear
    framed = [with_border(linear, replace(CLEAN, border=1.0), np.random.default_rng(seed)) for seed in range(20)]
    shares = []
    for each in framed:
        over = (each != linear).any(axis=2)
        shares.append(over.mean())
        np.testing.assert_array_equal(each[over].min(axis=1), each[over].max(axis=1))
        assert not over[30:40, 40:50].any()
    assert max(shares) > 0.1
    assert len(set(shares)) > 10


def test_hints_show_true_colors_where_the_mask_is_set():
    ab = np.random.default_rng(0).uniform(-50, 50, (2, 64, 64)).astype(np.float32)
    ab[:] = ab.mean(axis=(1, 2), keepdims=True)
    counts = []
    for seed in range(40):
        hints = simulate_hints(ab, np.random.default_rng(seed))
        shown = hints[2] > 0
        counts.append(shown.any())
        np.testing.assert_allclose(hints[:2][:, shown], ab[:, shown], atol=1e-3)
        assert not hints[:2][:, ~shown].any()
    assert 0 < sum(counts) < 40 or all(counts)


def test_any_number_of_workers_makes_the_same_batches(photos, options):
    one, four = (list(batches(photos, replace(options, workers=n), 0, 0)) for n in (1, 4))
    assert len(one) == len(four) == 10
    for a, b in zip(one, four, strict=True):
        assert torch.equal(a.lightness, b.lightness)
        assert torch.equal(a.ab, b.ab)


def test_a_resumed_run_sees_what_an_uninterrupted_one_sees(photos, options):
    whole = list(batches(photos, options, 0, 0))
    seen = sum(len(batch) for batch in whole[:4])
    for a, b in zip(whole[4:], batches(photos, options, 4, seen), strict=True):
        assert torch.equal(a.lightness, b.lightness)


def test_two_processes_see_together_what_one_sees_with_twice_the_batch(photos, options):
    options = replace(options, crops=((0.0, 64),), hint_share=0.9)
    whole = make_batch(photos, replace(options, batch=8), 2, 16)
    shares = [make_batch(photos, options, 2, 16, rank, 2) for rank in (0, 1)]
    assert torch.equal(torch.cat([share.lightness for share in shares]), whole.lightness)
    assert torch.equal(torch.cat([share.hints for share in shares]), whole.hints)


def test_either_all_processes_show_hints_or_none(photos, options):
    options = replace(options, crops=((0.0, 64),), batch=1, hint_share=0.2)
    for seen in range(0, 24, 2):
        shares = [make_batch(photos, options, 0, seen, rank, 2) for rank in (0, 1)]
        assert (shares[0].hints is None) == (shares[1].hints is None)


def test_parts_hold_the_whole_batch(photos, options):
    batch = make_batch(photos, options, 0, 0)
    for parts in (1, 2, 3, 9):
        assert torch.equal(torch.cat([part.ab for part in batch.split(parts)]), batch.ab)


def test_turned_and_sheared_crops_stay_inside(photos, options):
    tilted = make_batch(photos, replace(options, turn=20.0, shear=0.2), 0, 0)
    straight = make_batch(photos, options, 0, 0)
    assert tilted.ab.shape == straight.ab.shape
    assert not torch.equal(tilted.ab, straight.ab)


def test_now_and_then_all_of_the_truth_is_shown():
    ab = np.random.default_rng(0).uniform(-50, 50, (2, 16, 16)).astype(np.float32)
    hints = simulate_hints(ab, np.random.default_rng(0), reveal_share=1.0)
    np.testing.assert_array_equal(hints[:2], ab)
    assert hints[2].all()
