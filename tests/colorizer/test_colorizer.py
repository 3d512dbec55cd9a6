# SPDX-License-Identifier: Apache-2.0
"""One photo through one network: any size, lightness kept, colors independent of how rows are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data as pictures
from skimage.color import rgb2gray, rgb2lab
from torch import nn

import bwcolor
from bwcolor.colorizer import Colorizer
from bwcolor.errors import UsageError, WeightsError
from bwcolor.models.inference import Prediction, Small
from bwcolor.models.loading import load_network
from bwcolor.models.siggraph17 import Siggraph17, overall_hint
from bwcolor.models.table import MODELS
from bwcolor.photo.hints import Hints, Stroke
from bwcolor.photo.photo import Metadata, Photo, Source
from bwcolor.photo.reference import Reference


def gray_photo(height: int, width: int, dtype=np.uint8) -> np.ndarray:
    """Return a ramp with an edge and grain, full range."""
    rng = np.random.default_rng(height * 10007 + width)
    picture = np.linspace(0, 1, width)[None] * np.ones((height, 1))
    picture[: height // 2] = 1 - picture[: height // 2]
    picture = np.clip(picture + rng.normal(0, 0.03, picture.shape), 0, 1)
    return np.round(picture * np.iinfo(dtype).max).astype(dtype)


@pytest.fixture(scope="module")
def null():
    return bwcolor.load("null", device="cpu", precision="fp32")


SIZES = [(64, 64), (1, 1), (1, 300), (300, 1), (7, 2000), (500, 333), (97, 131)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_size_keeps_its_lightness(null, size, dtype):
    gray = gray_photo(*size, dtype)
    color = null.colorize_gray(gray)
    assert color.shape == (*size, 3)
    assert color.dtype == dtype
    top = np.iinfo(dtype).max
    neutral = rgb2lab(np.repeat(gray[..., None] / top, 3, axis=-1))[..., 0]
    one_level = rgb2lab(np.repeat(np.minimum(gray / top + 1 / 255, 1)[..., None], 3, axis=-1))[..., 0] - neutral
    moved = np.abs(rgb2lab(color / top)[..., 0] - neutral)
    assert (moved <= np.maximum(one_level, 0.25) + 1e-2).all()


def test_a_trained_kind_of_network_colors_and_says_how_sure_it_is(random_gan):
    color = bwcolor.load("gan", weights=random_gan, device="cpu", working_size=64)
    (told,) = color.predict([Small(np.full((64, 96), 50, dtype=np.float32))])
    assert told.ab.shape == (16, 24, 2)
    assert told.certainty.shape == (16, 24)
    assert 0 <= told.certainty.min() <= told.certainty.max() <= 1


def test_photos_in_one_batch_get_the_colors_they_get_alone(random_gan):
    color = bwcolor.load("gan", weights=random_gan, device="cpu", precision="fp32")
    smalls = [Small(np.full((64, 96), light, dtype=np.float32)) for light in (20, 50, 90)]
    for together, small in zip(color.predict(smalls), smalls, strict=True):
        (alone,) = color.predict([small])
        np.testing.assert_allclose(together.ab, alone.ab, atol=1e-3)
        np.testing.assert_allclose(together.certainty, alone.certainty, atol=1e-4)


def photo_of(gray: np.ndarray, name: str = "") -> Photo:
    source = Source(Path(), "array", gray.dtype.itemsize * 8, "gray", 0, name)
    return Photo(gray.shape[1], gray.shape[0], lambda y0, y1: gray[y0:y1], Metadata(), source)


def test_samples_differ_by_seed_and_photo_and_repeat(random_gan):
    gray = gray_photo(96, 128)

    def colored(seed, name):
        color = bwcolor.load("gan", weights=random_gan, precision="fp32", working_size=64, sample=seed)
        return color.colorize(photo_of(gray, name)).rows(0, 96).astype(int)

    first = colored(1, "a")
    np.testing.assert_array_equal(first, colored(1, "a"))
    assert np.abs(first - colored(2, "a")).max() > 3
    assert np.abs(first - colored(1, "b")).max() > 3


def test_samples_are_smooth_and_not_confetti(random_gan):
    color = bwcolor.load("gan", weights=random_gan, precision="fp32", working_size=64)
    flat = np.full((256, 384), 60, dtype=np.float32)
    mean, drawn = color.predict([Small(flat), Small(flat, sample=4)])
    moved = drawn.ab - mean.ab
    steps = np.abs(np.diff(moved, axis=1)).mean()
    assert steps < 0.1 * np.abs(moved).mean()


def test_one_batch_holds_means_and_samples(random_gan):
    color = bwcolor.load("gan", weights=random_gan, precision="fp32", working_size=64)
    photo = photo_of(gray_photo(96, 128), "a")
    smalls = [color.prepare(photo, sample=seed) for seed in (None, 1, 2)]
    together = color.predict(smalls)
    for small, prediction in zip(smalls, together, strict=True):
        np.testing.assert_allclose(prediction.ab, color.predict([small])[0].ab, atol=1e-3)
    assert np.abs(together[1].ab - together[2].ab).max() > 0.5


def test_a_network_without_bins_has_no_samples(null):
    with pytest.raises(UsageError, match="one coloring of a photo only"):
        null.predict([Small(np.full((64, 96), 60, dtype=np.float32), sample=1)])
    with pytest.raises(UsageError, match="one coloring of a photo only"):
        bwcolor.load("null", sample=1)


def test_a_hint_is_obeyed_where_it_lies_and_nowhere_else(null):
    gray = np.full((256, 256), 128, np.uint8)
    hints = Hints((Stroke(((0.25, 0.25),), (60.0, 0.0)),))
    plain, hinted = (null.colorize(photo_of(gray), h).rows(0, 256).astype(int) for h in (None, hints))
    assert hinted[64, 64, 0] > plain[64, 64, 0] + 20
    np.testing.assert_array_equal(hinted[200:], plain[200:])


def test_hints_mend_the_colors_of_a_network_that_knows_none(null):
    row = replace(MODELS["null"], takes_hints=False)
    deaf = Colorizer(Recorder(), row, null.settings)
    gray = np.full((256, 256), 60, np.uint8)
    gray[40:120, 40:120] = 180
    color = deaf.colorize(photo_of(gray), Hints((Stroke(((0.3, 0.3),), (50.0, 20.0)),))).rows(0, 256).astype(int)
    assert color[76, 76, 0] > color[76, 76, 2] + 40
    assert np.ptp(color[200, 200]) <= 2


def test_photos_without_hints_do_not_notice_those_with_hints(random_gan):
    """Bit for bit, where the network itself is told hints and both are run together."""
    color = bwcolor.load("gan", weights=random_gan, precision="fp32", working_size=64)
    network = load_network("gan", random_gan).network
    for stage in network.decoder:
        torch.nn.init.normal_(stage.hint.weight, std=0.2)
    hearing = Colorizer(network, replace(color.model, takes_hints=True), color.settings)
    light = np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)
    known = Hints((Stroke(((0.5, 0.5),), (60.0, 0.0)),)).at(64, 96)
    plain, hinted = hearing.predict([Small(light), Small(light, known)])
    np.testing.assert_array_equal(plain.ab, color.predict([Small(light)])[0].ab)
    assert np.abs(plain.ab - hinted.ab).max() > 0.05


@pytest.mark.parametrize("stride", [1, 4])
def test_a_hint_is_exact_and_reaches_as_far_on_any_grid(null, stride):
    """Whatever the network made of it: a field of one color around it, and the next thing as it was."""
    color = Colorizer(nn.Identity(), replace(null.model, ab_stride=stride), replace(null.settings, working_size=256))
    gray = np.full((256, 320), 60, np.uint8)
    gray[60:160, 60:160] = 180
    small = color.prepare(photo_of(gray), Hints((Stroke(((0.35, 0.4),), (30.0, 10.0)),)))
    flat = Prediction(np.zeros((256 // stride, 320 // stride, 2), np.float32), None)
    rgb = color.finish(photo_of(gray), small, flat).rows(0, 256)
    ab = rgb2lab(rgb)[..., 1:]
    np.testing.assert_allclose(ab[102, 112], (30, 10), atol=1.5)
    assert ab[90:115, 100:125, 0].min() > 8
    assert np.abs(ab[200:]).max() < 1


def test_null_colors_shadows_cool_and_lights_warm(null):
    color = null.colorize_gray(np.repeat(np.array([[40], [220]], np.uint8), 60, axis=1).repeat(30, axis=0)).astype(int)
    assert color[5, 5, 2] > color[5, 5, 0]
    assert color[-5, 5, 0] > color[-5, 5, 2]


def test_levels_change_what_the_network_sees_and_never_the_lightness():
    faded = (gray_photo(96, 128) * 0.4 + 120).astype(np.uint8)
    stretched, plain = (bwcolor.load("null", levels=levels).colorize_gray(faded) for levels in ("stretch", "scan"))
    assert (stretched != plain).any()
    np.testing.assert_array_equal(plain, bwcolor.load("null").colorize_gray(faded))
    for picture in (stretched, plain):
        assert np.abs(rgb2lab(picture)[..., 0] - rgb2lab(np.repeat(faded[..., None], 3, -1))[..., 0]).max() < 0.5


def test_strength_zero_is_the_gray_photo():
    gray = gray_photo(50, 60)
    color = bwcolor.load("null", strength=0.0).colorize_gray(gray)
    np.testing.assert_array_equal(color, np.repeat(gray[..., None], 3, axis=-1))


def test_saturation_scales_chroma(null):
    gray = np.full((64, 64), 128, np.uint8)
    chroma = []
    for saturation in (0.5, 1.0):
        lab = rgb2lab(bwcolor.load("null", saturation=saturation).colorize_gray(gray))
        chroma.append(np.hypot(lab[..., 1], lab[..., 2]).mean())
    assert chroma[1] == pytest.approx(2 * chroma[0], rel=0.1)


def test_rows_do_not_depend_on_how_they_are_cut(null):
    gray = gray_photo(201, 150, np.uint16)
    whole = null.colorize_gray(gray)
    color = null.colorize(photo_of(gray))
    parts = [color.rows(y, min(y + 37, 201)) for y in range(0, 201, 37)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


class Recorder(nn.Module):
    """A network that remembers what it was shown."""

    def forward(self, lightness, hints=None):
        self.shown = lightness
        return torch.zeros(1, 2, lightness.shape[2] // 4, lightness.shape[3] // 4)


def test_inputs_are_padded_by_reflection_to_few_sizes(null):
    network = Recorder()
    seen = Colorizer(network, MODELS["null"], null.settings)
    seen.predict([Small(np.arange(40 * 72, dtype=np.float32).reshape(40, 72) / 30)])
    shown = network.shown[0, 0]
    assert shown.shape == (64, 96)
    assert torch.equal(shown[40:64, :72], shown[16:40, :72].flip(0))
    assert torch.equal(shown[:40, 72:96], shown[:40, 48:72].flip(1))


def test_best_quality_of_a_mirror_image_is_the_mirror_image(random_gan):
    best = bwcolor.load("gan", weights=random_gan, device="cpu", precision="fp32", working_size=64, quality="best")
    gray = gray_photo(64, 64)
    straight, mirrored = best.colorize_gray(gray), best.colorize_gray(np.ascontiguousarray(gray[:, ::-1]))
    assert np.abs(straight.astype(int) - mirrored[:, ::-1]).max() <= 1


def test_real_photographs_keep_their_lightness(random_gan):
    gray = np.round(rgb2gray(pictures.astronaut()) * 255).astype(np.uint8)
    color = bwcolor.load("gan", weights=random_gan, device="cpu", working_size=64, saturation=3.0).colorize_gray(gray)
    from bwcolor.color.merge import lightness_error

    assert lightness_error(color, gray).max <= 1.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "gun"}, UsageError, "Did you mean gan"),
        ({"device": "cuda:99"}, UsageError, "no device"),
        ({"device": "tpu"}, UsageError, "is no device"),
        ({"precision": "int8"}, UsageError, "is no precision"),
        ({"precision": "fp16", "device": "cpu"}, UsageError, "CUDA only"),
        ({"saturation": 9.0}, UsageError, "saturation"),
        ({"strength": float("nan")}, UsageError, "strength"),
        ({"working_size": 3}, UsageError, "working size"),
        ({"upsample": "magic"}, UsageError, "edge or bilinear"),
        ({"quality": "ultra"}, UsageError, "auto or fast or best"),
        ({"model": "gan", "weights": "none.safetensors"}, WeightsError, "does not exist"),
    ],
)
def test_wrong_use_is_answered_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as raised:
        bwcolor.load(**({"model": "null"} | arguments))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("array", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8)])
def test_arrays_of_another_kind_are_refused(null, array):
    with pytest.raises(ValueError, match="expected"):
        null.colorize_gray(array)


def test_a_network_that_takes_global_hints_is_told_the_reference():
    """Its colors are its own then, and no statistics are moved."""
    torch.manual_seed(5)
    network = Siggraph17(width=4, global_hints="yes").eval()
    torch.nn.init.normal_(network.global_hints.layers[-1].weight, std=1e6)  # as if it had been trained
    row = MODELS["siggraph17"]
    settings = bwcolor.load("null", device="cpu", precision="fp32").settings
    ab = np.random.default_rng(0).normal(20, 10, (48, 64, 2)).astype(np.float32)
    small = Small(np.full((64, 96), 50, dtype=np.float32))
    plain = Colorizer(network, row, settings).predict([small])[0].ab
    led = Colorizer(network, row, settings, reference=Reference(ab, 0.4, "x"))
    overall = overall_hint(torch.from_numpy(ab).movedim(-1, 0)[None], torch.tensor([0.4]))
    with torch.no_grad():
        expected = network(torch.full((1, 1, 64, 96), 50.0), None, overall)[0].movedim(0, -1)
    np.testing.assert_allclose(led.predict([small])[0].ab, expected, atol=1e-3)
    assert np.abs(led.predict([small])[0].ab - plain).max() > 0.1
    photo = photo_of(gray_photo(64, 96))
    same = Colorizer(network, row, settings).finish(photo, small, Prediction(expected.numpy(), None)).rows(0, 64)
    np.testing.assert_array_equal(led.finish(photo, small, Prediction(expected.numpy(), None)).rows(0, 64), same)


def test_other_networks_colors_are_moved_towards_the_reference(null):
    photo = photo_of(gray_photo(64, 96))
    reference = Reference(np.full((4, 4, 2), (-5.0, -20.0), dtype=np.float32), 0.3, "x")
    led = Colorizer(nn.Identity(), null.model, null.settings, reference=reference)
    small = led.prepare(photo)
    flat = Prediction(
        np.zeros((*(side // null.model.ab_stride for side in small.lightness.shape), 2), np.float32), None
    )
    plain, moved = (color.finish(photo, small, flat).rows(0, 64).astype(float) for color in (null, led))
    assert (moved - plain)[..., 2].mean() > 3
    assert (moved - plain)[..., 0].mean() < 0
