# SPDX-License-Identifier: Apache-2.0
"""Weights files are read strictly and written atomically."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from bwcolor.errors import OutputError, WeightsError
from bwcolor.models import weights
from bwcolor.models.trunk import Classify, Gan


@pytest.fixture(scope="module")
def gan_file(tmp_path_factory):
    torch.manual_seed(1)
    network = Gan()
    path = tmp_path_factory.mktemp("weights") / "gan.safetensors"
    weights.write_state(network.state_dict(), path, {"model": "gan"})
    return path, network


def test_round_trip_in_half_precision(gan_file):
    path, network = gan_file
    read, metadata = weights.read_state(path)
    assert metadata == {"model": "gan"}
    for name, value in network.state_dict().items():
        torch.testing.assert_close(read[name], value.half().float() if value.is_floating_point() else value)


def test_a_gan_file_fills_the_classifier_too(gan_file):
    path, network = gan_file
    classify = Classify()
    weights.fill(classify, path)
    torch.testing.assert_close(classify.bins_head.weight, network.bins_head.weight.half().float())


def test_a_missing_tensor_is_named(gan_file, tmp_path):
    state, _ = weights.read_state(gan_file[0])
    del state["bins_head.bias"]
    weights.write_state(state, tmp_path / "holed.safetensors", {})
    with pytest.raises(WeightsError, match=r"missing bins_head\.bias"):
        weights.fill(Gan(), tmp_path / "holed.safetensors")


def test_a_wrong_shape_is_named(gan_file, tmp_path):
    state, _ = weights.read_state(gan_file[0])
    state["ab_head.bias"] = torch.zeros(3)
    weights.write_state(state, tmp_path / "odd.safetensors", {})
    with pytest.raises(WeightsError, match=r"another shape ab_head\.bias"):
        weights.fill(Gan(), tmp_path / "odd.safetensors")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        weights.read_state(path)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        weights.read_state(tmp_path / "none.safetensors")


def test_values_that_half_precision_cannot_hold_are_stored_whole(tmp_path):
    """A running variance above 65,504 once lost a whole training at its last step."""
    path = tmp_path / "w.safetensors"
    weights.write_state({"variance": torch.tensor([1e9, 1.0]), "weight": torch.tensor([0.5])}, path, {})
    stored = load_file(path)
    assert stored["variance"].tolist() == [1e9, 1.0]
    assert stored["weight"].dtype == torch.float16
    assert weights.read_state(path)[0]["variance"].tolist() == [1e9, 1.0]


def test_coarse_weights_are_off_by_half_a_step_of_their_own_output_at_most(tmp_path):
    torch.manual_seed(0)
    weight = torch.randn(8, 5, 3, 3) * torch.logspace(-3, 1, 8)[:, None, None, None]
    weight[3] = 0
    path = tmp_path / "w.safetensors"
    weights.write_state({"w": weight, "bias": weight[:, 0, 0, 0]}, path, {}, coarse=["w"])
    assert {name: value.dtype for name, value in load_file(path).items()} == {
        "w": torch.int8,
        "w.scale": torch.float32,
        "bias": torch.float16,
    }
    read, _ = weights.read_state(path)
    step = weight.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
    assert ((read["w"] - weight).abs() <= step * 0.501).all()
    assert list(read) == ["bias", "w"]


@pytest.mark.parametrize("step", [None, torch.ones(3, 1), torch.ones(2, 1).to(torch.int32)])
def test_integers_without_their_steps_are_refused(tmp_path, step):
    state = {"w": torch.ones(2, 4, dtype=torch.int8)} | ({} if step is None else {"w.scale": step})
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="nobody knows what the integers of w are"):
        weights.read_state(tmp_path / "w.safetensors")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_refused(tmp_path, value):
    with pytest.raises(WeightsError, match="not finite"):
        weights.write_state({"w": torch.tensor([value])}, tmp_path / "w.safetensors", {})
    assert not list(tmp_path.iterdir())


def test_an_unwritable_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError):
        weights.write_state({"w": torch.zeros(1)}, tmp_path / "none" / "w.safetensors", {})
