# SPDX-License-Identifier: Apache-2.0
"""Networks run in their authors' own pipelines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bwcolor
from bwcolor.errors import PhotoTooLargeError, UnsupportedPhotoError, UsageError
from bwcolor.models import weights
from bwcolor.models.eccv16 import Eccv16
from bwcolor.models.pipelines import Zhang
from bwcolor.photo.hints import Hints
from bwcolor.photo.photo import Metadata, Photo, Source


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    """Return eccv16 with random weights, as published."""
    torch.manual_seed(0)
    network = Eccv16().eval()
    path = tmp_path_factory.mktemp("weights") / "eccv16.safetensors"
    weights.write_state(network.state_dict(), path, {"model": "eccv16"}, half=False)
    return network, bwcolor.load("eccv16", weights=path, device="cpu", as_published=True, working_size=64)


def test_the_picture_is_the_pipelines(color):
    network, colorizer = color
    gray = np.random.default_rng(0).integers(0, 256, (50, 70), dtype=np.uint8)
    picture = colorizer.colorize_gray(gray)
    rgb = np.repeat(gray[..., None], 3, axis=-1)
    pipeline = Zhang(64)
    with torch.no_grad():
        ab = network.published(torch.from_numpy(pipeline.prepare(rgb))[None])[0].numpy()
    assert np.abs(picture.astype(int) - pipeline.merge(rgb, ab)).max() <= 1
    assert np.ptp(picture.astype(int), axis=2).max() > 0


def test_settings_say_so(color):
    settings = color[1].settings
    assert (settings.as_published, settings.working_size, settings.precision) == (True, 64, "fp32")


def test_what_the_pipelines_cannot_do_is_refused(color):
    _, colorizer = color
    with pytest.raises(UnsupportedPhotoError, match="8 bits only"):
        colorizer.colorize_gray(np.zeros((8, 8), dtype=np.uint16))
    source = Source(Path(), "array", 8, "gray", 0, "")
    photo = Photo(8, 8, lambda y0, y1: np.zeros((y1 - y0, 8), dtype=np.uint8), Metadata(), source)
    with pytest.raises(PhotoTooLargeError):
        colorizer.prepare(replace(photo, width=20_000, height=20_000))
    with pytest.raises(UsageError, match="no color hints"):
        colorizer.prepare(photo, object.__new__(Hints))


@pytest.mark.parametrize(
    "changes",
    [
        {"saturation": 0.5},
        {"strength": 0.5},
        {"temperature": 0.5},
        {"upsample": "bilinear"},
        {"quality": "best"},
        {"sample": 1},
        {"precision": "bf16"},
        {"weights": "x.onnx", "device": "cpu"},
        {"model": "gan"},
        {"working_size": 100},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_settings_of_our_own_are_refused(changes):
    with pytest.raises(UsageError):
        bwcolor.load(**{"model": "eccv16", "as_published": True} | changes)
