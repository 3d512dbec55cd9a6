# SPDX-License-Identifier: Apache-2.0
"""A network that OpenVINO computes gives what the network gives, at any size, from several threads, or is not used."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import bwcolor
from bwcolor.colorizer import loading
from bwcolor.errors import MissingExtraError, UsageError
from bwcolor.models import devices, openvino_network
from bwcolor.models.network import Classifier, build
from bwcolor.models.openvino_network import CACHE, ConversionError, convert
from bwcolor.models.table import MODELS

CLOSE = 2e-3  # Lab units, and logits: far below a level of 255


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _kept_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BWCOLOR_HOME", str(home))


@pytest.fixture(scope="module")
def pair(home: Path) -> tuple[bwcolor.Colorizer, bwcolor.Colorizer]:
    """Return the default network by torch and by OpenVINO."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BWCOLOR_HOME", str(home))
        return (
            bwcolor.load("gan", device="cpu", precision="fp32"),
            bwcolor.load("gan", device="cpu", backend="openvino"),
        )


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(3)) * 100


def gray(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height)
    ramp = np.linspace(20, 230, height * width).reshape(height, width)
    return (ramp + rng.normal(0, 8, ramp.shape)).clip(0, 255).astype(np.uint8)


def test_pictures_are_the_same_to_one_level(pair: tuple[bwcolor.Colorizer, bwcolor.Colorizer]) -> None:
    by_torch, by_openvino = pair
    assert (by_openvino.settings.backend, by_openvino.settings.precision) == ("openvino", "fp32")
    for size in ((200, 300), (331, 97)):
        picture = gray(*size)
        difference = np.abs(by_torch.colorize_gray(picture).astype(int) - by_openvino.colorize_gray(picture))
        assert np.mean(difference.max(axis=-1) <= 1) >= 0.999
        assert by_torch.colorize_gray(picture).std(axis=-1).max() > 1  # there are colors to compare


def test_outputs_are_equal_with_hints_and_without(pair: tuple[bwcolor.Colorizer, bwcolor.Colorizer]) -> None:
    ours, theirs = (colorizer._runner._network for colorizer in pair)
    assert isinstance(theirs, Classifier)
    lightness, mask = noise(2, 1, 64, 96), (noise(2, 1, 64, 96) > 90).float()
    hints = torch.cat([noise(2, 2, 64, 96) * mask, mask], dim=1)
    for told in (None, hints):
        for temperature in (0.38, 1.0):
            with torch.inference_mode():
                wanted, found = (network.colors(lightness, told, temperature) for network in (ours, theirs))
            for one, other in zip(wanted, found, strict=True):
                torch.testing.assert_close(other, one, atol=CLOSE, rtol=0)
    assert not torch.equal(theirs.colors(lightness, hints)[0], theirs.colors(lightness)[0])


def test_threads_do_not_disturb_each_other(pair: tuple[bwcolor.Colorizer, bwcolor.Colorizer]) -> None:
    pictures = [gray(150 + 16 * number, 200) for number in range(8)]
    alone = [pair[1].colorize_gray(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(pair[1].colorize_gray, pictures * 2))
    assert all(np.array_equal(one, other) for one, other in zip(alone * 2, together, strict=True))


def test_a_conversion_is_kept_and_a_damaged_one_made_anew_or_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openvino

    converted = []
    real = openvino.convert_model
    monkeypatch.setattr(openvino, "convert_model", lambda *given, **named: converted.append(1) or real(*given, **named))
    torch.manual_seed(0)
    network, lightness = build(MODELS["cnn"]).eval(), noise(1, 1, 32, 32)

    def taken() -> torch.Tensor:
        return convert(network, MODELS["cnn"], "5eed", "fp32", 1)(lightness)

    wanted = taken()
    torch.testing.assert_close(taken(), wanted, atol=0, rtol=0)
    assert converted == [1]
    (file,) = (home / CACHE).glob("cnn-*/network.xml")
    file.write_text("<net")
    torch.testing.assert_close(taken(), wanted, atol=0, rtol=0)
    assert converted == [1, 1]
    weights = file.with_name("network.bin")
    content = np.fromfile(weights, np.float32)
    content[len(content) // 3 : len(content) // 2] *= 1.5
    weights.write_bytes(content.tobytes())
    with pytest.raises(ConversionError, match="gives another ab"):
        taken()


def test_a_network_that_is_not_taken_is_computed_by_torch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*given: object) -> None:
        raise ConversionError("OpenVINO does not take null: no such operation")

    monkeypatch.setattr(loading, "convert", refuse)
    monkeypatch.setattr(devices, "is_installed", lambda: True)
    with caplog.at_level(logging.WARNING):
        colorizer = bwcolor.load("null", device="cpu", backend="auto")
    assert colorizer.settings == bwcolor.load("null", device="cpu").settings
    assert caplog.messages == ["OpenVINO does not take null: no such operation; torch computes it."]


def test_networks_without_bins_are_taken_too() -> None:
    torch.manual_seed(0)
    network = build(MODELS["cnn"]).eval()
    taken = convert(network, MODELS["cnn"], "", "fp32", 1)
    assert not isinstance(taken, Classifier)
    with torch.inference_mode():
        torch.testing.assert_close(taken(noise(1, 1, 32, 64)), network(noise(1, 1, 32, 64)), atol=CLOSE, rtol=0)


def test_what_is_installed_decides_what_auto_means(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(devices, "is_installed", lambda: True)
    assert devices.resolve_backend("auto", cpu) == "openvino"
    assert devices.resolve_backend("auto", cuda) == "torch"
    assert devices.resolve_backend("auto", cpu, free=False) == "torch"
    monkeypatch.setattr(devices, "is_installed", lambda: False)
    assert devices.resolve_backend("auto", cpu) == "torch"
    for name, place, free in (("tensorrt", cpu, True), ("openvino", cuda, True), ("openvino", cpu, False)):
        with pytest.raises(UsageError):
            devices.resolve_backend(name, place, free=free)


def test_a_missing_package_is_an_error_that_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_network, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"bwcolor\[openvino\]"):
        bwcolor.load("null", device="cpu", backend="openvino")
