# SPDX-License-Identifier: Apache-2.0
"""From a name to a network with its weights, wherever these lie."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

import bwcolor
from bwcolor.color import spaces
from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import cache, download, loading, weights
from bwcolor.models.network import build
from bwcolor.models.table import MODELS, find_model

FORMS = [("vgg-regression", {"backbone": "alexnet"}), ("vgg-classification", {"backbone": "efficientnet-lite2"})]
FORMS += [("gan-cifar", {"width": "narrow"}), ("cnn", {"form": "small"}), ("cnn", {}), ("cnn-16", {}), ("yuv-bins", {})]


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def historic(request):
    """Return a historic photograph as gray codes; where there is none, a modern one."""
    try:
        folder = request.getfixturevalue("photos") / "historic"
        photo = Image.open(sorted(folder.glob("1909*"))[0]).convert("L")
    except (pytest.skip.Exception, IndexError):
        photo = Image.fromarray(data.camera())
    return np.asarray(photo)


def written(name, options, path):
    """Write a network with random weights and return it as it is read back."""
    torch.manual_seed(3)
    network = build(MODELS[name], options).eval()
    weights.write_state(network.state_dict(), path, {"model": name, "options": options})
    weights.fill(network, path)
    return network


@pytest.mark.parametrize(("name", "options"), FORMS, ids=str)
def test_export_and_colorize(name, options, tmp_path, historic):
    path = tmp_path / "own.safetensors"
    network = written(name, options, path)
    color = bwcolor.load(name, weights=path, device="cpu", precision="fp32", working_size=64)
    assert color.weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    lightness = torch.rand(1, 1, 64, 64) * 100
    loaded = loading.load_network(name, path).network.eval()
    with torch.no_grad():
        torch.testing.assert_close(loaded(lightness), network(lightness))
    picture = color.colorize_gray(historic)
    assert picture.shape == (*historic.shape, 3)
    assert picture.dtype == np.uint8
    # it has colors, and the scan's lightness
    assert (np.ptp(picture.astype(int), axis=2) > 0).mean() > 0.5
    planes = [spaces.linear_from_srgb(picture[..., i] / 255) for i in range(3)]
    found = spaces.lightness_from_luminance(spaces.luminance_from_linear(*planes))
    assert np.abs(found - spaces.lightness_from_gray(historic / 255)).max() < 1.0


def test_the_file_says_in_which_form_the_network_is(tmp_path):
    path = tmp_path / "own.safetensors"
    written("gan-cifar", {"width": "narrow"}, path)
    count = sum(p.numel() for p in loading.load_network("gan-cifar", path).network.parameters())
    assert count < 1_000_000
    assert path.stat().st_size < 2_000_000


def test_kept_weights_are_found(home):
    path = weights.kept_path(MODELS["cnn"])
    path.parent.mkdir(parents=True)
    written("cnn", {}, path)
    loaded = loading.load_network("cnn")
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_cannot_be_had_says_what_to_do():
    with pytest.raises(WeightsError, match=r"No weights of 'cnn-16' are installed.*bwcolor train --model cnn-16"):
        loading.load_network("cnn-16")


def test_a_mixture_is_loaded_with_its_parts_weights(home):
    for name in ("cnn", "cnn-16"):
        path = weights.kept_path(MODELS[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        written(name, {}, path)
    color = bwcolor.load("cnn+cnn-16", device="cpu", precision="fp32", working_size=64)
    gray = np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8)
    assert np.ptp(color.colorize_gray(gray).astype(int), axis=2).max() > 0
    parts = [loading.load_network(name).sha256 for name in ("cnn", "cnn-16")]
    assert color.weights_sha256 == hashlib.sha256("".join(parts).encode()).hexdigest()
    assert weights.known_sha256(find_model("cnn+cnn-16")) == color.weights_sha256


def test_what_identifies_weights_is_known_without_loading_them():
    assert weights.known_sha256(MODELS["null"]) == ""
    assert weights.known_sha256(MODELS["cnn"]) is None
    assert weights.known_sha256(find_model("null+cnn")) is None
    path = weights.kept_path(MODELS["cnn"])
    path.parent.mkdir(parents=True)
    written("cnn", {}, path)
    assert weights.known_sha256(MODELS["cnn"]) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_mixture_takes_no_single_file(tmp_path):
    with pytest.raises(UsageError, match="own weights"):
        loading.load_network("cnn+cnn-16", tmp_path / "one.safetensors")


def test_a_null_network_needs_nothing():
    assert loading.load_network("null").sha256 == ""


def test_published_weights_go_the_whole_way(tmp_path, monkeypatch, home, historic):
    row = MODELS["eccv16"]
    torch.manual_seed(5)
    network = build(row).eval()
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    torch.save(network.state_dict(), mirror / row.origin.name)
    digest = hashlib.sha256((mirror / row.origin.name).read_bytes()).hexdigest()
    monkeypatch.setenv(download.MIRROR_VARIABLE, str(mirror))
    monkeypatch.setattr(download, "matches", lambda file, sha256: sha256 == digest)
    loaded = loading.load_network("eccv16")
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], value)  # no rounding on the way
    kept = weights.kept_path(row)
    left = {path.name for path in kept.parent.iterdir() if not path.name.startswith(".")}
    assert left == {kept.name, f"{kept.name}.sha256"}
    assert weights.read_about(kept)["source_sha256"] == digest
    # the second time nothing is fetched
    shutil.rmtree(mirror)
    monkeypatch.setenv(download.OFFLINE_VARIABLE, "1")
    color = bwcolor.load("eccv16", device="cpu", precision="fp32", working_size=64)
    assert color.weights_sha256 == loaded.sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert np.ptp(color.colorize_gray(historic).astype(int), axis=2).max() > 0


@pytest.mark.parametrize("spoil", ["missing", "surplus"])
def test_a_published_file_with_other_tensors_is_refused_by_name(tmp_path, monkeypatch, home, spoil):
    row = MODELS["eccv16"]
    state = build(row).state_dict()
    if spoil == "missing":
        del state["model3.4.bias"]
        message = r"missing model3\.4\.bias"
    else:
        state["model9.0.weight"] = torch.zeros(1)
        message = r"unknown model9\.0\.weight"
    torch.save(state, tmp_path / row.origin.name)
    monkeypatch.setenv(download.MIRROR_VARIABLE, str(tmp_path))
    monkeypatch.setattr(download, "matches", lambda file, sha256: True)
    with pytest.raises(WeightsError, match=message):
        loading.load_network("eccv16")
    assert not weights.kept_path(row).exists()


def test_the_address_is_said_where_there_is_no_network(monkeypatch):
    monkeypatch.setenv(download.OFFLINE_VARIABLE, "1")
    with pytest.raises(WeightsError, match=r"https://colorizers\.s3.*colorization_release_v2-9b330a0b\.pth"):
        loading.load_network("eccv16")


def test_shipped_weights_that_were_changed_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "cnn.safetensors"
    written("cnn", {}, path)
    monkeypatch.setattr(weights, "local_path", lambda row: Path(path))
    with pytest.raises(WeightsError, match="not the file that was shipped"):
        loading.load_network("cnn")
